import Testing
import WeirCore
import WeirWire

@testable import WeirPipeline
@testable import WeirSimulation

/// A message that carries several commands: each is decided by itself, the message is acknowledged with the last.
@Suite struct BundledDeliveryTests {
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

    private func publish(bundle: [Delivery]) { _ = bench.broker.publish(bundle: bundle, to: 0) }

    @Test mutating func aMessageIsAcknowledgedOnlyWithTheLastOfWhatItCarries() throws {
        bench.publish(define(10))
        publish(bundle: ["a", "b", "c", "d"].map { delivery(submit($0)) })
        // The network brings the definition and half of the bundle.
        bench.arriving = 3
        try turn()
        #expect(bench.state(of: "b") == .confirmed)
        #expect(bench.effects.contains("ack 1"))
        #expect(!bench.effects.contains("ack 2"))
        try turn()
        #expect(bench.effects.last == "ack 2")
        #expect(bench.state(of: "d") == .confirmed)
        #expect(bench.broker.isEmpty(0))
    }

    @Test mutating func aBrokenLineIsADeadLetterAndTheOthersAreDecided() throws {
        bench.publish(define(10))
        publish(bundle: [delivery(submit("a")), rubbish(), delivery(submit("b"))])
        try turn()
        #expect(bench.state(of: "a") == .confirmed)
        #expect(bench.state(of: "b") == .confirmed)
        #expect(bench.database.deadLetters.map { $0.delivery.body } == [Array("{".utf8)])
        #expect(bench.broker.isEmpty(0))
    }

    @Test mutating func theCulpritOfATransactionIsFoundInsideABundle() throws {
        bench.publish(define(10))
        publish(bundle: (0..<8).map { delivery(submit("t\($0)")) })
        bench.refuse = { batch in
            batch.decision.decided.contains { $0.token.text == "t5" } ? StoreError(.data, "22021") : nil
        }
        try turn()
        #expect(bench.database.deadLetters.count == 1)
        for number in 0..<8 where number != 5 { #expect(bench.state(of: "t\(number)") == .confirmed) }
        // Halves that end inside the bundle acknowledge nothing of it.
        #expect(bench.effects.filter { $0.hasPrefix("ack") } == ["ack 1", "ack 2"])
        #expect(bench.broker.isEmpty(0))
    }

    @Test mutating func whatWasDecidedBeforeALossIsKnownWhenTheBundleComesBack() throws {
        bench.publish(define(3))
        publish(bundle: ["a", "b", "c", "d"].map { delivery(submit($0)) })
        bench.arriving = 3
        try turn()
        source.close()
        worker.dropDeliveries()
        bench.arriving = .max
        let next = try bench.openSource()
        try worker.turn(bench, store, next)
        #expect(bench.state(of: "c") == .confirmed)
        #expect(bench.state(of: "d") == .rejected)
        #expect(bench.database.stocks[shoe]?.sold == 3)
        #expect(bench.broker.isEmpty(0))
    }

    @Test mutating func theNextBatchIsTakenWhileTheDatabaseWrites() throws {
        bench.publish(define(10), submit("a"))
        var isFirst = true
        // Something arrives behind the first fill: it is in hand before the commit has returned.
        bench.afterFill = { [bench] in
            guard isFirst else { return }
            isFirst = false
            bench.publish(submit("b"))
        }
        try turn()
        #expect(bench.state(of: "b") == nil)
        #expect(worker.held.map(\.messageID) == ["b"])
        #expect(worker.held.first?.command != nil)
        try turn()
        #expect(bench.state(of: "b") == .confirmed)
        #expect(bench.effects == ["commit", "ack 2", "commit", "ack 3"])
    }
}
