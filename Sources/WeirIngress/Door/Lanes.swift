import Synchronization
import WeirCore
import WeirWire

/// Where wishes wait for the ones before them: a lane for each partition, in which one flight is under way at a time.
///
/// A flight is what waited when the last one was over; its tokens are looked up by one query, and what is unknown is
/// published in one message. It is over when the broker has taken it and its first outcome was heard: a partition is
/// decided by one thread, and what reached it earlier would only wait there, alone. A wish that comes into an empty
/// lane flies at once; in a rush the flights fill up by themselves, and cost a query and a message a flight, not
/// a wish.
final class Lanes: Sendable {
    /// A wish on its way.
    struct Wish: Sendable {
        let submit: Submit
        /// The id of its request, which its outcome is heard by.
        let id: UInt64
        /// Its sender's trace.
        let trace: TraceParent?
        /// When it came, in monotonic nanoseconds.
        let since: UInt64
        let door: Awaited<DoorEnding>
    }

    /// How long a flight that has landed keeps the next one waiting when no outcome is heard: the worker may be away,
    /// or busy with what others have sent.
    static let patienceNanoseconds: UInt64 = 5_000_000

    private struct Lane {
        /// Whether a flight is between its departure and its landing.
        var isFlying = false
        /// The ids of the flight that is under way, from the smallest to the greatest.
        var ids: ClosedRange<UInt64> = 0...0
        var isHeard = true
        /// When the next flight may depart without an outcome.
        var quietUntil: UInt64 = 0
        var isTimed = false
        var waiting: [Wish] = []

        func isFree(_ now: UInt64, _ most: Int) -> Bool {
            !isFlying && (isHeard || now >= quietUntil || waiting.count >= most)
        }

        mutating func depart(_ most: Int) -> [Wish]? {
            guard let first = waiting.first else { return nil }
            let flight = waiting.count > most ? Array(waiting.prefix(most)) : waiting
            waiting.removeFirst(flight.count)
            isFlying = true
            isHeard = false
            ids = flight.reduce(first.id...first.id) {
                min($0.lowerBound, $1.id)...max($0.upperBound, $1.id)
            }
            return flight
        }
    }

    private let lanes: Mutex<[Lane]>
    /// The most wishes of a flight.
    private let most: Int
    /// Calls back after so many nanoseconds.
    private let schedule: @Sendable (UInt64, @escaping @Sendable () -> Void) -> Void
    /// Takes over the flights that depart. In a struct, because a bare closure is wrapped anew by each look.
    private struct Departure: Sendable {
        let take: @Sendable ([Wish], _ partition: Int) -> Void
    }
    private let departure = Mutex<Departure?>(nil)

    init(
        partitions: Int, most: Int,
        schedule: @escaping @Sendable (UInt64, @escaping @Sendable () -> Void) -> Void
    ) {
        lanes = Mutex(Array(repeating: Lane(), count: partitions))
        self.most = most
        self.schedule = schedule
    }

    /// Says who takes over the flights.
    func onDeparture(_ take: @escaping @Sendable ([Wish], _ partition: Int) -> Void) {
        departure.withLock { $0 = Departure(take: take) }
    }

    /// Lets a wish in.
    func enter(_ wish: Wish, partition: Int) {
        change(partition) { $0.waiting.append(wish) }
    }

    /// The flight was handed to the broker, or is over without that.
    func land(partition: Int, isOver: Bool) {
        let now = monotonicNanoseconds()
        change(partition) { lane in
            lane.isFlying = false
            lane.quietUntil = now + Self.patienceNanoseconds
            if isOver { lane.isHeard = true }
        }
    }

    /// An outcome was heard.
    func hear(_ id: UInt64, partition: Int) {
        change(partition) { lane in
            if lane.ids.contains(id) { lane.isHeard = true }
        }
    }

    private func change(_ partition: Int, _ change: (inout Lane) -> Void) {
        let now = monotonicNanoseconds()
        let (flight, pause): ([Wish]?, UInt64?) = lanes.withLock { lanes in
            change(&lanes[partition])
            if lanes[partition].isFree(now, most) { return (lanes[partition].depart(most), nil) }
            guard !lanes[partition].isFlying, !lanes[partition].isTimed, !lanes[partition].waiting.isEmpty
            else {
                return (nil, nil)
            }
            lanes[partition].isTimed = true
            return (nil, lanes[partition].quietUntil - now)
        }
        if let flight { departure.withLock { $0 }?.take(flight, partition) }
        guard let pause else { return }
        schedule(pause) { [weak self] in self?.change(partition) { $0.isTimed = false } }
    }
}
