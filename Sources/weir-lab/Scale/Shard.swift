import Foundation
import PostgresClient
import WeirCore
import WeirLive
import WeirTopology

/// A database with its virtual host, and of a backlog what belongs there. Of one thread, as its sessions are.
final class Shard {
    /// What the sessions of the partitions were seen doing.
    struct Waits {
        /// How often one was seen at work.
        var working = 0
        /// Of these, waiting for rows that another transaction holds.
        var rows = 0
        /// Waiting for the end of a table, a page in memory or the log, which all share for an instant.
        var instants = 0
        var disk = 0

        static func + (left: Waits, right: Waits) -> Waits {
            Waits(
                working: left.working + right.working, rows: left.rows + right.rows,
                instants: left.instants + right.instants, disk: left.disk + right.disk)
        }
    }

    /// SKUs that fall on eight different partitions of eight, and evenly on fewer that divide eight.
    static let skus: [SKU] = {
        guard let partitioning = Partitioning(count: 8) else { return [] }
        return (0..<8).compactMap { place in
            (0..<10_000).lazy.map { SKU(unchecked: "sku-\($0)") }
                .first { partitioning.partition(of: $0) == place }
        }
    }()

    let environment: [String: String]
    private let partitioning: Partitioning
    private let skus: [SKU]
    private let amqpURL: String
    private let session: Session
    /// Holds the partitions until all who are to work on them are there.
    private var gate: Session?

    /// Makes the tables and queues.
    ///
    /// - Parameter skus: those that live here.
    init(databaseURL: String, amqpURL: String, partitions: Int, skus: [SKU]) throws {
        guard let partitioning = Partitioning(count: partitions) else {
            throw LabError("there cannot be \(partitions) partitions")
        }
        _ = try Migrator(databaseURL: databaseURL).run(partitions: partitioning)
        try TopologyTool(amqpURL: amqpURL, partitions: partitions).apply()
        (self.partitioning, self.skus, self.amqpURL) = (partitioning, skus, amqpURL)
        environment = ["DATABASE_URL": databaseURL, "AMQP_URL": amqpURL]
        session = try Session(SessionSettings(url: databaseURL, applicationName: "lab"))
        let gate = try Session(SessionSettings(url: databaseURL, applicationName: "lab gate"))
        self.gate = gate
        let lock = Statement(name: Queries.ownTryLock.name, sql: Queries.ownTryLock.text)
        for partition in 0..<partitions {
            _ = try gate.run(Query(lock, [.int4(LockClass.partition), .int4(Int32(partition))]))
        }
    }

    func close() {
        openGate()
        session.close()
    }

    /// Lets the workers take the partitions.
    func openGate() {
        gate?.close()
        gate = nil
    }

    /// How many worker processes show that they are there.
    func workers() throws -> Int {
        let locks = Statement(name: Queries.ownShowLocks.name, sql: Queries.ownShowLocks.text)
        let rows = try session.run(
            Query(locks, [.int4(LockClass.partition), .int4(LockClass.worker)]))
        return (0..<rows.count).count { rows.int4($0, 0) == LockClass.worker }
    }

    /// How many events are committed, and how many of them published.
    func progress() throws -> (decided: Int, published: Int) {
        let rows = try session.run(Query(LabQueries.heads))
        return (rows.int(0, 0), rows.int(0, 1))
    }

    /// How many bytes the write-ahead log of the server has taken so far.
    func logBytes() throws -> Int { try session.run(Query(LabQueries.wal)).int(0, 0) }

    /// What the sessions of the partitions are doing.
    func waits() throws -> Waits {
        let rows = try session.run(Query(LabQueries.waits))
        return Waits(
            working: rows.int(0, 0), rows: rows.int(0, 1), instants: rows.int(0, 2), disk: rows.int(0, 3))
    }

    /// How many events there are when all of a backlog is decided: one for each command.
    func events(each: Int) -> Int { skus.count * (each + 1) }

    /// Defines the SKUs, with so many intents behind each.
    func publish(each: Int) throws {
        try CommandFlood.run(to: amqpURL, count: events(each: each)) { flood in
            func send(_ commands: [Command]) {
                flood.send(commands.map { ($0, partitioning.home(of: $0)) })
            }
            send(
                skus.map { sku in
                    .define(
                        Definition(
                            id: CommandID(unchecked: "define-\(sku.text)"), sku: sku, stocked: 1_000_000_000,
                            policy: SKUPolicy(holdSeconds: 0)))
                })
            for first in stride(from: 0, to: each, by: 250) {
                send(
                    (first..<min(first + 250, each)).flatMap { number in
                        skus.map { sku in
                            .submit(
                                Submit(
                                    token: Token(unchecked: "\(sku.text)-\(number)-0123456789"), sku: sku,
                                    quantity: Quantity(unchecked: 1),
                                    buyer: Buyer(unchecked: "buyer-\(number % 5_000)")))
                        }
                    })
            }
        }
    }
}
