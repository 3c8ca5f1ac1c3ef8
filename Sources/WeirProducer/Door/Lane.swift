/// One partition's lane: who waits, and what is under way. A value without a clock.
struct Lane: Sendable {
    /// What a lane does next.
    enum Step {
        /// Has these looked up, who fly then.
        case check([Lanes.Wish])
        /// Looks again after so many nanoseconds.
        case pause(UInt64)
    }

    /// What all lanes keep to.
    struct Rules: Sendable {
        /// The most wishes of a flight.
        let most: Int
        /// After so long without any outcome the worker counts as away, in nanoseconds.
        let silence: UInt64
    }

    /// So many make a full flight: what it costs by itself is then small beside what its wishes cost.
    static let full = 16

    /// The flights of which nothing was heard, the oldest first; a partition decides them in their order.
    private var undecided: [(ids: ClosedRange<UInt64>, count: Int)] = []
    private var undecidedCount = 0
    /// Whether there is a worker, as far as one knows.
    private var isAnswering = true
    /// When an outcome was heard last, or when the first flight departed after all were decided.
    private var signAt: UInt64 = 0

    /// Whether a flight is between its look-up and its landing.
    private var isFlying = false
    /// The ids of the flight that is under way, from the smallest to the greatest.
    private var ids: ClosedRange<UInt64> = 0...0
    private var isHeard = true
    /// When the next flight may depart without an outcome.
    private var quietUntil: UInt64 = 0
    private var isTimed = false
    private var waiting: [Lanes.Wish] = []

    mutating func enter(_ wish: Lanes.Wish) { waiting.append(wish) }

    /// The pause is over.
    mutating func wake() { isTimed = false }

    /// Whether the worker has enough for now.
    private mutating func isCrowded(_ now: UInt64, _ rules: Rules) -> Bool {
        guard isAnswering, undecidedCount > rules.most else { return false }
        // A sign that was given while this one waited for its turn is the later one.
        guard now > signAt, now - signAt >= rules.silence else { return true }
        isAnswering = false
        undecided = []
        undecidedCount = 0
        return false
    }

    /// An outcome was heard. Whoever hears of one flight knows that those before it are decided as well.
    mutating func hear(_ id: UInt64, now: UInt64) {
        if ids.contains(id) { isHeard = true }
        isAnswering = true
        signAt = now
        guard let place = undecided.firstIndex(where: { $0.ids.contains(id) }) else { return }
        undecidedCount -= undecided[...place].reduce(0) { $0 + $1.count }
        undecided.removeSubrange(...place)
    }

    /// The broker has the flight; `isOver` when it reached nobody.
    mutating func land(now: UInt64, isOver: Bool) {
        isFlying = false
        quietUntil = now + Lanes.patienceNanoseconds
        guard isOver else { return }
        isHeard = true
        guard let last = undecided.last, last.ids == ids else { return }
        undecided.removeLast()
        undecidedCount -= last.count
    }

    /// What it does next; nil when it only waits for something to happen.
    mutating func next(_ now: UInt64, _ rules: Rules) -> Step? {
        guard !isFlying, !waiting.isEmpty else { return nil }
        let isCrowded = isCrowded(now, rules)
        guard !isCrowded, isHeard || now >= quietUntil || waiting.count >= enough(rules) else {
            return pause(isCrowded ? Lanes.patienceNanoseconds : quietUntil - now)
        }
        isFlying = true
        let flight = waiting.count > rules.most ? Array(waiting.prefix(rules.most)) : waiting
        waiting.removeFirst(flight.count)
        return .check(flight)
    }

    /// So many need not wait until the flight before them is decided: they are as many as all of whom nothing was heard,
    /// so that flights do not get smaller by it, and the worker finds them at hand when it is done.
    private func enough(_ rules: Rules) -> Int {
        isAnswering ? min(rules.most, max(Self.full, undecidedCount)) : rules.most
    }

    private mutating func pause(_ nanoseconds: UInt64) -> Step? {
        guard !isTimed else { return nil }
        isTimed = true
        return .pause(nanoseconds)
    }

    /// Of a flight that was looked up, nobody knows these: they depart.
    mutating func depart(_ flight: [Lanes.Wish], _ now: UInt64) {
        guard let first = flight.first else {
            isFlying = false
            return
        }
        isHeard = false
        ids = flight.reduce(first.id...first.id) {
            min($0.lowerBound, $1.id)...max($0.upperBound, $1.id)
        }
        if isAnswering {
            if undecided.isEmpty { signAt = now }
            undecided.append((ids, flight.count))
            undecidedCount += flight.count
        }
    }
}
