import WeirCore
import WeirWire

/// One entry of the log as it is stored and published.
public struct LoggedEvent: Sendable, Hashable {
    /// Its number in the partition.
    public var seq: Int64
    /// When it was decided.
    public var at: Timestamp
    private var content: Box<Content>

    private struct Content: Sendable, Hashable {
        var type: String
        var sku: String
        var token: String?
        var replyTo: String?
        var correlationID: String?
        var trace: TraceParent?
        var body: [UInt8]
    }

    /// An entry of the log.
    public init(
        seq: Int64, at: Timestamp, type: String, sku: String, token: String?, replyTo: String?,
        correlationID: String?, trace: TraceParent? = nil, body: [UInt8]
    ) {
        self.seq = seq
        self.at = at
        content = Box(
            Content(
                type: type, sku: sku, token: token, replyTo: replyTo, correlationID: correlationID,
                trace: trace, body: body))
    }

    /// The event's type.
    public var type: String { content.value.type }
    /// What it is about.
    public var sku: String { content.value.sku }
    /// The intent it is about, if it is about one.
    public var token: String? { content.value.token }
    /// The queue of the sender who waits for it.
    public var replyTo: String? {
        get { content.value.replyTo }
        set { content = content.changed { $0.replyTo = newValue } }
    }
    /// What that sender recognizes it by.
    public var correlationID: String? {
        get { content.value.correlationID }
        set { content = content.changed { $0.correlationID = newValue } }
    }
    /// The sender's trace.
    public var trace: TraceParent? { content.value.trace }
    /// The bytes that are published.
    public var body: [UInt8] { content.value.body }
}
