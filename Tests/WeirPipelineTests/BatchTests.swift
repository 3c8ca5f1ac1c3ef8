import Testing
import WeirCore
import WeirWire

@testable import WeirPipeline
@testable import WeirSimulation

/// One batch: decided together, written in one transaction, acknowledged behind it.
@Suite struct BatchTests {
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

    @Test mutating func whatHasArrivedIsOneTransactionAndAcknowledgedAfterIt() throws {
        bench.publish(define(2), submit("a"), submit("b"), submit("c"))
        try turn()
        #expect(bench.effects == ["commit", "ack 4"])
        #expect(bench.state(of: "b") == .confirmed)
        #expect(bench.state(of: "c") == .rejected)
        #expect(bench.broker.isEmpty(0))
        // One outcome each, and that the last unit was sold.
        #expect(worker.head == 5)
    }

    @Test mutating func nothingIsAcknowledgedWhenTheCommitFails() throws {
        for kind in [StoreError.Kind.away, .commitUncertain, .notOwner, .bug, .otherDatabase] {
            bench.publish(define(2))
            bench.answers = [StoreError(kind, "no")]
            #expect(throws: TurnFailure.self) { try turn() }
            #expect(!bench.trace.contains { $0.hasPrefix("ack") })
            #expect(!bench.broker.isEmpty(0))
            #expect(worker.head == 0)
            #expect(worker.relay.head == 0)
        }
    }

    @Test mutating func aRetryReadsAgainAndDecidesAgain() throws {
        bench.publish(define(5), submit("a"))
        bench.answers = [StoreError(.retry, "40001"), StoreError(.retry, "40P01"), nil]
        try turn()
        #expect(bench.trace.filter { $0 == "read 1" }.count == 3)
        #expect(bench.effects == ["commit", "commit", "commit", "ack 2"])
        #expect(bench.state(of: "a") == .confirmed)
    }

    @Test mutating func aRetryThatNeverEndsStops() throws {
        bench.publish(define(5))
        bench.answers = Array(repeating: StoreError(.retry, "40001"), count: 100)
        #expect(throws: TurnFailure.self) { try turn() }
        #expect(bench.trace.filter { $0 == "commit" }.count == 20)
        #expect(!bench.broker.isEmpty(0))
    }

    @Test mutating func deadLettersAreWrittenWithTheBatchAndAcknowledgedAfterIt() throws {
        bench.publish(define(5))
        bench.broker.publish(rubbish(), to: 0)
        bench.publish(submit("a"))
        bench.broker.publish(rubbish("[]"), to: 0)
        try turn()
        #expect(bench.effects == ["commit", "ack 4"])
        #expect(bench.writes[0].deadLetters.map(\.reason) == ["malformed_json", "malformed_json"])
        #expect(bench.writes[0].decision.decided.map(\.token.text) == ["a"])
        #expect(bench.broker.isEmpty(0))
    }

    @Test mutating func aBatchOfRubbishAloneIsWrittenToo() throws {
        bench.broker.publish(rubbish(), to: 0)
        try turn()
        #expect(bench.database.deadLetters.count == 1)
        #expect(worker.head == 0)
        #expect(bench.broker.isEmpty(0))
    }

    @Test(arguments: [0, 1, 249, 250, 373, 498, 499])
    mutating func theCulpritAmongFiveHundredIsFoundAndTheOthersAreDecidedInOrder(_ place: Int) throws {
        bench.publish(define(1_000))
        try turn()
        for number in 0..<500 { bench.publish(submit(number == place ? "bad" : "t\(number)")) }
        bench.refuse = { write in
            write.decision.decided.contains { $0.token.text == "bad" } ? StoreError(.data, "22021") : nil
        }
        try turn()
        #expect(bench.database.deadLetters.map(\.token) == ["bad"])
        #expect(bench.database.deadLetters.map(\.reason) == ["data_error"])
        #expect(bench.database.intents.count == 499)
        #expect(bench.state(of: "bad") == nil)
        #expect(bench.broker.isEmpty(0))
        // Order: the log decides the tokens as they were published.
        let decided = bench.writes.flatMap { $0.events.compactMap(\.token) }
        #expect(decided == (0..<500).filter { $0 != place }.map { "t\($0)" })
        #expect(bench.trace.filter { $0 == "commit" }.count < 25)
        let acknowledged = bench.trace.filter { $0.hasPrefix("ack") }
        #expect(acknowledged == acknowledged.sorted { Int($0.dropFirst(4))! < Int($1.dropFirst(4))! })
    }

    @Test mutating func twoCulpritsAreBothFound() throws {
        bench.publish(define(1_000))
        for number in 0..<64 {
            bench.publish(submit([7, 50].contains(number) ? "bad\(number)" : "t\(number)"))
        }
        bench.refuse = { write in
            write.decision.decided.contains { $0.token.text.hasPrefix("bad") } ? StoreError(.data, "22") : nil
        }
        try turn()
        #expect(bench.database.deadLetters.map(\.token) == ["bad7", "bad50"])
        #expect(bench.database.intents.count == 62)
        #expect(bench.broker.isEmpty(0))
    }

    @Test mutating func aSessionLostWhileHalvingKeepsWhatIsNotDecided() throws {
        bench.publish(define(1_000))
        for number in 0..<7 { bench.publish(submit("t\(number)")) }
        bench.answers = [StoreError(.data, "22"), nil, StoreError(.away, "lost")]
        #expect(throws: TurnFailure.self) { try turn() }
        #expect(bench.effects == ["commit", "commit", "ack 4", "commit"])
        #expect(worker.held.map(\.messageID) == ["t3", "t4", "t5", "t6"])
        bench.database.restart()
        let again = try bench.openStore()
        try worker.adopt(again, now: bench.now())
        try worker.turn(bench, again, source)
        #expect(bench.database.intents.count == 7)
        #expect(bench.broker.isEmpty(0))
    }

    @Test mutating func aBatchIsAtMostAThousand() throws {
        bench.publish(define(5_000))
        for number in 0..<2_500 { bench.publish(submit("t\(number)")) }
        for _ in 0..<3 { try turn() }
        #expect(bench.writes.map(\.events.count) == [1_000, 1_000, 501])
    }

    @Test mutating func anAnswerGoesToTheSenderOfItsCommand() throws {
        var plain = delivery(submit("b"))
        (plain.replyTo, plain.correlationID) = ("other", "c-9")
        bench.broker.publish(rubbish(), to: 0)
        bench.publish(define(5))
        bench.broker.publish(plain, to: 0)
        try turn()
        #expect(bench.writes[0].events.map(\.replyTo) == ["answers", "other"])
        #expect(bench.writes[0].events.map(\.correlationID) == ["define", "c-9"])
    }
}
