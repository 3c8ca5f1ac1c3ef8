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

    func message(_ command: Command, replyTo: String? = nil) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.type = command.kind.rawValue
        properties.messageID = command.messageID
        properties.contentType = "application/json"
        properties.deliveryMode = 2
        properties.replyTo = replyTo
        return OutgoingMessage(
            exchange: BrokerTopology.intents,
            routingKey: BrokerTopology.routingKey(partitioning.partition(of: command.sku)),
            properties: properties, body: command.body, mandatory: true)
    }
}

extension Logger {
    /// A logger for tests, where trouble is made on purpose.
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Waits for a condition, at most so long; looks again whenever something may have changed.
func eventually(
    within limit: Duration = .seconds(30), _ condition: () throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return try condition()
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
