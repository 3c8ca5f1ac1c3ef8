import CPostgreSQL
import Glibc

/// One connection to PostgreSQL, in pipeline mode (manual, 34.5), with blocking calls that all end by a deadline.
///
/// It belongs to the thread that made it; a debug build stops when another one uses it. After an error the session can
/// be used again unless `isBroken`: then nothing helps but a new one.
public final class Session {
    /// What the session was made with.
    public let settings: SessionSettings

    let connection: Connection
    let buffer = BindBuffer()
    var prepared = PreparedStatements()
    var cursorCount = 0
    private let owner = pthread_self()

    /// Connects, logs in and sets the time-outs. Throws `away` when no address answers in time or the server refuses,
    /// `other` when the URL cannot be read. Looking up a host's name may take as long as the resolver likes.
    public init(_ settings: SessionSettings) throws(PostgresError) {
        self.settings = settings
        connection = try Connection(ConnectionParameters(settings))
    }

    deinit {
        connection.finish()
    }

    /// The process id of the server's side, for `pg_stat_activity` and `pg_terminate_backend`. Stays after the end.
    public var backendPID: Int32 { connection.backendPID }

    /// Whether the session has ended: lost, timed out, closed or abandoned.
    public var isBroken: Bool { connection.handle == nil }

    /// Ends the session with a goodbye. The second time nothing happens.
    public func close() {
        assertOwner()
        connection.finish()
    }

    /// Shuts the socket without a goodbye, as a crash would. For fault tests.
    public func abandon() {
        assertOwner()
        connection.shut()
    }

    /// Runs queries in one round trip and returns the rows of each. Outside a transaction all of them are one
    /// (manual, 55.2.3): all take effect, or none. An empty list is a round trip too: the cheapest ping.
    ///
    /// Throws the first error, with the index of its query. `away` from a session that is broken afterwards leaves
    /// open whether the queries took effect; where that matters, use `transaction`.
    public func run(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        assertOwner()
        let commands = queries.indices.map { Command(queries[$0], index: $0) }
        return try exchange(commands, newDeadline()).get()
    }

    /// Runs one query in one round trip; as `run` with a list.
    public func run(_ query: Query) throws(PostgresError) -> Rows {
        assertOwner()
        let rows = try exchange([Command(query, index: 0)], newDeadline()).get()
        // One query has one answer; an exchange without it has thrown.
        guard let first = rows.first else { throw connection.lost("PostgreSQL left a query unanswered") }
        return first
    }

    /// The deadline of a call that begins now.
    func newDeadline() -> Deadline {
        Deadline(secondsFromNow: settings.answerTimeoutSeconds)
    }

    /// libpq's connections are not thread-safe (manual, 34.20), and `Sendable` cannot say 'one thread'.
    func assertOwner() {
        assert(pthread_equal(owner, pthread_self()) != 0, "a Session belongs to the thread that made it")
    }
}
