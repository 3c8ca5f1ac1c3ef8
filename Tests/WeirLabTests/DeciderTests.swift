import Foundation
import PostgresClient
import Testing
import WeirCore
import WeirSandbox

@testable import weir_lab

/// Every strategy on real servers: threads that want twice as many units as there are, each token asked for twice.
@Suite(.serialized) struct DeciderTests {
    private static let units = 60
    private static let threads = 8
    private static let careful = Strategy.allCases.filter { $0 != .weir && $0 != .naive }

    @Test(arguments: careful)
    func sellsExactlyWhatThereIs(_ strategy: Strategy) async throws {
        let lab = try await LabRoom.make(strategy, units: Self.units)
        defer { lab.shop.stop() }
        let told = try await lab.rush(tokens: Self.units * 2, threads: Self.threads)
        try await lab.settle()
        let books = try lab.counter.books()
        // A token's second request takes a unit out of a bucket until the table refuses it; when that is the last one, and
        // everybody else is told meanwhile that there is none, it is left over.
        let left = strategy == .tokenBucket ? min(books.first?.available ?? 0, Self.threads) : 0
        #expect(
            books == [SKUBooks(sku: "hot", stocked: Self.units, available: left, sold: Self.units - left)])
        #expect(told.count == Self.units * 2)
        let counts = Counts(books: books, record: try lab.counter.record(), told: told)
        #expect(counts == Counts())
    }

    @Test func theNaiveOneOversells() async throws {
        // Whether two read at once is chance in a single rush, and as good as certain in several.
        for _ in 0..<10 {
            let lab = try await LabRoom.make(.naive, units: Self.units)
            let told = try await lab.rush(tokens: Self.units * 2, threads: 8)
            let counts = Counts(
                books: try lab.counter.books(), record: try lab.counter.record(), told: told)
            if counts.oversold > 0 { return }
        }
        Issue.record("the naive strategy was lucky ten times")
    }

    @Test func aPlantedOrderWithoutStockIsSeenInTheTables() async throws {
        let lab = try await LabRoom.make(.conditional, units: 1)
        defer { lab.shop.stop() }
        try lab.execute("insert into lab_order values ('t1', 'hot', 3, 'b', 'confirmed')")
        #expect(
            Counts(books: try lab.counter.books(), record: try lab.counter.record(), told: [:]).all == [
                2, 0, 3, 0, 0,
            ])
    }

    @Test func aPlantedLossIsSeenInTheTables() async throws {
        let lab = try await LabRoom.make(.conditional, units: 9)
        defer { lab.shop.stop() }
        try lab.execute("update lab_stock set available = 5")
        #expect(Counts(books: try lab.counter.books(), record: [], told: [:]).all == [0, 4, 0, 0, 0])
    }

    @Test func bucketsOfAKilledServerAreGivenBack() async throws {
        let lab = try await LabRoom.make(.tokenBucket, units: 250)
        defer { lab.shop.stop() }
        _ = try await lab.rush(tokens: 30, threads: 2)
        try lab.shop.recover()
        let session = try Session(SessionSettings(url: lab.places.databaseURL, applicationName: "test"))
        defer { session.close() }
        let rows = try session.run(
            Query(Statement(name: "left", sql: "select available from lab_stock")))
        #expect(rows.int(0, 0) == 220)
    }

    @Test func stuckTasksAreWrittenAfterARestart() async throws {
        let lab = try await LabRoom.make(.redisDeduction, units: 5, recovered: false)
        defer { lab.shop.stop() }
        let redis = try RedisConnection(
            port: lab.places.redisPort, password: lab.places.redisPassword)
        // As a server leaves it that was killed with one task in its hands, written already or not.
        try redis.run("HSET", DeductionShop.stock, "hot", "4")
        try redis.run("RPUSH", DeductionShop.working, "t1\nhot\n1\nbuyer\nconfirmed")
        #expect(try lab.counter.books().first?.sold == 0)
        try lab.shop.recover()
        try await lab.settle()
        #expect(
            try lab.counter.books() == [SKUBooks(sku: "hot", stocked: 5, available: 4, sold: 1)])
    }

    @Test func preparedPurchasesInDoubtAreSettledByTheOrder() async throws {
        let lab = try await LabRoom.make(.twoPhase, units: 5)
        defer { lab.shop.stop() }
        // Killed between the two commits, and killed before the first.
        for (token, ordered) in [("t1", true), ("t2", false)] {
            try lab.execute(
                """
                begin; update lab_stock set available = available - 0 where sku = 'none';
                insert into lab_stock values ('\(token)', 1, 1);
                prepare transaction '\(token)/stock'
                """)
            let order = "insert into lab_order values ('\(token)', 'hot', 1, 'b', 'confirmed')"
            try lab.execute(
                ordered ? order : "begin; \(order); prepare transaction '\(token)/order'", other: true)
        }
        try lab.shop.recover()
        #expect(Set(try lab.counter.books().map(\.sku)) == ["hot", "t1"])
        #expect(try lab.counter.record().map(\.token) == ["t1"])
    }

    @Test func anotherOwnersLockStays() async throws {
        let lab = try await LabRoom.make(.redisLock, units: 5)
        defer { lab.shop.stop() }
        let redis = try RedisConnection(port: lab.places.redisPort, password: lab.places.redisPassword)
        let lock = try RedisLock(redis)
        try lock.take("lab:lock:hot", "slow")
        // It expires while its holder works, and is somebody else's when the holder lets go.
        try redis.run("SET", "lab:lock:hot", "stranger", "PX", "3000")
        #expect(try !lock.release("lab:lock:hot", "slow"))
        #expect(try redis.run("GET", "lab:lock:hot") == .text("stranger"))
        #expect(try lock.release("lab:lock:hot", "stranger"))
        #expect(try redis.run("GET", "lab:lock:hot") == .nothing)
    }
}
