import Testing

@testable import WeirIngress

/// The door's own limit, by a clock that the test turns: who comes, and how fast those inside come through.
@Suite struct CongestionTests {
    private static let millisecond: UInt64 = 1_000_000

    /// A door that serves so many a second, one after the other, and what became of those who came.
    private struct Door {
        var congestion = Congestion(target: 100_000_000)
        var queue: [UInt64] = []
        var (served, refused) = (0, 0)
        var longest: UInt64 = 0
        /// Milliseconds since the beginning.
        var clock: UInt64 = 10_000

        /// Runs for so many milliseconds; `arriving` and `serving` are thousandths of a request a millisecond.
        mutating func run(_ milliseconds: Int, arriving: Int, serving: Int) {
            var (owed, able) = (0, 0)
            for _ in 0..<milliseconds {
                clock += 1
                let now = clock * CongestionTests.millisecond
                owed += arriving
                able += serving
                while able >= 1_000 {
                    able -= 1_000
                    guard !queue.isEmpty else { continue }
                    let entered = queue.removeFirst()
                    longest = max(longest, now - entered)
                    congestion.leave(entered: entered, now: now)
                    served += 1
                }
                while owed >= 1_000 {
                    owed -= 1_000
                    if congestion.enter(now: now) { queue.append(now) } else { refused += 1 }
                }
            }
        }
    }

    @Test func whatCanBeCarriedIsNeverRefused() {
        var door = Door()
        door.run(20_000, arriving: 4_500, serving: 5_000)
        #expect(door.refused == 0 && door.served > 89_000)
    }

    @Test func aBurstIsLetInAndServed() {
        var door = Door()
        door.run(1_000, arriving: 1_000, serving: 5_000)
        // For 100 ms five times of what can be carried: 400 ms of work.
        door.run(100, arriving: 25_000, serving: 5_000)
        door.run(2_000, arriving: 1_000, serving: 5_000)
        #expect(door.refused == 0)
    }

    @Test func underTwiceTheLoadItServesAsMuchAsBeforeAndTheQueueStaysShort() {
        var door = Door()
        door.run(3_000, arriving: 10_000, serving: 5_000)
        (door.served, door.refused, door.longest) = (0, 0, 0)
        door.run(20_000, arriving: 10_000, serving: 5_000)
        #expect(door.served > 98_000)
        #expect(door.refused > 95_000)
        #expect(door.longest < 250 * Self.millisecond)
        #expect(door.queue.count <= Congestion.fewest)
        // When the rush is over everybody is let in again.
        door.run(2_000, arriving: 1_000, serving: 5_000)
        #expect(door.congestion.limit == nil)
        door.refused = 0
        door.run(100, arriving: 20_000, serving: 5_000)
        #expect(door.refused == 0)
    }

    @Test func whenNobodyComesThroughAnyMoreOnlyAFewAreLetIn() {
        var door = Door()
        door.run(1_000, arriving: 1_000, serving: 5_000)
        door.run(500, arriving: 1_000, serving: 0)
        #expect(door.refused == 0)
        door.run(3_000, arriving: 1_000, serving: 0)
        #expect(door.refused > 2_000 && door.queue.count <= Congestion.fewest)
        door.run(3_000, arriving: 1_000, serving: 5_000)
        #expect(door.congestion.limit == nil && door.queue.count < 10)
    }

    @Test func capacityThatChangesIsFollowed() {
        var door = Door()
        door.run(5_000, arriving: 10_000, serving: 5_000)
        (door.served, door.refused) = (0, 0)
        door.run(5_000, arriving: 10_000, serving: 8_000)
        #expect(door.served > 38_000)
        door.run(3_000, arriving: 10_000, serving: 1_000)
        (door.longest, door.served) = (0, 0)
        door.run(5_000, arriving: 10_000, serving: 1_000)
        #expect(door.longest < 1_100 * Self.millisecond && door.served >= 4_999)
        door.run(5_000, arriving: 60_000, serving: 30_000)
        (door.longest, door.served) = (0, 0)
        door.run(5_000, arriving: 60_000, serving: 30_000)
        #expect(door.longest < 150 * Self.millisecond && door.served > 149_000)
    }
}
