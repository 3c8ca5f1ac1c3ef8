import Synchronization
import WeirCore

/// Where wishes wait for the one before them: a lane for each partition, in which one flight is under way at a time.
///
/// A flight is what waited when the last one had landed: its tokens are looked up by one query, and what is unknown
/// is published in one message. A wish that comes alone flies at once, so nothing waits for company; in a rush the
/// flights fill up by themselves, and the rush costs a query and a message a flight, not one a wish.
final class Lanes: Sendable {
    /// A wish on its way.
    struct Wish: Sendable {
        let submit: Submit
        /// The id of its request.
        let id: UInt64
        /// When it came, in monotonic nanoseconds.
        let since: UInt64
        let door: Awaited<DoorEnding>
    }

    private struct Lane {
        var isBusy = false
        var waiting: [Wish] = []
    }

    private let lanes: Mutex<[Lane]>
    /// The most wishes of a flight.
    private let most: Int

    init(partitions: Int, most: Int) {
        lanes = Mutex(Array(repeating: Lane(), count: partitions))
        self.most = most
    }

    /// Lets a wish in; returns the flight that departs with it now, if the lane was free.
    func enter(_ wish: Wish, partition: Int) -> [Wish]? {
        lanes.withLock { lanes in
            guard lanes[partition].isBusy else {
                lanes[partition].isBusy = true
                return [wish]
            }
            lanes[partition].waiting.append(wish)
            return nil
        }
    }

    /// A flight has landed; returns the next one, or nil when nobody waits and the lane is free.
    func land(partition: Int) -> [Wish]? {
        lanes.withLock { lanes in
            let waiting = lanes[partition].waiting
            guard !waiting.isEmpty else {
                lanes[partition].isBusy = false
                return nil
            }
            lanes[partition].waiting = Array(waiting.dropFirst(most))
            return Array(waiting.prefix(most))
        }
    }
}
