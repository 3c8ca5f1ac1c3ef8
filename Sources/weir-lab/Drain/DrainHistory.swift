import AMQPClient
import PostgresClient
import Synchronization
import WeirCore

/// Intents that were decided long ago, as workers would have written them: each with its event, and the SKUs' books.
struct DrainHistory {
    /// How many intents.
    let intents: Int
    /// For which SKUs, in turn; of ten intents of a SKU one was rejected.
    let skus: [SKU]
    /// How many are written by one statement.
    private static let page = 200_000

    /// As many intents as partitions divide, for SKUs over all partitions.
    init(intents: Int, _ partitioning: Partitioning) {
        let partitions = partitioning.count
        self.intents = (intents + partitions - 1) / partitions * partitions
        skus = partitioning.names(100 * partitions, over: partitions)
    }

    /// Writes it into a shop that has nothing yet: events and intents at once, each in a session of its own.
    func fill(_ shop: DrainShop) throws {
        try shop.stock(skus)
        try shop.execute(LabQueries.pastBegin)
        let failure = Failure()
        let threads = [LabQueries.pastEvents, LabQueries.pastIntents].map { statement in
            DedicatedThread(name: "history") { [self] in
                do { try write(statement, shop) } catch { failure.note(error) }
            }
        }
        threads.forEach { $0.join() }
        try failure.check()
        try shop.execute(LabQueries.pastEnd)
    }

    private func write(_ statement: Statement, _ shop: DrainShop) throws {
        let session = try shop.open()
        defer { session.close() }
        for first in stride(from: 0, to: intents, by: Self.page) {
            let range = [first, min(first + Self.page, intents) - 1].map { Bind.int8(Int64($0)) }
            _ = try session.run(Query(statement, range))
        }
    }
}

/// The first thing that went wrong in one of several threads.
private final class Failure: Sendable {
    private let first = Mutex<(any Error)?>(nil)
    func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
    func check() throws { if let error = first.withLock({ $0 }) { throw error } }
}
