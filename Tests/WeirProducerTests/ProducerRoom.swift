import AMQPClient
import Logging
import PostgresClient
import Synchronization
import Testing
import WeirCore
import WeirLive
import WeirSandbox
import WeirTopology

@testable import WeirProducer

/// A room with its own database, virtual host and producer, whose workers start when the test says so.
final class ProducerRoom: Sendable {
    let room: Room
    let partitioning: Partitioning
    let producer: Producer

    private init(_ room: Room, _ partitioning: Partitioning, _ producer: Producer) {
        self.room = room
        self.partitioning = partitioning
        self.producer = producer
    }

    /// Runs a test in a room without workers, and closes the producer afterwards.
    static func with(
        _ sandbox: Sandbox? = nil, partitions: Int = 2, _ change: (inout ProducerSettings) -> Void = { _ in },
        _ body: (ProducerRoom) async throws -> Void
    ) async throws {
        let room = if let sandbox { try await sandbox.makeRoom() } else { try await SharedSandbox.room() }
        let partitioning = try #require(Partitioning(count: partitions))
        _ = try Migrator(databaseURL: room.databaseURL).run(partitions: partitioning)
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply()
        var settings = ProducerSettings(amqpURL: room.amqpURL)
        change(&settings)
        let producer = try await Producer.connect(settings, logger: .quiet)
        do {
            try await body(ProducerRoom(room, partitioning, producer))
        } catch {
            await producer.close(grace: .zero)
            throw error
        }
        await producer.close(grace: .zero)
    }

    /// Runs workers meanwhile.
    func withWorkers(_ body: () async throws -> Void) async throws {
        let pool = WorkerPool(
            WorkerSettings(databaseURL: room.databaseURL, amqpURL: room.amqpURL),
            partitioning: partitioning, logger: .quiet)
        pool.start()
        do {
            try await body()
        } catch {
            await offAsyncThreads { pool.stop() }
            throw error
        }
        await offAsyncThreads { pool.stop() }
    }

    /// Defines a SKU; whoever submits afterwards finds it defined.
    func define(_ sku: String, _ stocked: Int64, holdSeconds: Int64 = 900) async throws {
        let definition = Definition(
            id: CommandID(unchecked: "define-\(sku)"), sku: SKU(unchecked: sku), stocked: stocked,
            policy: SKUPolicy(holdSeconds: holdSeconds))
        try await eventually("it is connected") { producer.isReady }
        let outcome = await producer.core.publish(
            .define(definition), id: producer.core.nextID(), trace: nil)
        guard outcome == .confirmed else { throw TestFailure("not defined: \(String(describing: outcome))") }
    }

    /// One number out of the database.
    func count(_ sql: String) throws -> Int {
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        return try session.run(Query(Statement(name: "count", sql: sql))).int(0, 0)
    }

    /// How many messages wait in the partitions' queues.
    func messagesWaiting() async throws -> Int {
        let (url, count) = (room.amqpURL, partitioning.count)
        return try await offAsyncThreads {
            Result {
                let connection = try Connection(AMQPSettings(url: url, connectionName: "test"))
                defer { connection.close() }
                return try (0..<count).reduce(0) {
                    $0 + (try connection.checkQueue(BrokerTopology.intentsQueue($1)).messageCount)
                }
            }
        }.get()
    }

    /// Waits until so many callers wait for outcomes of what the broker has confirmed.
    func untilWaiting(_ callers: Int) async throws {
        try await eventually("\(callers) wait") {
            producer.core.desk.count == callers
                && producer.core.inFlight.load(ordering: .relaxed) == 0
        }
    }
}

func wish(_ token: String, _ sku: String = "tea", _ quantity: Int = 1) -> PurchaseIntent {
    PurchaseIntent(token: token, sku: sku, quantity: quantity, buyer: "ada")
}

/// The error that `body` throws; nil when it has an outcome.
func failure(_ body: () async throws(ProducerError) -> Outcome) async -> ProducerError? {
    do throws(ProducerError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
