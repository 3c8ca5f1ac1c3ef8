import AMQPClient
import Logging
import PostgresClient
import Testing
import WeirCore
import WeirLive
import WeirPipeline
import WeirSandbox
import WeirTopology
import WeirWire

/// A migrated database and a declared topology of a test's own, on the servers that all tests share.
struct LiveRoom: Sendable {
    let databaseURL: String
    let amqpURL: String
    let partitioning: Partitioning

    static func make(partitions: Int = 2, _ sandbox: Sandbox? = nil) async throws -> LiveRoom {
        let room = if let sandbox { try await sandbox.makeRoom() } else { try await SharedSandbox.room() }
        let partitioning = try #require(Partitioning(count: partitions))
        _ = try Migrator(databaseURL: room.databaseURL).run(partitions: partitioning)
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply()
        return LiveRoom(databaseURL: room.databaseURL, amqpURL: room.amqpURL, partitioning: partitioning)
    }

    var workerSettings: WorkerSettings { WorkerSettings(databaseURL: databaseURL, amqpURL: amqpURL) }

    func pool() -> WorkerPool { WorkerPool(workerSettings, partitioning: partitioning, logger: .quiet) }

    func session() throws -> Session {
        try Session(SessionSettings(url: databaseURL, applicationName: "test"))
    }

    func connection() throws -> Connection {
        try Connection(AMQPSettings(url: amqpURL, connectionName: "test"))
    }

    func publisher() -> Publisher {
        Publisher(settings: .init(amqp: AMQPSettings(url: amqpURL, connectionName: "test")), logger: .quiet)
    }

    /// One number out of the database.
    func count(_ sql: String) throws -> Int {
        let session = try session()
        defer { session.close() }
        return try session.run(Query(Statement(name: "count", sql: sql))).int(0, 0)
    }

    /// Runs SQL by hand, as an operator or an enemy would.
    func execute(_ script: String) throws {
        let session = try session()
        defer { session.close() }
        try session.execute(script: script)
    }

    /// One column of texts out of the database.
    func texts(_ sql: String, _ binds: [Bind] = []) throws -> [String] {
        let session = try session()
        defer { session.close() }
        let rows = try session.run(Query(Statement(name: "texts", sql: sql), binds))
        return (0..<rows.count).map { rows.text($0, 0) }
    }

    /// The partitions whose lock somebody holds.
    func lockedPartitions() throws -> Set<Int> {
        let locked = try texts(
            "select objid::text from pg_locks l join pg_database d on d.oid = l.database"
                + " where d.datname = current_database() and locktype = 'advisory' and objsubid = 2"
                + " and classid::integer = x'57454952'::integer")
        return Set(locked.compactMap { Int($0) })
    }

    /// A name in this partition that begins with `prefix`.
    func sku(in partition: Int, _ prefix: String = "sku") -> String {
        (0...).lazy.map { "\(prefix)-\($0)" }.first {
            partitioning.partition(of: SKU(unchecked: $0)) == partition
        }!
    }

    func message(_ command: Command, replyTo: String? = nil) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.type = command.kind.rawValue
        properties.messageID = command.messageID
        properties.contentType = "application/json"
        properties.deliveryMode = 2
        properties.replyTo = replyTo
        return OutgoingMessage(
            exchange: BrokerTopology.intents,
            routingKey: BrokerTopology.routingKey(partitioning.home(of: command)),
            properties: properties, body: command.body, mandatory: true)
    }
}

/// Runs blocking code on a thread with a stack for librabbitmq.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        _ = DedicatedThread(name: "test") { continuation.resume(with: Swift.Result { try body() }) }
    }
}

extension Logger {
    /// A logger for tests, where trouble is made on purpose.
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Waits for a condition, at most so long; looks again whenever something may have changed.
func eventually(
    within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return try await condition()
}

func submit(_ token: String, _ sku: String, _ units: Int64 = 1, buyer: String = "b") -> Command {
    .submit(
        Submit(
            token: Token(unchecked: token), sku: SKU(unchecked: sku), quantity: Quantity(unchecked: units),
            buyer: Buyer(unchecked: buyer)))
}

func define(_ sku: String, stocked: Int64, holdSeconds: Int64 = 0, id: String = "define") -> Command {
    .define(
        Definition(
            id: CommandID(unchecked: "\(id)-\(sku)"), sku: SKU(unchecked: sku), stocked: stocked,
            policy: SKUPolicy(holdSeconds: holdSeconds)))
}
