import Testing
import WeirCore

@testable import WeirPipeline
@testable import WeirSimulation

/// What a worker does for those who stand in line: it reads them only when units come free, and goes on serving
/// without a command.
@Suite struct LineWorkerTests {
    private let bench = Bench()
    private let store: BenchStore
    private let source: BenchSource
    private var worker: PartitionWorker

    init() throws {
        store = try bench.openStore()
        source = try bench.openSource()
        worker = PartitionWorker(partition: 0, of: bench.partitioning)
        try worker.adopt(store, now: .zero)
    }

    private mutating func turn() throws { try worker.turn(bench, store, source) }

    private func shop(_ stocked: Int64, maxPerBuyer: Int64? = nil) -> Command {
        .define(
            Definition(
                id: CommandID(unchecked: "define"), sku: shoe, stocked: stocked,
                policy: SKUPolicy(holdSeconds: 5, maxPerBuyer: maxPerBuyer, onShortage: .waitlist)))
    }

    private func adjust(_ delta: Int64) -> Command {
        .adjust(Adjustment(id: CommandID(unchecked: "adjust\(delta)"), sku: shoe, delta: delta, reason: "x"))
    }

    private func publish(_ commands: [Command]) { for command in commands { bench.publish(command) } }

    private var reads: Int { bench.trace.filter { $0.hasPrefix("read") }.count }

    private mutating func crowd(_ count: Int) throws {
        publish([shop(0)] + (0..<count).map { submit("w\(1_000_000 + $0)") })
        while !bench.broker.isEmpty(0) { try turn() }
    }

    @Test mutating func aBatchInWhichNothingComesFreeIsReadOnce() throws {
        try crowd(1_500)
        bench.trace = []
        publish((0..<50).map { submit("late\($0)") })
        try turn()
        #expect(reads == 1)
        #expect(bench.database.stocks[shoe]?.waitlisted == 1_550)
    }

    @Test mutating func theHeadOfTheLineIsReadAndServedInTheBatchThatFreesTheUnits() throws {
        try crowd(5)
        bench.trace = []
        bench.publish(adjust(2))
        try turn()
        #expect(reads == 2)
        #expect(bench.effects == ["commit", "ack 7"])
        #expect(bench.state(of: "w1000001") == .reserved)
        #expect(bench.state(of: "w1000002") == .waitlisted)
    }

    @Test mutating func aThousandAreServedABatchAndTheRestWithoutACommand() throws {
        try crowd(2_500)
        bench.publish(adjust(2_400))
        try turn()
        #expect(bench.database.stocks[shoe]?.held == 1_000)
        try turn()
        #expect(bench.database.stocks[shoe]?.held == 2_000)
        #expect(!worker.lines.unserved.isEmpty)
        try turn()
        #expect(bench.database.stocks[shoe]?.held == 2_400)
        #expect(bench.state(of: "w1002399") == .reserved)
        #expect(bench.state(of: "w1002400") == .waitlisted)
        // Nothing is left: the next turn is idle again.
        #expect(worker.lines.unserved.isEmpty)
        bench.trace = []
        try turn()
        #expect(reads == 0)
    }

    @Test mutating func aNewOwnerGoesOnWhereTheLastOneStopped() throws {
        try crowd(1_500)
        bench.publish(adjust(1_500))
        try turn()
        #expect(bench.database.stocks[shoe]?.held == 1_000)
        var heir = PartitionWorker(partition: 0, of: bench.partitioning)
        try heir.adopt(store, now: .zero)
        try heir.turn(bench, store, source)
        #expect(bench.database.stocks[shoe]?.held == 1_500)
    }

    @Test mutating func aCommitThatFailsIsServedAnew() throws {
        try crowd(3)
        bench.publish(adjust(2))
        bench.answers = [StoreError(.retry, "40001"), nil]
        try turn()
        #expect(bench.database.stocks[shoe]?.held == 2)
        #expect(bench.state(of: "w1000002") == .waitlisted)
    }

    @Test mutating func aGrantThatExpiresGoesToTheNext() throws {
        try crowd(2)
        bench.publish(adjust(1))
        try turn()
        #expect(bench.state(of: "w1000000") == .reserved)
        bench.pass(.seconds(6))
        try turn()
        #expect(bench.state(of: "w1000000") == .expired)
        #expect(bench.state(of: "w1000001") == .reserved)
        let deadline = bench.database.intents[Token(unchecked: "w1000001")]?.holdUntil
        #expect(deadline == bench.database.now.adding(seconds: 5))
    }

    @Test mutating func buyersTotalsAreReadWithTheBatchOnceTheSKUIsKnownToCount() throws {
        publish([shop(9, maxPerBuyer: 2), submit("a")])
        try turn()
        bench.trace = []
        publish([submit("b"), submit("c")])
        try turn()
        #expect(reads == 1)
        #expect(bench.state(of: "b") == .reserved)
        #expect(bench.database.intents[Token(unchecked: "c")]?.reason == .buyerLimit)
        // Another owner does not know it, asks once more, and then remembers.
        var heir = PartitionWorker(partition: 0, of: bench.partitioning)
        try heir.adopt(store, now: .zero)
        for (token, count) in [("d", 2), ("e", 1)] {
            bench.trace = []
            bench.publish(submit(token))
            try heir.turn(bench, store, source)
            #expect(reads == count)
            #expect(bench.database.intents[Token(unchecked: token)]?.reason == .buyerLimit)
        }
    }

    @Test mutating func anExtendedHoldDoesNotExpireAtItsOldDeadline() throws {
        publish([
            .define(
                Definition(
                    id: CommandID(unchecked: "define"), sku: shoe, stocked: 2,
                    policy: SKUPolicy(holdSeconds: 5, maxHoldSeconds: 60))), submit("a"),
        ])
        try turn()
        bench.publish(
            .extend(
                Extension(
                    id: CommandID(unchecked: "x"), token: Token(unchecked: "a"), sku: shoe,
                    holdUntil: bench.database.now.adding(seconds: 20))))
        try turn()
        bench.pass(.seconds(10))
        for _ in 0..<3 { try turn() }
        #expect(bench.state(of: "a") == .reserved)
        bench.pass(.seconds(15))
        for _ in 0..<3 { try turn() }
        #expect(bench.state(of: "a") == .expired)
    }
}
