/// How many intents are let in while the event loop cannot keep up. A value without a clock.
///
/// Requests that the loop has not read yet wait in their sockets, and those that it has read wait for their turn, where
/// ``Congestion`` does not see them. How late the loop is tells how long. When for ``interval`` it has been later than
/// half of the time that the way to the broker may take, fewer are let in than are served, by so much that what is too
/// late is made good within a second; the others are refused at once. When it is in time again, more are let in, bit
/// by bit.
///
/// Never are fewer let in than ``share`` of the best rate lately: the loop may be late for another reason, which
/// refusing does not mend, and a server that refuses everybody would answer fastest.
struct LoadShedder: Sendable {
    /// How late the loop may be before anybody is refused, smoothed, in nanoseconds.
    let tolerance: Double
    /// How late it may be while somebody is refused.
    let goal: Double
    /// How long it must have been too late before anybody is refused.
    static let interval: UInt64 = 300_000_000
    /// How long nobody was refused when all is well again.
    static let calm: UInt64 = 2_000_000_000
    /// The share of the best rate that is let in however late the loop is.
    static let share = 0.6
    /// A loop that is much later than this was stopped, which is no load; in nanoseconds.
    private let latest: UInt64

    /// So many a second are let in at least: a loop that is late for so few is late for another reason.
    var fewest = 1_000.0

    /// How late the loop was in the last tenths of a second, in nanoseconds.
    private(set) var lateness = 0.0
    /// How many a second are let in; nil while all are.
    private(set) var limit: Double?
    /// How many a second were served lately.
    private(set) var rate = 0.0
    /// The most of that; it is forgotten by half in five minutes.
    private(set) var best = 0.0

    /// How many may come through the door until the next look.
    private var permits = 0.0
    /// How many may come in who came by another way, which cannot be told from the door's.
    private var reserve = 0.0
    private var served = 0
    private var lastLook: UInt64 = 0
    private var lateSince: UInt64?
    private var lastRefusal: UInt64 = 0

    /// - Parameter target: how long the way to the broker may take, in nanoseconds.
    init(target: UInt64) {
        tolerance = Double(target) / 2
        goal = Double(target) / 4
        latest = max(1_000_000_000, target)
    }

    /// Whether anybody might be refused.
    var isShedding: Bool { limit != nil }

    /// Whether one who comes to the door at `now` is let through.
    mutating func admits(now: UInt64) -> Bool {
        guard limit != nil else { return true }
        guard permits >= 1 else {
            lastRefusal = now
            return false
        }
        permits -= 1
        return true
    }

    /// Whether some are let in together at `now`, whichever way they came.
    mutating func enters(_ count: Int = 1, now: UInt64) -> Bool {
        guard limit != nil else { return true }
        guard reserve >= 1 else {
            lastRefusal = now
            return false
        }
        // Whoever comes with many at once is let in, and others after him have to wait for it.
        reserve -= Double(count)
        return true
    }

    /// One was served.
    mutating func countServed() { served += 1 }

    /// The loop looked at the clock at `now`, and is late by so many nanoseconds.
    mutating func look(now: UInt64, late: UInt64) {
        defer { lastLook = now }
        guard lastLook > 0, now > lastLook else { return }
        let seconds = Double(now - lastLook) / 1e9
        lateness += (Double(min(late, latest)) - lateness) * min(1, seconds / 0.1)
        measure(seconds)
        if let limit {
            steer(limit, now, seconds)
        } else if lateness <= tolerance {
            lateSince = nil
        } else {
            let since = lateSince ?? now
            lateSince = since
            guard now >= since + Self.interval else { return }
            lastRefusal = now
            admit(rate, seconds)
        }
    }

    private mutating func steer(_ limit: Double, _ now: UInt64, _ seconds: Double) {
        if now >= lastRefusal + Self.calm {
            self.limit = nil
            lateSince = nil
        } else if lateness > goal {
            admit(rate * (1 - min(0.4, (lateness - goal) / 1e9)), seconds)
        } else {
            // Well in time: what made it late is over, and with it the reason to refuse.
            let step = lateness < goal / 4 ? max(best * 0.1, limit * 0.5) : best * 0.1
            admit(limit + step * seconds, seconds)
        }
    }

    /// So many a second from now on; what was not used since the last look, or of the last 100 ms, may be used yet.
    private mutating func admit(_ limit: Double, _ seconds: Double) {
        let limit = max(limit, best * Self.share, fewest)
        self.limit = limit
        permits = min(permits + limit * seconds, limit * max(seconds, 0.1))
        reserve = min(reserve + limit * 1.1 * seconds, limit * 1.1 * max(seconds, 0.2))
    }

    private mutating func measure(_ seconds: Double) {
        rate += (Double(served) / seconds - rate) * min(1, seconds)
        served = 0
        best = max(rate, best * (1 - min(1, seconds) / 430))
    }
}
