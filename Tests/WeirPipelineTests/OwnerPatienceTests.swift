import Testing
import WeirCore

@testable import WeirPipeline
@testable import WeirSimulation

/// Five seconds without a session close the consumer, five without a consumer give the lock back.
@Suite struct OwnerPatienceTests {
    private let bench = Bench()
    private let owner: PartitionOwner<Bench>

    init() { owner = PartitionOwner(bench, partition: 0, of: bench.partitioning) }

    @Test func aConsumerIsKeptFiveSecondsWithoutASession() {
        run(3)
        let lastContact = bench.time
        _ = loseSession()
        while bench.trace.last != "close source", bench.time < .seconds(20) {
            #expect(owner.step() == .running)
        }
        #expect(bench.time - lastContact >= .seconds(5) && bench.time - lastContact < .milliseconds(5_500))
        #expect(bench.trace.contains("pump"))
    }

    /// A network that swallows everything: the ping's answer is waited for in vain, and the lock is somebody else's.
    @Test func aLossThatIsNoticedLateClosesTheConsumerBeforeAnythingElse() {
        run(3)
        bench.database.restart()
        bench.storeTrouble = StoreError(.away, "down")
        bench.beforePing = { [bench] in bench.pass(.seconds(6)) }
        while bench.trace.last != "close store", bench.time < .seconds(20) { _ = owner.step() }
        bench.trace = []
        _ = owner.step()
        #expect(bench.trace == ["close source"])
    }

    @Test func aSessionThatComesBackInTimeKeepsTheConsumer() {
        run(3)
        let lost = loseSession()
        while bench.time - lost < .milliseconds(4_500) { _ = owner.step() }
        bench.storeTrouble = nil
        let start = bench.time
        while bench.trace.last != "open store", bench.time - start < .seconds(6) { _ = owner.step() }
        #expect(!bench.trace.contains("close source") || bench.time - lost >= .seconds(4))
        bench.publish(define(1))
        run(20)
        #expect(bench.database.stocks[shoe] != nil)
    }

    @Test func aLockIsKeptFiveSecondsWithoutAConsumer() {
        bench.sourceTrouble = SourceError("the broker is away")
        _ = owner.step()
        let start = bench.time
        var status = PartitionOwner<Bench>.Status.running
        while status == .running, bench.time < .seconds(20) { status = owner.step() }
        #expect(status == .released)
        #expect(bench.trace.last == "close store")
        #expect(bench.time - start >= .seconds(5) && bench.time - start < .milliseconds(5_500))
        // Meanwhile the session shows that it is alive.
        #expect(bench.trace.filter { $0 == "ping" }.count >= 5)
    }

    @Test func aLostConsumerCountsFromItsLoss() {
        run(3)
        while bench.time < .seconds(60) { _ = owner.step() }
        bench.sourceTrouble = SourceError("the broker is away")
        bench.sourceFails = true
        let start = bench.time
        while owner.step() == .running, bench.time < .seconds(80) {}
        #expect(bench.time - start >= .seconds(5) && bench.time - start < .milliseconds(6_600))
    }

    @Test func aSessionLostWhileTheConsumerIsAwayIsReplaced() {
        run(1)
        bench.sourceTrouble = SourceError("the broker is away")
        bench.pingTrouble = StoreError(.away, "lost")
        run(3)
        bench.pingTrouble = nil
        bench.sourceTrouble = nil
        bench.publish(define(1))
        run(40)
        #expect(bench.database.stocks[shoe] != nil)
    }

    @Test func longTroubleEndsByItself() {
        run(3)
        bench.publish(define(5), submit("a"))
        _ = loseSession()
        while bench.time < .seconds(120) { _ = owner.step() }
        bench.storeTrouble = nil
        while bench.time < .seconds(135), bench.state(of: "a") == nil { _ = owner.step() }
        #expect(bench.state(of: "a") == .confirmed)
        #expect(bench.database.deadLetters.isEmpty)
    }

    @Test(arguments: [0.0, 0.5, 0.999_999])
    func attemptsAreSpreadAndNeverMoreThanFiveSecondsApart(_ jitter: Double) {
        bench.jitterValue = jitter
        bench.storeTrouble = StoreError(.away, "down")
        var attempts: [Duration] = []
        while bench.time < .seconds(60) {
            let before = bench.reports.count
            let now = bench.time
            _ = owner.step()
            if bench.reports.count > before { attempts.append(now) }
        }
        let pauses = zip(attempts, attempts.dropFirst()).map { $1 - $0 }
        #expect(pauses.allSatisfy { $0 >= .milliseconds(50) && $0 <= .milliseconds(5_050) })
        #expect(pauses.count > 8)
        // Who draws a small number comes back early: that is what spreads them.
        #expect(pauses.allSatisfy { $0 <= .seconds(5) * jitter + .milliseconds(300) })
        if jitter > 0 { #expect((pauses.first ?? .zero) < (pauses.last ?? .zero)) }
    }

    @Test func aBackoffGrowsWithinItsBounds() {
        #expect(backoff(failures: 0, jitter: 0) == .milliseconds(50))
        #expect(backoff(failures: 0, jitter: 0.5) == .milliseconds(100))
        #expect(backoff(failures: 3, jitter: 0.5) == .milliseconds(450))
        for failures in [6, 7, 62, 63, 64, 1_000, .max] {
            #expect(backoff(failures: failures, jitter: 0) == .milliseconds(50))
            #expect(backoff(failures: failures, jitter: 0.999_999) <= .milliseconds(5_050))
            #expect(backoff(failures: failures, jitter: 0.5) == .milliseconds(2_550))
        }
    }

    private func loseSession() -> Duration {
        bench.database.restart()
        bench.storeTrouble = StoreError(.away, "down")
        // The loss is noticed with the next ping.
        while bench.trace.last != "close store", bench.time < .seconds(10) { _ = owner.step() }
        bench.trace = []
        return bench.time
    }

    private func run(_ steps: Int) { for _ in 0..<steps { _ = owner.step() } }
}
