import Synchronization
import WeirCore
import WeirWire

/// Where wishes wait for the ones before them: a lane for each partition, in which a flight departs when the broker has
/// taken the one before it and its first outcome was heard: a partition is decided by one thread, and what reached it
/// earlier would only wait there, alone. A wish that comes into an empty lane flies at once; in a rush the flights fill up
/// by themselves, and cost a query and a message a flight, not a wish. As many as are under way need not wait for them:
/// their flight is full by itself, and the worker finds it at hand when it is done with the one before.
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

    /// Who takes over what leaves a lane. In a struct, because a bare closure is wrapped anew by each look.
    struct Crew: Sendable {
        /// Looks wishes up and says which may depart, with ``Lanes/clear(_:partition:)``.
        let check: @Sendable ([Wish], _ partition: Int) -> Void
        /// Publishes a flight and says when it has landed, with ``Lanes/land(partition:isOver:)``.
        let depart: @Sendable ([Wish], _ partition: Int) -> Void
    }

    private let lanes: Mutex<[Lane]>
    private let rules: Lane.Rules
    /// Calls back after so many nanoseconds.
    private let schedule: @Sendable (UInt64, @escaping @Sendable () -> Void) -> Void
    private let crew = Mutex<Crew?>(nil)

    init(
        partitions: Int, most: Int, silence: UInt64 = Lanes.silenceNanoseconds,
        schedule: @escaping @Sendable (UInt64, @escaping @Sendable () -> Void) -> Void
    ) {
        lanes = Mutex(Array(repeating: Lane(), count: partitions))
        rules = Lane.Rules(most: most, silence: silence)
        self.schedule = schedule
    }

    /// Says who takes over what leaves the lanes.
    func open(_ crew: Crew) { self.crew.withLock { $0 = crew } }

    /// Lets a wish in.
    func enter(_ wish: Wish, partition: Int) {
        change(partition) { lane, _ in lane.enter(wish) }
    }

    /// A flight was looked up, and these of it may depart.
    func clear(_ flight: [Wish], partition: Int) {
        change(partition) { lane, now in lane.depart(flight, now) }
        if !flight.isEmpty { crew.withLock { $0 }?.depart(flight, partition) }
    }

    /// The flight was handed to the broker, or is over without that.
    func land(partition: Int, isOver: Bool) {
        change(partition) { lane, now in lane.land(now: now, isOver: isOver) }
    }

    /// Outcomes of a partition were heard.
    func hear(_ ids: [UInt64], partition: Int) {
        guard !ids.isEmpty else { return }
        change(partition) { lane, now in
            for id in ids { lane.hear(id, now: now) }
        }
    }

    private func change(_ partition: Int, _ change: (inout Lane, _ now: UInt64) -> Void) {
        let now = monotonicNanoseconds()
        let step = lanes.withLock { lanes in
            change(&lanes[partition], now)
            return lanes[partition].next(now, rules)
        }
        switch step {
        case .check(let wishes): crew.withLock { $0 }?.check(wishes, partition)
        case .pause(let nanoseconds):
            schedule(nanoseconds) { [weak self] in self?.change(partition) { lane, _ in lane.wake() } }
        case nil: break
        }
    }
}
