import DequeModule

/// Brings the log to the broker in order, and knows up to which event it is there: the cursor `published`.
///
/// A value without I/O: it is told what was committed and what the broker said, and says what to send. When one
/// event fails, everything from the lowest unconfirmed one is sent again in a new epoch, so a subscriber that
/// applies only `seq = last + 1` misses nothing.
public struct EventRelay: Sendable {
    /// How many bytes of unconfirmed events are kept in memory; what does not fit is read from the log again. A worker
    /// may have every partition.
    public static let memoryLimit = 4 << 20
    /// How many events may be on their way to the broker: as messages they take twice the memory, and what waits too long
    /// for its confirm counts as lost. The publisher keeps no more than that on the wire.
    public static let sendLimit = 2_000

    /// Every event up to this one is confirmed.
    public private(set) var published: Int64
    /// The last event of the log.
    public private(set) var head: Int64
    /// Numbers the attempts; a receipt of an older one says nothing.
    public private(set) var epoch = 0

    /// The events after ``published``, without a gap, as many as fit.
    private var window: Deque<Entry> = []
    private var windowBytes = 0
    /// How many entries of the window were sent in this epoch.
    private var sentCount = 0
    private var failures = 0
    private var retryAt: Duration?

    private struct Entry: Sendable {
        let event: LoggedEvent
        var confirmed = false
        /// What the entry costs in memory, counting what surrounds the bytes of its body: its place in the window, its
        /// token, its type, and the room that arrays and texts leave.
        var size: Int { event.body.count + 512 }
    }

    /// A relay that has everything up to `published` behind it and `head` before it.
    public init(published: Int64, head: Int64) {
        self.published = published
        self.head = head
    }

    // MARK: What it is told

    /// The partition has (again) an owner that read this position; whatever was sent before may be sent again.
    public mutating func restart(published: Int64, head: Int64) {
        self.published = published
        self.head = head
        window = []
        windowBytes = 0
        failures = 0
        retryAt = nil
        beginEpoch()
    }

    /// These events were committed; they follow the head.
    public mutating func append(_ events: [LoggedEvent]) {
        let isWhole = windowEnd == head
        if let last = events.last { head = last.seq }
        guard isWhole else { return }
        take(events)
    }

    /// These events were read from the log, after ``missingAfter``.
    public mutating func supply(_ events: [LoggedEvent]) {
        guard let first = events.first, first.seq == windowEnd + 1 else { return }
        take(events)
    }

    /// What became of events that were sent.
    public mutating func absorb(_ receipts: [Receipt], now: Duration, jitter: Double) {
        var hasFailed = false
        for receipt in receipts where receipt.epoch == epoch {
            let position = receipt.seq - published - 1
            guard position >= 0, position < sentCount else { continue }
            if receipt.confirmed {
                window[Int(position)].confirmed = true
            } else {
                hasFailed = true
            }
        }
        while let first = window.first, first.confirmed, sentCount > 0 {
            window.removeFirst()
            windowBytes -= first.size
            sentCount -= 1
            published = first.event.seq
            failures = 0
        }
        if hasFailed {
            for position in window.indices { window[position].confirmed = false }
            retryAt = now + backoff(failures: failures, jitter: jitter)
            failures += 1
            beginEpoch()
        }
    }

    // MARK: What it says

    /// The events to send now, in order, as many as may be on their way; they count as sent.
    public mutating func takeUnsent(now: Duration) -> [LoggedEvent] {
        if let retryAt, now < retryAt { return [] }
        retryAt = nil
        let end = min(window.count, Self.sendLimit)
        guard sentCount < end else { return [] }
        let unsent = window[sentCount..<end].map(\.event)
        sentCount = end
        return unsent
    }

    /// The event after which the log must be read, when memory has room and does not hold what comes next.
    public var missingAfter: Int64? {
        windowEnd < head && windowBytes < Self.memoryLimit / 2 ? windowEnd : nil
    }

    /// Whether there is something to send as soon as it may be sent.
    public var isBehind: Bool { windowEnd < head || sentCount < window.count }

    /// Whether every event of the log is confirmed.
    public var isCaughtUp: Bool { published == head }

    // MARK: Inside

    private var windowEnd: Int64 { published + Int64(window.count) }

    private mutating func take(_ events: [LoggedEvent]) {
        for event in events {
            let entry = Entry(event: event)
            // One event always fits, however large: otherwise it would stop the relay for good.
            guard window.isEmpty || windowBytes + entry.size <= Self.memoryLimit else { return }
            window.append(entry)
            windowBytes += entry.size
        }
    }

    private mutating func beginEpoch() {
        epoch += 1
        sentCount = 0
    }
}

/// How long to wait before the next attempt: 100 ms, doubled with each failure up to 5 s, of which a random part
/// is taken, so that many who failed together do not come back together.
func backoff(failures: Int, jitter: Double) -> Duration {
    let ceiling = min(5_000, 100 << min(failures, 6))
    return .milliseconds(50 + Int(Double(ceiling) * jitter))
}
