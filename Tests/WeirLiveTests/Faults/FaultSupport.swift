import Logging
import Synchronization
import Testing
import WeirLive
import WeirSandbox
import WeirTopology

/// Runs a test on servers of its own, which are stopped whatever happens.
func withSandbox(
    _ options: Sandbox.Options = .init(), _ body: (Sandbox) async throws -> Void
) async throws {
    let sandbox = try await Sandbox.start(options)
    do {
        try await body(sandbox)
    } catch {
        await sandbox.stop()
        throw error
    }
    await sandbox.stop()
}

/// What a worker process says to its operator.
final class Journal: Sendable {
    private let entries = Mutex<[String]>([])

    var lines: [String] { entries.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { [self] _ in
            JournalHandler { [self] line in entries.withLock { $0.append(line) } }
        }
    }
}

private struct JournalHandler: LogHandler {
    let note: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(_ note: @escaping @Sendable (String) -> Void) { self.note = note }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, given in given }
        note("\(event.level): \(event.message) \(all.map { "\($0)=\($1)" }.sorted().joined(separator: " "))")
    }
}

extension LiveRoom {
    /// The virtual host's name.
    var vhost: String { String(amqpURL.split(separator: "/").last ?? "") }

    /// All messages of a queue: ready, delivered and not acknowledged, and on their way to the dead.
    func messages(in queue: String, of sandbox: Sandbox) async throws -> Int {
        let answer = try await sandbox.evaluateInBroker(
            """
            {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"\(vhost)">>, queue, <<"\(queue)">>)),
            {ok, {_, Count}, _} = ra:leader_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1),
            Count.
            """)
        guard let count = Int(answer) else { throw TestTrouble("\(queue) has \(answer) messages") }
        return count
    }

    /// The backends that hold a partition's lock.
    func lockHolders() throws -> [String] {
        try texts(
            "select l.pid::text from pg_locks l join pg_database d on d.oid = l.database"
                + " where d.datname = current_database() and l.locktype = 'advisory' and l.objsubid = 2 and l.granted"
                + " and l.classid::integer = x'57454952'::integer order by 1")
    }

    /// The partitions' heads.
    func heads() throws -> [Int] {
        try texts("select head::text from partition order by partition").compactMap { Int($0) }
    }

    /// How many events the broker has confirmed, by what the database knows.
    func publishedCount() throws -> Int {
        try count("select coalesce(sum(published), 0)::bigint from partition")
    }
}
