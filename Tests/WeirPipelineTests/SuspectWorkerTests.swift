import Testing
import WeirCore
import WeirWire

@testable import WeirPipeline
@testable import WeirSimulation

/// A worker among deliveries that have come back: what it notes, what it decides, what it clears.
@Suite struct SuspectWorkerTests {
    private let bench = Bench()

    @Test func whatCameBackTwiceIsNotedBeforeItIsDecidedAndClearedWithIt() throws {
        let (store, source) = try redelivered([define(5), submit("a")], times: 2)
        var worker = try worker(store)
        try worker.turn(bench, store, source)
        #expect(bench.trace.filter { $0 == "note" || $0 == "commit" } == ["note", "commit"])
        #expect(bench.database.suspectCounts.isEmpty)
        try worker.turn(bench, store, source)
        #expect(bench.state(of: "a") == .confirmed)
        #expect(bench.database.suspectCounts.isEmpty)
        #expect(bench.database.deadLetters.isEmpty)
    }

    @Test func theMessageThatKillsItsWorkerBecomesADeadLetterAndOnlyThat() throws {
        bench.publish(define(5), submit("poison"), submit("a"))
        var deaths = 0
        // The worker dies whenever it reads what the poison needs.
        while bench.state(of: "a") == nil, deaths < 20 {
            let (store, source) = (try bench.openStore(), try bench.openSource())
            var worker = try worker(store)
            store.inner.disturb = { [bench] call in
                let reads = bench.trace.last?.hasPrefix("read") ?? false
                return call == .read && reads && bench.poisonIsNext ? .before : .none
            }
            do {
                while bench.state(of: "a") == nil { try worker.turn(bench, store, source) }
            } catch {
                deaths += 1
                source.close()
                store.close()
            }
        }
        #expect(bench.database.deadLetters.map(\.reason) == ["worker_died"])
        #expect(bench.database.deadLetters.first?.token == "poison")
        #expect(bench.state(of: "a") == .confirmed)
        #expect(bench.state(of: "poison") == nil)
        #expect(bench.database.suspectCounts.isEmpty)
    }

    @Test func aLostSessionWhileASuspectIsDecidedIsNoDeath() throws {
        let (first, source) = try redelivered([define(5)], times: 2)
        var worker = try worker(first)
        for _ in 0..<5 {
            let store = try bench.openStoreAgain()
            try worker.adopt(store, now: bench.now())
            bench.answers = [StoreError(.away, "lost")]
            #expect(throws: TurnFailure.self) { try worker.turn(bench, store, source) }
        }
        #expect(bench.database.suspectCounts.values.max() == 1)
        let store = try bench.openStoreAgain()
        try worker.adopt(store, now: bench.now())
        try worker.turn(bench, store, source)
        #expect(bench.database.deadLetters.isEmpty)
        #expect(bench.database.stocks[shoe] != nil)
    }

    @Test func aSuspectThatTheDataMakesADeadLetterIsClearedToo() throws {
        let (store, source) = try redelivered([submit("bad")], times: 2)
        var worker = try worker(store)
        bench.refuse = { $0.decision.decided.isEmpty ? nil : StoreError(.data, "22021") }
        try worker.turn(bench, store, source)
        #expect(bench.database.deadLetters.map(\.reason) == ["data_error"])
        #expect(bench.database.suspectCounts.isEmpty)
    }

    /// A consumer whose messages were lost with their connection `times` before.
    private func redelivered(_ commands: [Command], times: Int) throws -> (BenchStore, BenchSource) {
        for command in commands { bench.publish(command) }
        for _ in 0..<times {
            let source = try bench.openSource()
            _ = try source.fill(limit: 10, wait: .zero)
            source.close()
        }
        return (try bench.openStore(), try bench.openSource())
    }

    private func worker(_ store: BenchStore) throws -> PartitionWorker {
        var worker = PartitionWorker(partition: 0, of: bench.partitioning)
        try worker.adopt(store, now: bench.now())
        return worker
    }
}

extension Bench {
    fileprivate var poisonIsNext: Bool { lastRequest.contains { $0.text == "poison" } }

    fileprivate func openStoreAgain() throws -> BenchStore {
        database.restart()
        return try openStore()
    }
}
