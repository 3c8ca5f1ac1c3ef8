import Testing
import WeirCore

@testable import WeirPipeline
@testable import WeirSimulation

/// The cursor, the session and the relay while little happens.
@Suite struct IdleTests {
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
    private var cursor: Int64? { bench.database.heads[0]?.published }

    @Test mutating func theCursorMovesWithTheNextBatchAndNeverAheadOfAConfirm() throws {
        bench.sink.confirms = nil
        bench.publish(define(9), submit("a"))
        try turn()
        #expect(bench.writes.last?.published == 0)
        bench.publish(submit("b"))
        try turn()
        #expect(bench.writes.last?.published == 0)
        bench.sink.settle(confirmed: true)
        bench.publish(submit("c"))
        try turn()
        #expect(bench.writes.last?.published == 3)
        #expect(cursor == 3)
        #expect(bench.writes.allSatisfy { $0.published <= $0.headBefore })
    }

    @Test mutating func anIdlePartitionWritesItsCursorAfterASecondAndOnce() throws {
        bench.publish(define(9), submit("a"))
        try turn()
        let committed = bench.time
        while cursor == 0, bench.time < .seconds(10) { try turn() }
        #expect(cursor == 2)
        #expect(bench.time - committed >= .seconds(1) && bench.time - committed < .milliseconds(2_100))
        let writes = bench.writes.count
        for _ in 0..<5 { try turn() }
        #expect(bench.writes.count == writes)
    }

    @Test mutating func aCursorThatMetADeadlockIsWrittenASecondLater() throws {
        bench.publish(define(9))
        try turn()
        bench.answers = [StoreError(.retry, "40P01")]
        while cursor == 0, bench.time < .seconds(10) { try turn() }
        #expect(cursor == 1)
        #expect(bench.trace.filter { $0 == "commit" }.count == 3)
    }

    @Test mutating func anIdleSessionPingsEverySecond() throws {
        while bench.time < .seconds(10) { try turn() }
        let pings = bench.trace.filter { $0 == "ping" }.count
        #expect((8...10).contains(pings))
        #expect(bench.writes.isEmpty)
    }

    @Test mutating func aCursorOfAnOldOwnerIsRefused() throws {
        bench.publish(define(9))
        try turn()
        bench.database.heads[0] = (7, 0)
        #expect { try worker.writeCursor(bench, store) } throws: { ($0 as? StoreError)?.kind == .notOwner }
    }

    @Test mutating func aSnapshotUnderAnotherHeadIsNotDecided() throws {
        bench.database.heads[0] = (7, 0)
        bench.publish(define(9))
        #expect {
            try turn()
        } throws: { error in
            guard case .store(let error) = error as? TurnFailure else { return false }
            return error.kind == .notOwner
        }
        #expect(!bench.trace.contains("commit"))
        #expect(!bench.trace.contains { $0.hasPrefix("ack") })
    }

    @Test mutating func whatTheOwnerBeforeDidNotPublishIsReadFromTheLog() throws {
        bench.sink.confirms = nil
        bench.publish(define(9), submit("a"), submit("b"))
        try turn()
        let (sent, epoch) = (bench.sink.sent.count, worker.relay.epoch)
        try worker.adopt(store, now: bench.now())
        #expect(worker.relay.epoch > epoch)
        bench.sink.confirms = true
        for _ in 0..<3 { try turn() }
        #expect(bench.trace.contains("log 0"))
        #expect(bench.sink.sent.dropFirst(sent).map(\.seq) == [1, 2, 3])
        #expect(worker.relay.isCaughtUp)
    }

    @Test mutating func aReceiptOfTheOwnerBeforeMovesNoCursor() throws {
        bench.sink.confirms = nil
        bench.publish(define(9))
        try turn()
        try worker.adopt(store, now: bench.now())
        bench.sink.settle(confirmed: true)
        try turn()
        #expect(worker.relay.published == 0)
    }

    @Test mutating func aRefusedEventIsSentAgain() throws {
        bench.sink.confirms = false
        bench.publish(define(9))
        try turn()
        try turn()
        bench.sink.confirms = true
        for _ in 0..<100 where !worker.relay.isCaughtUp { try turn() }
        #expect(worker.relay.isCaughtUp)
        #expect(bench.sink.sent.count > 1)
    }

    @Test mutating func aQuietPartitionTurnsSlowly() throws {
        var turns = 0
        while bench.time < .seconds(60) {
            try turn()
            turns += 1
        }
        #expect(turns <= 130)
    }
}
