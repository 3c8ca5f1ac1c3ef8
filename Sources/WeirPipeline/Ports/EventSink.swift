/// Where events are published: hands them over without waiting, in order, and learns later what became of them.
public protocol EventSink: AnyObject {
    /// Hands events over; each gets one receipt with the same epoch.
    func send(_ events: [LoggedEvent], epoch: Int)
    /// The receipts since the last call, in any order.
    func takeReceipts() -> [Receipt]
}

/// What became of an event that was handed over.
public struct Receipt: Sendable, Hashable {
    /// The epoch in which it was sent.
    public var epoch: Int
    /// Its number in the partition.
    public var seq: Int64
    /// Whether the broker confirmed it; when not, its fate is unknown.
    public var confirmed: Bool

    /// A receipt.
    public init(epoch: Int, seq: Int64, confirmed: Bool) {
        self.epoch = epoch
        self.seq = seq
        self.confirmed = confirmed
    }
}
