import Foundation
import PostgresClient
import WeirCore
import WeirLive
import WeirSandbox

/// A migrated database and a declared topology, with SKUs in stock, that a backlog is drained in.
struct DrainShop {
    /// Where it is.
    let room: Room
    /// How many partitions it has.
    let partitioning: Partitioning
    /// How many units of each SKU there are: more than anybody drains.
    static let stocked: Int64 = 1_000_000_000
    /// How many SKUs are stocked by one statement.
    private static let page = 20_000

    /// A new one, with nothing in it.
    init(in sandbox: Sandbox) async throws {
        room = try await sandbox.makeRoom()
        partitioning = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
            .partitioning
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitioning.count).apply()
    }

    init(room: Room, partitioning: Partitioning) {
        (self.room, self.partitioning) = (room, partitioning)
    }

    /// Defines SKUs as a worker would have, each with its event; sales are final at once.
    func stock(_ skus: [SKU]) throws {
        let session = try open()
        defer { session.close() }
        for first in stride(from: 0, to: skus.count, by: Self.page) {
            let page = skus[first..<min(first + Self.page, skus.count)]
            _ = try session.run(
                Query(
                    LabQueries.drainStock,
                    [
                        .int2s(page.map { Int16(partitioning.partition(of: $0)) }), .texts(page.map(\.text)),
                        .int8(Self.stocked),
                    ]))
        }
    }

    /// Brings the database into the state in which it is after some time: what was filled in is written and vacuumed.
    func settle() throws {
        // Apart: several statements at once are a transaction, in which nothing is vacuumed.
        try execute(LabQueries.historyEnd)
        try checkpoint()
    }

    /// Writes everything that is dirty, so that nobody pays for what was before.
    func checkpoint() throws { try execute(LabQueries.checkpoint) }

    /// How far the partitions are together.
    func position() throws -> (head: Int, published: Int, sold: Int) {
        let session = try open()
        defer { session.close() }
        let rows = try session.run(Query(LabQueries.heads))
        let sold = try session.run(Query(LabQueries.sold))
        return (rows.int(0, 0), rows.int(0, 1), sold.int(0, 0))
    }

    /// What the database takes on the disk, in bytes.
    func size() throws -> Int {
        let session = try open()
        defer { session.close() }
        return try session.run(Query(LabQueries.databaseSize)).int(0, 0)
    }

    func execute(_ script: String) throws {
        let session = try open()
        defer { session.close() }
        try session.execute(script: script)
    }

    /// A session that waits as long as it takes.
    func open() throws -> Session {
        var settings = SessionSettings(url: room.databaseURL, applicationName: "weir-lab")
        settings.statementTimeoutSeconds = 0
        settings.answerTimeoutSeconds = 3_600
        return try Session(settings)
    }
}
