import CPostgreSQL
import Glibc

/// The one owner of a `PGconn`. It sends and waits with a deadline; what is sent and what the answers mean is the
/// session's business. Every error that it throws has ended it: the socket is closed and stays closed.
final class Connection {
    /// nil once it has ended. libpq takes a null connection for a lost one, so it may be passed on as it is.
    private(set) var handle: OpaquePointer?

    /// The process at the other end, also after the end.
    let backendPID: Int32

    /// The server's last word, when it closed the connection while we were not asking.
    private var farewell: PostgresError?
    private var hasUnsent = false

    /// Connects. `PQconnectdbParams` keeps `connect_timeout` itself, for each address of each host in turn, which
    /// `PQconnectPoll` leaves to its caller and then cannot go on to the next host (manual, 34.1).
    init(_ parameters: ConnectionParameters) throws(PostgresError) {
        let connection = parameters.withCStrings { PQconnectdbParams($0, $1, 0) }
        guard PQstatus(connection) == CONNECTION_OK else {
            let message = PostgresError.sentence(PQerrorMessage(connection))
            PQfinish(connection)
            throw PostgresError(.away, message)
        }
        handle = connection
        backendPID = PQbackendPID(connection)
        let owner = Unmanaged.passUnretained(self).toOpaque()
        PQsetNoticeReceiver(connection, receiveNotice, owner)
        guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
            throw lost()
        }
    }

    deinit {
        PQfinish(handle)
    }

    /// Where the session stands with regard to transactions, as of the last answer.
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(handle) }

    /// Ends the connection; with a goodbye if the socket still takes one.
    func finish() {
        PQfinish(handle)
        handle = nil
    }

    /// Ends the connection in such a way that the server hears no goodbye, only the end of the stream.
    func shut() {
        if PQsocket(handle) >= 0 { shutdown(PQsocket(handle), Int32(SHUT_RDWR)) }
        finish()
    }

    /// Ends the connection and says why: the server's farewell if there was one, libpq's message otherwise.
    func lost(_ message: String? = nil) -> PostgresError {
        let libpq = PostgresError.sentence(PQerrorMessage(handle))
        shut()
        return farewell ?? PostgresError(.away, message ?? libpq)
    }

    /// Looks whether the server has closed the connection meanwhile, before anything is sent that might be in doubt.
    func checkAlive() throws(PostgresError) {
        guard handle != nil else { throw farewell ?? PostgresError(.away, "the session is closed") }
        // PQisBusy parses what has come: a farewell ends up in the notice receiver.
        guard PQconsumeInput(handle) == 1, PQisBusy(handle) == 0, farewell == nil else { throw lost() }
    }

    /// Hands to the socket what it takes at once. libpq holds the rest.
    func flush() throws(PostgresError) {
        let outcome = PQflush(handle)
        if outcome < 0 { throw lost() }
        hasUnsent = outcome == 1
    }

    /// The next result, nil at the end of a command's results. Goes on writing while it waits: a server whose own
    /// answers are stuck reads nothing more from us (manual, 34.5.1.1, and `PQflush`).
    func nextResult(_ deadline: Deadline) throws(PostgresError) -> Rows? {
        while PQisBusy(handle) == 1 {
            try waitForTraffic(deadline)
        }
        return PQgetResult(handle).map { Rows($0) }
    }

    private func waitForTraffic(_ deadline: Deadline) throws(PostgresError) {
        let wanted = hasUnsent ? Int16(POLLIN | POLLOUT) : Int16(POLLIN)
        var entry = pollfd(fd: PQsocket(handle), events: wanted, revents: 0)
        switch poll(&entry, 1, deadline.remainingMilliseconds) {
        case 0:
            throw lost("no answer from PostgreSQL within \(deadline.seconds) s")
        case let count where count < 0 && errno != EINTR:
            throw lost("poll failed with errno \(errno)")
        default:
            break
        }
        if entry.revents & ~Int16(POLLOUT) != 0, PQconsumeInput(handle) == 0 {
            // What came before the end still counts: it may be the answer to a COMMIT.
            if PQisBusy(handle) == 0 { return }
            throw lost()
        }
        if hasUnsent { try flush() }
    }

    fileprivate func noteFarewell(_ error: PostgresError) {
        farewell = error
    }
}

/// Drops notices. Only a FATAL is kept: it is the reason why an idle session was closed.
/// (A notice during log-in, before this is set, goes to standard error; libpq leaves no way to prevent it.)
private func receiveNotice(_ owner: UnsafeMutableRawPointer?, _ notice: OpaquePointer?) {
    guard let owner, let notice, PostgresError.endsSession(notice) else { return }
    Unmanaged<Connection>.fromOpaque(owner).takeUnretainedValue().noteFarewell(PostgresError(notice))
}
