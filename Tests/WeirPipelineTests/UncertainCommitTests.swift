import Testing
import WeirCore
import WeirWire

@testable import WeirPipeline
@testable import WeirSimulation

/// After a COMMIT whose answer was lost, nothing is believed and everything is read again.
@Suite struct UncertainCommitTests {
    private let bench = Bench()
    private let owner: PartitionOwner<Bench>

    init() { owner = PartitionOwner(bench, partition: 0, of: bench.partitioning) }

    @Test(arguments: [Disturbance.before, .after])
    func whatWasInHandIsDecidedOnceWhetherItTookEffectOrNot(_ disturbance: Disturbance) throws {
        run(5)
        bench.publish(define(10), submit("a", 3), submit("b", 4))
        disturbNextCommit(disturbance)
        run(20)
        #expect(bench.state(of: "a") == .confirmed)
        #expect(bench.state(of: "b") == .confirmed)
        #expect(bench.database.stocks[shoe]?.available == 3)
        #expect(bench.broker.isEmpty(0))
        // The consumer stayed, the session was replaced, and the tokens were read again in it.
        #expect(bench.trace.filter { $0 == "open source" }.count == 1)
        #expect(bench.trace.filter { $0 == "open store" }.count == 2)
        #expect(bench.trace.filter { $0 == "read 2" }.count == 2)
    }

    @Test func whenItTookEffectTheSecondDecisionRepeatsTheFirst() throws {
        run(5)
        bench.publish(define(1), submit("a"))
        disturbNextCommit(.after)
        run(20)
        let types = bench.database.logs[0, default: []].map(\.type)
        let repeated = Array(repeating: "weir.command.answered.v1", count: 2)
        #expect(
            types == ["weir.sku.defined.v1", "weir.intent.confirmed.v1", "weir.sku.sold_out.v1"] + repeated)
        #expect(bench.database.intents.count == 1)
        #expect(bench.database.stocks[shoe]?.sold == 1)
    }

    @Test func anotherOwnerThatMovedTheHeadToTheSameValueChangesNothing() throws {
        bench.publish(define(10))
        run(5)
        bench.publish(submit("a", 2))
        // Our COMMIT is lost without an effect; another owner decides one event meanwhile: the head is the same.
        disturbNextCommit(.before)
        _ = owner.step()
        let other = try bench.database.openSession(partition: 0)
        var snapshot = try other.read(SnapshotRequest(for: [submit("z", 5)], dueUntil: nil))
        snapshot.now = bench.database.now
        let decision = decide([submit("z", 5)], in: snapshot)
        var write = BatchWrite(
            headBefore: snapshot.head, decision: decision, at: snapshot.now, published: 1)
        write.events = decision.events.map { event in
            LoggedEvent(
                seq: event.seq, at: event.at, type: event.happening.type, sku: "shoe", token: "z",
                replyTo: nil, correlationID: nil, body: event.happening.body(partition: 0))
        }
        try other.commit(write)
        other.close()
        run(20)
        #expect(bench.state(of: "a") == .confirmed)
        #expect(bench.database.stocks[shoe]?.available == 3)
        #expect(bench.database.logs[0]?.map(\.seq) == Array(1...3))
        #expect(Set(bench.sink.sent.map(\.seq)) == [1, 2, 3])
    }

    @Test func aLostAnswerIsNeverAnAcknowledgement() throws {
        run(5)
        bench.publish(define(10))
        disturbNextCommit(.after)
        _ = owner.step()
        #expect(!bench.trace.contains { $0.hasPrefix("ack") })
        #expect(!bench.broker.isEmpty(0))
        bench.storeTrouble = StoreError(.away, "down")
        for _ in 0..<50 { _ = owner.step() }
        #expect(!bench.broker.isEmpty(0))
        bench.storeTrouble = nil
        run(200)
        #expect(bench.broker.isEmpty(0))
    }

    private func run(_ steps: Int) { for _ in 0..<steps { _ = owner.step() } }

    /// The next COMMIT has its effect or not, and nobody hears of it.
    private func disturbNextCommit(_ disturbance: Disturbance) {
        bench.onCommit = { [bench] store in
            bench.onCommit = { _ in }
            store.inner.disturb = { $0 == .commit ? disturbance : .none }
        }
    }
}
