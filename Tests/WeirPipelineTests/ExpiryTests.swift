import Testing
import WeirCore
import WeirWire

@testable import WeirPipeline
@testable import WeirSimulation

/// Holds expire behind every confirm that was already waiting, and not before.
@Suite struct ExpiryTests {
    private let bench = Bench()
    private let store: BenchStore
    private var source: BenchSource
    private var worker: PartitionWorker

    init() throws {
        store = try bench.openStore()
        source = try bench.openSource()
        worker = PartitionWorker(partition: 0, of: bench.partitioning)
        try worker.adopt(store, now: .zero)
    }

    private mutating func turn() throws { try worker.turn(bench, store, source) }

    private mutating func hold(_ tokens: String..., seconds: Int64 = 10) throws {
        bench.publish(define(1_000, holdSeconds: seconds))
        for token in tokens { bench.publish(submit(token)) }
        try turn()
        #expect(tokens.allSatisfy { bench.state(of: $0) == .reserved })
    }

    @Test mutating func aHoldExpiresByItselfWhenTheQueueIsEmpty() throws {
        try hold("a")
        let deadline = bench.time + .seconds(10)
        for _ in 0..<100 where bench.state(of: "a") == .reserved { try turn() }
        #expect(bench.state(of: "a") == .expired)
        #expect(bench.time >= deadline && bench.time < deadline + .milliseconds(200))
        #expect(bench.database.stocks[shoe]?.available == 1_000)
    }

    @Test mutating func nothingExpiresBeforeItsDeadline() throws {
        try hold("a")
        bench.pass(.milliseconds(9_900))
        try turn()
        #expect(bench.state(of: "a") == .reserved)
        #expect(!bench.trace.contains("drained?"))
    }

    @Test mutating func aConfirmThatWasWaitingWins() throws {
        try hold("a")
        bench.publish(confirm("a"))
        bench.pass(.seconds(60))
        try turn()
        #expect(bench.state(of: "a") == .confirmed)
    }

    @Test mutating func aConfirmThatArrivesBehindTheFirstLookWins() throws {
        try hold("a")
        bench.pass(.seconds(11))
        // The queue had it, the consumer not yet; the broker says that nothing else waits.
        bench.afterFill = { [bench] in
            bench.afterFill = {}
            bench.publish(confirm("a"))
            bench.drainedAnswer = true
        }
        try turn()
        #expect(bench.state(of: "a") == .confirmed)
    }

    @Test mutating func nothingExpiresWhileTheQueueIsNotEmpty() throws {
        try hold("a")
        bench.drainedAnswer = false
        bench.pass(.seconds(10))
        let due = bench.time
        while bench.time < due + .milliseconds(29_900) {
            try turn()
            bench.pass(.milliseconds(10))
            #expect(bench.state(of: "a") == .reserved)
        }
        bench.pass(.milliseconds(200))
        try turn()
        #expect(bench.state(of: "a") == .expired)
    }

    @Test mutating func aBusyQueueIsNotHeldUpByAskingTooOften() throws {
        try hold("a")
        bench.drainedAnswer = false
        bench.pass(.seconds(10))
        let due = bench.time
        while bench.time < due + .seconds(1) { try turn() }
        #expect(bench.trace.filter { $0 == "drained?" }.count <= 11)
    }

    @Test mutating func afterATimeWithoutAnOwnerTheConfirmsOfThatTimeWin() throws {
        try hold("a")
        source.close()
        store.close()
        bench.publish(confirm("a"))
        bench.pass(.seconds(3_600))
        let next = try bench.openStore()
        let consumer = try bench.openSource()
        try worker.adopt(next, now: bench.now())
        // What waits in the queue takes a moment to arrive.
        bench.arriving = 0
        bench.drainedAnswer = false
        for _ in 0..<5 { try worker.turn(bench, next, consumer) }
        #expect(bench.state(of: "a") == .reserved)
        bench.arriving = .max
        bench.drainedAnswer = nil
        try worker.turn(bench, next, consumer)
        #expect(bench.state(of: "a") == .confirmed)
    }

    @Test mutating func aNewSessionBelievesNothingAboutTheQueue() throws {
        try hold("a")
        bench.pass(.seconds(11))
        worker.holds.sawEmptyQueue(at: bench.now())
        try worker.adopt(store, now: bench.now())
        #expect(worker.holds.horizon(at: bench.now(), grace: PartitionWorker.dueGrace) == nil)
    }

    @Test mutating func whatALostConsumerHadDeliveredWinsWhenItComesBack() throws {
        try hold("a")
        bench.publish(define(1_000, holdSeconds: 7), confirm("a"))
        bench.pass(.seconds(11))
        // Both come back twice, and are decided one at a time; the consumer is lost between them.
        for _ in 0..<2 {
            source.close()
            worker.dropDeliveries()
            source = try bench.openSource()
            _ = try source.fill(limit: 10, wait: .zero)
        }
        source.close()
        worker.dropDeliveries()
        source = try bench.openSource()
        try turn()
        #expect(worker.held.count == 1)
        source.close()
        worker.dropDeliveries()
        source = try bench.openSource()
        bench.arriving = 0
        try turn()
        #expect(bench.state(of: "a") == .reserved)
        bench.arriving = .max
        for _ in 0..<3 { try turn() }
        #expect(bench.state(of: "a") == .confirmed)
    }

    @Test mutating func atMostFiveHundredHoldsExpireInABatch() throws {
        bench.publish(define(10_000, holdSeconds: 10))
        for number in 0..<1_200 { bench.publish(submit("t\(number)")) }
        for _ in 0..<2 { try turn() }
        bench.pass(.seconds(11))
        bench.writes = []
        for _ in 0..<5 { try turn() }
        #expect(bench.writes.map(\.events.count).filter { $0 > 0 } == [500, 500, 200])
        #expect(bench.database.stocks[shoe]?.held == 0)
    }

    @Test mutating func commandsOfTheBatchComeBeforeItsExpiries() throws {
        try hold("a", "b")
        bench.pass(.seconds(11))
        bench.publish(confirm("b"))
        bench.writes = []
        try turn()
        #expect(
            bench.writes.first?.events.map(\.type) == ["weir.intent.confirmed.v1", "weir.intent.expired.v1"])
        #expect(bench.state(of: "b") == .confirmed)
        #expect(bench.state(of: "a") == .expired)
    }

    @Test mutating func aFullBatchExpiresNothingBeforeTheRestOfTheQueueIsRead() throws {
        try hold("a")
        for number in 0..<PartitionWorker.batchLimit { bench.publish(submit("t\(number)")) }
        bench.publish(confirm("a"))
        bench.pass(.seconds(11))
        try turn()
        #expect(bench.state(of: "a") == .reserved)
        try turn()
        #expect(bench.state(of: "a") == .confirmed)
    }

    @Test mutating func theDeadlineIsReadAgainAfterAnExpiry() throws {
        try hold("a")
        bench.pass(.seconds(5))
        bench.publish(submit("b"))
        try turn()
        bench.pass(.seconds(6))
        for _ in 0..<3 { try turn() }
        #expect(bench.state(of: "a") == .expired)
        #expect(bench.state(of: "b") == .reserved)
        for _ in 0..<100 where bench.state(of: "b") == .reserved { try turn() }
        #expect(bench.state(of: "b") == .expired)
    }
}
