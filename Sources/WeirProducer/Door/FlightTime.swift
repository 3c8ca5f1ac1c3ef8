/// How long flights take, from their departure to their first outcome, and what follows from it for those that could
/// depart. A value without a clock.
///
/// Where everything on the way is at rest, a flight takes as long as the way is. Where something is busy it takes longer,
/// because it waits for other flights; and then fewer and fuller ones serve everybody sooner, since a flight costs much
/// by itself. The difference between the two is the sign (the idea of TCP Vegas, Brakmo and Peterson 1995): it becomes
/// the time that a small flight waits for more.
struct FlightTime: Sendable {
    /// The longest that a small flight waits, in nanoseconds.
    static let mostLinger: UInt64 = 5_000_000
    /// How long the shortest is remembered before it may grow by a sixteenth.
    private static let memory: UInt64 = 1_000_000_000

    /// The shortest of late.
    private var shortest: UInt64 = .max
    private var shortestAt: UInt64 = 0
    /// What they take lately, smoothed.
    private var usual: UInt64 = 0

    /// Takes in how long one took, in nanoseconds.
    mutating func note(_ nanoseconds: UInt64, now: UInt64) {
        usual = usual == 0 ? nanoseconds : usual - usual / 8 + nanoseconds / 8
        if nanoseconds <= shortest {
            shortest = nanoseconds
            shortestAt = now
        } else if now &- shortestAt >= Self.memory {
            shortest += shortest / 16
            shortestAt = now
        }
    }

    /// How long a small flight waits for more, in nanoseconds: what flights take longer than twice the shortest.
    var linger: UInt64 {
        guard shortest < .max, usual / 2 > shortest else { return 0 }
        return min(Self.mostLinger, usual - 2 * shortest)
    }
}
