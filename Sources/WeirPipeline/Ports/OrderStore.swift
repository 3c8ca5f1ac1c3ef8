import WeirCore

/// What a partition's session reads and writes for orders, beside what ``PartitionStore`` does for every batch.
public protocol OrderStore: AnyObject {
    /// How far the log's messages were forwarded; read after the lock was taken.
    func forwarding() throws(StoreError) -> Forwarding
    /// The messages of the log after an event, in order, at most `limit`.
    func readMessages(after seq: Int64, limit: Int) throws(StoreError) -> [AddressedEvent]
    /// When an order or a part of one comes due next; nil when none does.
    func nextOrderDeadline() throws(StoreError) -> Timestamp?
    /// The orders of which something here comes due up to a moment, the oldest first, each once.
    func dueOrders(until: Timestamp, limit: Int) throws(StoreError) -> [Token]
}

/// How far a log's messages were forwarded.
public struct Forwarding: Sendable, Hashable {
    /// Every message up to this event was confirmed by the broker.
    public var forwarded: Int64
    /// The last event that is a message; 0 when there is none.
    public var last: Int64

    /// A position of the cursor.
    public init(forwarded: Int64, last: Int64) {
        self.forwarded = forwarded
        self.last = last
    }
}
