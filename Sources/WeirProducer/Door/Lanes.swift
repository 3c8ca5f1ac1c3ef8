import Synchronization
import WeirCore
import WeirWire

/// Where wishes wait for the ones before them: a lane for each partition, in which one flight is under way at a time.
///
/// A flight is over when the broker has taken it and its first outcome was heard: a partition is decided by one
/// thread, and what reached it earlier would only wait there, alone. A wish that comes into an empty lane flies at
/// once; in a rush the flights fill up by themselves, and cost a query and a message a flight, not a wish.
///
/// Before wishes fly their tokens are looked up, all together and once a flight: to begin with that while the flight
/// before is being decided would save its time, but in a rush it makes two or three small look-ups of one.
///
/// While the worker answers, it is given no more than it can take up next: two full flights are with it at most, one
/// that is being decided and one at hand. What is more waits in the lane, where ``Congestion`` sees it; otherwise the
/// partition's queue would take whatever comes, and those who wait for outcomes would wait for ever longer. A worker
/// that says nothing for long is away: then the queue takes everything, as it is meant to.
package final class Lanes: Sendable {
    /// A wish on its way.
    package struct Wish: Sendable {
        package let submit: Submit
        /// The id of its request, which its outcome is heard by.
        package let id: UInt64
        /// Its sender's trace.
        let trace: TraceParent?
        /// When it came, in monotonic nanoseconds.
        let since: UInt64
        let door: Awaited<DoorEnding>
    }

    /// How long a flight that has landed keeps the next one waiting when no outcome is heard: the worker may be away,
    /// or busy with what others have sent.
    static let patienceNanoseconds: UInt64 = 5_000_000

    /// After so long without any outcome the worker counts as away.
    static let silenceNanoseconds: UInt64 = 1_000_000_000

    private struct Lane {
        /// The flights of which nothing was heard, the oldest first; a partition decides them in their order.
        var undecided: [(ids: ClosedRange<UInt64>, count: Int)] = []
        var undecidedCount = 0
        /// Whether there is a worker, as far as one knows.
        var isAnswering = true
        /// When an outcome was heard last, or when the first flight departed after all were decided.
        var signAt: UInt64 = 0

        /// Whether a flight is between its look-up and its landing.
        var isFlying = false
        /// The ids of the flight that is under way, from the smallest to the greatest.
        var ids: ClosedRange<UInt64> = 0...0
        var isHeard = true
        /// When the next flight may depart without an outcome.
        var quietUntil: UInt64 = 0
        var isTimed = false
        var waiting: [Wish] = []

        /// Whether the worker has enough for now.
        mutating func isCrowded(_ now: UInt64, most: Int, silence: UInt64) -> Bool {
            guard isAnswering, undecidedCount > most else { return false }
            guard now &- signAt >= silence else { return true }
            isAnswering = false
            undecided = []
            undecidedCount = 0
            return false
        }

        /// Whoever hears of one flight knows that those before it are decided as well.
        mutating func hear(_ id: UInt64, now: UInt64) {
            if ids.contains(id) { isHeard = true }
            isAnswering = true
            signAt = now
            guard let place = undecided.firstIndex(where: { $0.ids.contains(id) }) else { return }
            undecidedCount -= undecided[...place].reduce(0) { $0 + $1.count }
            undecided.removeSubrange(...place)
        }

        /// The flight that departed last reached nobody.
        mutating func takeBack() {
            isHeard = true
            guard let last = undecided.last, last.ids == ids else { return }
            undecided.removeLast()
            undecidedCount -= last.count
        }

        mutating func next(_ now: UInt64, most: Int, silence: UInt64) -> Step? {
            guard !isFlying, !waiting.isEmpty else { return nil }
            let isCrowded = isCrowded(now, most: most, silence: silence)
            guard isCrowded || !(isHeard || now >= quietUntil || waiting.count >= most) else {
                isFlying = true
                let flight = waiting.count > most ? Array(waiting.prefix(most)) : waiting
                waiting.removeFirst(flight.count)
                return .check(flight)
            }
            guard !isTimed else { return nil }
            isTimed = true
            return .pause(isCrowded ? Lanes.patienceNanoseconds : quietUntil - now)
        }

        /// Of a flight that was looked up, nobody knows these.
        mutating func depart(_ flight: [Wish], _ now: UInt64) {
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

    /// What a lane does next.
    private enum Step {
        case check([Wish])
        /// To look again after so many nanoseconds.
        case pause(UInt64)
    }

    /// Who takes over what leaves a lane. In a struct, because a bare closure is wrapped anew by each look.
    struct Crew: Sendable {
        /// Looks wishes up and says which may depart, with ``Lanes/clear(_:partition:)``.
        let check: @Sendable ([Wish], _ partition: Int) -> Void
        /// Publishes a flight and says when it has landed, with ``Lanes/land(partition:isOver:)``.
        let depart: @Sendable ([Wish], _ partition: Int) -> Void
    }

    private let lanes: Mutex<[Lane]>
    /// The most wishes of a flight.
    private let most: Int
    private let silence: UInt64
    /// Calls back after so many nanoseconds.
    private let schedule: @Sendable (UInt64, @escaping @Sendable () -> Void) -> Void
    private let crew = Mutex<Crew?>(nil)

    init(
        partitions: Int, most: Int, silence: UInt64 = Lanes.silenceNanoseconds,
        schedule: @escaping @Sendable (UInt64, @escaping @Sendable () -> Void) -> Void
    ) {
        lanes = Mutex(Array(repeating: Lane(), count: partitions))
        self.most = most
        self.silence = silence
        self.schedule = schedule
    }

    /// Says who takes over what leaves the lanes.
    func open(_ crew: Crew) { self.crew.withLock { $0 = crew } }

    /// Lets a wish in.
    func enter(_ wish: Wish, partition: Int) {
        change(partition) { $0.waiting.append(wish) }
    }

    /// A flight was looked up, and these of it may depart.
    func clear(_ flight: [Wish], partition: Int) {
        let now = monotonicNanoseconds()
        change(partition) { $0.depart(flight, now) }
        if !flight.isEmpty { crew.withLock { $0 }?.depart(flight, partition) }
    }

    /// The flight was handed to the broker, or is over without that.
    func land(partition: Int, isOver: Bool) {
        let now = monotonicNanoseconds()
        change(partition) { lane in
            lane.isFlying = false
            lane.quietUntil = now + Self.patienceNanoseconds
            if isOver { lane.takeBack() }
        }
    }

    /// Outcomes of a partition were heard.
    func hear(_ ids: [UInt64], partition: Int) {
        guard !ids.isEmpty else { return }
        let now = monotonicNanoseconds()
        change(partition) { lane in
            for id in ids { lane.hear(id, now: now) }
        }
    }

    private func change(_ partition: Int, _ change: (inout Lane) -> Void) {
        let now = monotonicNanoseconds()
        let step = lanes.withLock { lanes in
            change(&lanes[partition])
            return lanes[partition].next(now, most: most, silence: silence)
        }
        switch step {
        case .check(let wishes): crew.withLock { $0 }?.check(wishes, partition)
        case .pause(let nanoseconds):
            schedule(nanoseconds) { [weak self] in self?.change(partition) { $0.isTimed = false } }
        case nil: break
        }
    }
}
