import Testing
import WeirCore

@testable import WeirPipeline
@testable import WeirSimulation

/// An owner opens the session before the consumer, and closes the consumer before the session.
@Suite struct OwnerTests {
    private let bench = Bench()
    private let owner: PartitionOwner<Bench>

    init() { owner = PartitionOwner(bench, partition: 0, of: bench.partitioning) }

    @Test func theLockComesBeforeTheConsumer() {
        run(3)
        #expect(bench.trace.filter { $0.hasPrefix("open") } == ["open store", "open source"])
        guard case .owning(let head)? = bench.reports.first else { Issue.record("no report"); return }
        #expect(head == 0)
    }

    @Test func whoFindsTheLockTakenStandsDownAndConsumesNothing() throws {
        let other = try bench.database.openSession(partition: 0)
        #expect(owner.step() == .released)
        #expect(owner.step() == .released)
        #expect(!bench.trace.contains("open source"))
        other.close()
        #expect(owner.step() == .running)
    }

    @Test func aReleaseClosesTheConsumerThenWritesTheCursorThenGivesTheLock() {
        bench.publish(define(5))
        run(3)
        bench.trace = []
        owner.release()
        #expect(bench.trace == ["close source", "commit", "close store"])
        #expect(bench.database.heads[0]?.published == 1)
    }

    @Test func aReleaseWaitsForConfirmsAndNotForever() {
        bench.sink.confirms = nil
        bench.publish(define(5))
        run(3)
        let start = bench.time
        owner.release(settle: .milliseconds(200))
        #expect(bench.time - start >= .milliseconds(200) && bench.time - start < .milliseconds(300))
        #expect(bench.database.heads[0]?.published == 0)
        #expect(bench.effects.suffix(2) == ["close source", "close store"])
    }

    @Test func aReleaseInTroubleGivesTheLockAllTheSame() {
        bench.publish(define(5))
        run(3)
        bench.answers = [StoreError(.away, "lost")]
        owner.release()
        #expect(bench.trace.suffix(1) == ["close store"])
        #expect(throws: Never.self) { try bench.database.openSession(partition: 0) }
    }

    @Test func whatWasNotDecidedComesBackAfterARelease() {
        run(3)
        bench.publish(define(5), submit("a"))
        bench.answers = [StoreError(.away, "lost")]
        _ = owner.step()
        owner.release()
        run(20)
        #expect(bench.state(of: "a") == .confirmed)
        #expect(bench.broker.isEmpty(0))
    }

    @Test func whoLostThePartitionStandsDownWithoutAWrite() {
        run(3)
        bench.publish(define(5))
        bench.database.heads[0] = (9, 0)
        bench.trace = []
        #expect(owner.step() == .released)
        #expect(bench.effects == ["close source", "close store"])
        #expect(!bench.broker.isEmpty(0))
    }

    @Test(arguments: [StoreError.Kind.bug, .otherDatabase, .retry])
    func whatOnlyAPersonCanMendStopsThePartition(_ kind: StoreError.Kind) {
        run(3)
        bench.publish(define(5))
        bench.refuse = { _ in StoreError(kind, "says no") }
        guard case .stopped(let message) = owner.step() else { Issue.record("goes on"); return }
        #expect(message.contains("says no") && message.contains("nothing is lost"))
        #expect(bench.effects.suffix(2) == ["close source", "close store"])
        #expect(!bench.broker.isEmpty(0))
        #expect(bench.reports.contains { if case .stopped = $0 { true } else { false } })
    }

    @Test(arguments: [StoreError.Kind.bug, .otherDatabase])
    func anotherDatabaseIsNotTouched(_ kind: StoreError.Kind) {
        bench.storeTrouble = StoreError(kind, "another timeline")
        #expect(owner.step() == .stopped("another timeline"))
        #expect(bench.trace.isEmpty)
    }

    @Test func anotherDatabaseBehindALostSessionEndsTheConsumer() {
        run(3)
        bench.database.restart()
        bench.storeTrouble = StoreError(.otherDatabase, "another timeline")
        while bench.time < .seconds(4) {
            if owner.step() != .running { break }
        }
        #expect(bench.effects.suffix(2) == ["close store", "close source"])
    }

    @Test func whoFindsTheLockTakenAfterALostSessionClosesItsConsumer() throws {
        run(3)
        bench.database.restart()
        let other = try bench.database.openSession(partition: 0)
        while bench.time < .seconds(4) {
            if owner.step() == .released { break }
        }
        #expect(bench.effects.suffix(2) == ["close store", "close source"])
        other.close()
    }

    @Test func aLostConsumerIsReplacedAndWhatItDeliveredIsDecided() {
        run(3)
        bench.publish(define(5), submit("a"))
        bench.answers = [StoreError(.away, "lost")]
        _ = owner.step()
        bench.sourceFails = true
        run(20)
        #expect(bench.trace.filter { $0 == "open source" }.count == 2)
        #expect(bench.state(of: "a") == .confirmed)
        #expect(bench.database.intents.count == 1)
        #expect(bench.broker.isEmpty(0))
    }

    @Test func aConsumerLostAtTheAcknowledgementDecidesNothingTwice() {
        bench.publish(define(5), submit("a"))
        run(2)
        bench.afterFill = { [bench] in bench.sourceFails = true }
        _ = owner.step()
        bench.afterFill = {}
        #expect(bench.state(of: "a") == .confirmed)
        run(20)
        #expect(bench.database.stocks[shoe]?.sold == 1)
        #expect(bench.broker.isEmpty(0))
    }

    private func run(_ steps: Int) { for _ in 0..<steps { _ = owner.step() } }
}
