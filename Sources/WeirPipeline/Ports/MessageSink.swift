import WeirCore

/// Where messages to other partitions are published: hands them over without waiting, in order, and learns later what
/// became of them.
public protocol MessageSink: AnyObject {
    /// Hands messages over; each gets one receipt with the same epoch for every partition that it goes to.
    func send(_ messages: [AddressedEvent], epoch: Int)
    /// The receipts since the last call, in any order.
    func takeReceipts() -> [MessageReceipt]
}
