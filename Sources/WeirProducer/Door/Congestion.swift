import WeirWire

/// Whether a partition's way through the door has become too long for newcomers: then they are refused at once, while
/// those who are inside are served as fast as before. A value without a clock.
///
/// A rush is let in: whoever comes then waits a little, and is served. What is refused is a standing queue, which no
/// burst explains (the idea of CoDel, RFC 8289): when for ``interval`` nobody came through in less than ``target``,
/// only as many are let in as come through in the target time, by the rate at which they did so lately (Little's law),
/// but never fewer than ``fewest``. That holds until for ``calm`` nobody had to be refused.
///
/// `fewest` is two full flights: one under way, and one to depart as soon as it lands. A partition cannot carry more
/// than that at a time, so the limit costs no throughput, however slow the broker's disk is.
struct Congestion: Sendable {
    /// How long the way through the door may take for long, in nanoseconds.
    let target: UInt64
    /// How long it must have taken longer before anybody is refused.
    static let interval: UInt64 = 500_000_000
    /// How long nobody was refused when all is well again.
    static let calm: UInt64 = 1_000_000_000
    /// So many may always be inside.
    static let fewest = 2 * Bundle.most
    /// How often the rate is measured.
    private static let window: UInt64 = 100_000_000

    /// How many are inside.
    private(set) var inside = 0
    /// The most that may be inside; nil while all are let in.
    private(set) var limit: Int?
    /// How many a second came through lately.
    private(set) var rate = 0.0

    private var left = 0
    private var windowBegan: UInt64 = 0
    /// Since when everybody took longer than the target; nil when the last one did not.
    private var slowSince: UInt64?
    /// Since when nobody came through although somebody was inside.
    private var stillSince: UInt64 = 0
    private var lastRefusal: UInt64 = 0

    init(target: UInt64) { self.target = target }

    /// Whether anybody might be refused at `now`: while not, ``refuses(now:)`` says no.
    func isWary(now: UInt64) -> Bool { limit != nil || hasStoodStill(now) }

    private func hasStoodStill(_ now: UInt64) -> Bool {
        inside > 0 && now &- stillSince >= target + Self.interval
    }

    /// Whether one who comes at `now` is refused; if so, he was here, and need not enter.
    mutating func refuses(now: UInt64) -> Bool {
        measure(now)
        if hasStoodStill(now) { restrict(now) }
        guard let limit, inside >= limit else { return false }
        lastRefusal = now
        return true
    }

    /// Lets one in at `now`, or refuses.
    mutating func enter(now: UInt64) -> Bool {
        if refuses(now: now) { return false }
        if limit != nil, now &- lastRefusal >= Self.calm {
            limit = nil
            slowSince = nil
        }
        if inside == 0 { stillSince = now }
        inside += 1
        return true
    }

    /// Takes one out who came in at `entered`.
    mutating func leave(entered: UInt64, now: UInt64) {
        inside -= 1
        left += 1
        stillSince = now
        measure(now)
        guard now &- entered >= target else {
            slowSince = nil
            return
        }
        let since = slowSince ?? now
        slowSince = since
        if now &- since >= Self.interval { restrict(now) }
    }

    private mutating func restrict(_ now: UInt64) {
        if limit == nil { lastRefusal = now }
        limit = max(Self.fewest, Int(rate * Double(target) / 1e9))
    }

    private mutating func measure(_ now: UInt64) {
        let elapsed = now &- windowBegan
        guard elapsed >= Self.window else { return }
        let measured = Double(left) / (Double(elapsed) / 1e9)
        // After a pause the past says nothing.
        rate = elapsed > 10 * Self.window ? measured : rate * 0.7 + measured * 0.3
        left = 0
        windowBegan = now
        if limit != nil { restrict(now) }
    }
}
