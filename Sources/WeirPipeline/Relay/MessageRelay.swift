import DequeModule
import WeirCore

/// An event that is a message, with the partitions that it goes to.
public struct AddressedEvent: Sendable, Hashable {
    /// The entry of the sender's log.
    public var event: LoggedEvent
    /// Where it goes.
    public var to: PartitionSet

    /// An event for these partitions.
    public init(_ event: LoggedEvent, to: PartitionSet) {
        self.event = event
        self.to = to
    }
}

/// What became of a message that was handed over.
public struct MessageReceipt: Sendable, Hashable {
    /// The epoch in which it was sent.
    public var epoch: Int
    /// The event's number in the sender's log.
    public var seq: Int64
    /// Where it went.
    public var partition: Int
    /// Whether the broker confirmed it; when not, its fate is unknown.
    public var confirmed: Bool

    /// A receipt.
    public init(epoch: Int, seq: Int64, partition: Int, confirmed: Bool) {
        self.epoch = epoch
        self.seq = seq
        self.partition = partition
        self.confirmed = confirmed
    }
}

/// Brings the messages of a log to their partitions in order, and knows up to which event they are there: the cursor
/// `forwarded`.
///
/// The twin of ``EventRelay`` for the few events that have an address: they are numbered with gaps, and one is there
/// when every partition that it goes to has it. A value without I/O.
public struct MessageRelay: Sendable {
    /// How many bytes of unconfirmed messages are kept in memory; what does not fit is read from the log again.
    public static let memoryLimit = 8 << 20

    /// Every message up to this event is confirmed.
    public private(set) var forwarded: Int64 = 0
    /// Numbers the attempts; a receipt of an older one says nothing.
    public private(set) var epoch = 0

    private struct Entry: Sendable {
        let message: AddressedEvent
        /// Where it is not confirmed yet.
        var open: PartitionSet
        var size: Int { message.event.body.count + 256 }
    }

    /// The last message of the log.
    private var last: Int64 = 0
    /// The messages after ``forwarded``, in order, as many as fit.
    private var window: Deque<Entry> = []
    private var windowBytes = 0
    /// How many entries of the window were sent in this epoch.
    private var sentCount = 0
    private var failures = 0
    private var retryAt: Duration?

    /// A relay with nothing to do.
    public init() {}

    // MARK: What it is told

    /// The partition has (again) an owner that read this cursor, and where the last message of the log stands.
    public mutating func restart(forwarded: Int64, last: Int64) {
        self.forwarded = forwarded
        self.last = max(forwarded, last)
        window = []
        windowBytes = 0
        failures = 0
        retryAt = nil
        beginEpoch()
    }

    /// These messages were committed; they follow all that were before.
    public mutating func append(_ messages: [AddressedEvent]) {
        guard let newest = messages.last else { return }
        let isWhole = windowEnd == last
        last = newest.event.seq
        if isWhole { take(messages) }
    }

    /// These messages were read from the log, after ``missingAfter``.
    public mutating func supply(_ messages: [AddressedEvent]) {
        guard let first = messages.first, first.event.seq > windowEnd else { return }
        take(messages)
    }

    /// What became of messages that were sent.
    public mutating func absorb(_ receipts: [MessageReceipt], now: Duration, jitter: Double) {
        var hasFailed = false
        for receipt in receipts where receipt.epoch == epoch {
            guard let position = position(of: receipt.seq), position < sentCount else { continue }
            if receipt.confirmed {
                window[position].open.remove(receipt.partition)
            } else {
                hasFailed = true
            }
        }
        while let first = window.first, first.open.isEmpty, sentCount > 0 {
            window.removeFirst()
            windowBytes -= first.size
            sentCount -= 1
            forwarded = first.message.event.seq
            failures = 0
        }
        if hasFailed {
            for position in window.indices { window[position].open = window[position].message.to }
            retryAt = now + backoff(failures: failures, jitter: jitter)
            failures += 1
            beginEpoch()
        }
    }

    // MARK: What it says

    /// Whether there is nothing to send and nothing to hear of: so in a partition without orders.
    public var isIdle: Bool { forwarded == last }

    /// The messages to send now, in order; they count as sent.
    public mutating func takeUnsent(now: Duration) -> [AddressedEvent] {
        if let retryAt, now < retryAt { return [] }
        retryAt = nil
        guard sentCount < window.count else { return [] }
        let unsent = window[sentCount...].map(\.message)
        sentCount = window.count
        return unsent
    }

    /// The event after which messages must be read from the log, when memory has room and does not hold what comes next.
    public var missingAfter: Int64? {
        windowEnd < last && windowBytes < Self.memoryLimit / 2 ? windowEnd : nil
    }

    /// Whether there is something to send as soon as it may be sent.
    public var isBehind: Bool { windowEnd < last || sentCount < window.count }

    // MARK: Inside

    private var windowEnd: Int64 { window.last?.message.event.seq ?? forwarded }

    private func position(of seq: Int64) -> Int? {
        var (low, high) = (0, window.count)
        while low < high {
            let middle = (low + high) / 2
            if window[middle].message.event.seq < seq { low = middle + 1 } else { high = middle }
        }
        return low < window.count && window[low].message.event.seq == seq ? low : nil
    }

    private mutating func take(_ messages: [AddressedEvent]) {
        for message in messages {
            let entry = Entry(message: message, open: message.to)
            // One always fits, however large: otherwise it would stop the relay for good.
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
