import Testing

@testable import WeirPipeline

/// Random histories of the relay, against a broker that loses, refuses and forgets, and a subscriber that applies
/// only `seq = last + 1`.
@Suite struct RelayHistoryTests {
    @Test(arguments: 0..<8) func nothingIsLostAndTheCursorNeverRunsAhead(_ slice: Int) {
        for seed in 0..<100 { history(seed: UInt64(slice * 100 + seed)) }
    }

    private func history(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var relay = EventRelay(published: 0, head: 0)
        var log: [LoggedEvent] = []
        var inFlight: [(seq: Int64, epoch: Int)] = []
        var waiting: [Receipt] = []
        // The naive model: what the subscriber applied, and the cursor as the database knows it.
        var applied: Int64 = 0
        var stored: Int64 = 0
        var now = Duration.zero
        // One body for all events, so that large ones cost no time.
        let model = event(1, bytes: random.one(of: [0, 1_000, EventRelay.memoryLimit / 5]))

        func step(healthy: Bool) {
            now += .milliseconds(Int.random(in: 0...400, using: &random))
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<20 where !healthy:
                let count = Int64.random(in: 1...6, using: &random)
                let start = Int64(log.count) + 1
                let batch = (start..<start + count).map { seq in
                    var event = model
                    event.seq = seq
                    return event
                }
                log += batch
                relay.append(batch)
            case 0..<45:
                for event in relay.takeUnsent(now: now) { inFlight.append((event.seq, relay.epoch)) }
            case 45..<65:
                for _ in 0..<min(inFlight.count, Int.random(in: 1...6, using: &random)) {
                    let (seq, epoch) = inFlight.removeFirst()
                    let isRefused = !healthy && random.chance(6)
                    if !isRefused, seq == applied + 1 { applied = seq }
                    let isHeard = healthy || !random.chance(6)
                    waiting.append(Receipt(epoch: epoch, seq: seq, confirmed: !isRefused && isHeard))
                }
                waiting.shuffle(using: &random)
            case 65..<85:
                let count = Int.random(in: 0...waiting.count, using: &random)
                relay.absorb(Array(waiting.prefix(count)), now: now, jitter: 0.5)
                waiting.removeFirst(count)
            case 85..<92:
                guard let after = relay.missingAfter else { break }
                let limit = Int.random(in: 1...5, using: &random)
                relay.supply(Array(log[Int(after)...].prefix(limit)))
            case 92..<95: stored = relay.published
            case 95..<97 where !healthy:
                // The publishing connection breaks: nobody hears what became of what was under way.
                waiting += inFlight.map { Receipt(epoch: $0.epoch, seq: $0.seq, confirmed: false) }
                inFlight = []
            case 97 where !healthy:
                relay.restart(published: stored, head: Int64(log.count))
            default: break
            }
            if relay.published > applied || relay.head != Int64(log.count) {
                Issue.record("seed \(seed): the cursor is \(relay.published), the subscriber at \(applied)")
            }
        }

        for _ in 0..<300 { step(healthy: false) }
        for _ in 0..<5_000 where !relay.isCaughtUp { step(healthy: true) }
        #expect(relay.published == Int64(log.count), "seed \(seed): the relay stands still")
        #expect(applied == Int64(log.count), "seed \(seed): an event was lost")
    }
}
