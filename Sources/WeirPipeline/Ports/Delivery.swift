import WeirCore
import WeirWire

/// One command as it came out of a partition's queue; not yet acknowledged.
///
/// A message may carry several (``WeirWire/Bundle``): they share its tag.
public struct Delivery: Sendable {
    /// The channel's number of the message, by which it is acknowledged.
    public var tag: UInt64
    /// Whether the message ends here: once this one is decided, the tag may be acknowledged.
    public var endsMessage = true
    /// Whether it came out of the queue that only other partitions can write, whatever its properties say.
    public var isInternal = false
    /// Whether the broker delivered it before.
    public var redelivered: Bool
    /// How often it was delivered before, as the broker counts; anybody can set this on a message that is new,
    /// so it says something only when ``redelivered``.
    public var deliveryCount: Int
    private var content: Box<Content>
    private var reading: Box<Command>?

    private struct Content: Sendable {
        var exchange: String
        var routingKey: String
        var type: String?
        var messageID: String?
        var contentType: String?
        var replyTo: String?
        var correlationID: String?
        var trace: TraceParent?
        var body: [UInt8]
        var details: @Sendable () -> DeliveryDetails
    }

    /// A delivery.
    public init(
        tag: UInt64, redelivered: Bool = false, deliveryCount: Int = 0, exchange: String = "",
        routingKey: String = "", type: String?, messageID: String? = nil, contentType: String? = nil,
        replyTo: String? = nil, correlationID: String? = nil, trace: TraceParent? = nil, body: [UInt8],
        details: @escaping @Sendable () -> DeliveryDetails = { DeliveryDetails() }
    ) {
        self.tag = tag
        self.redelivered = redelivered
        self.deliveryCount = deliveryCount
        content = Box(
            Content(
                exchange: exchange, routingKey: routingKey, type: type, messageID: messageID,
                contentType: contentType, replyTo: replyTo, correlationID: correlationID, trace: trace,
                body: body, details: details))
    }

    /// Where it was published.
    public var exchange: String {
        get { content.value.exchange }
        set { content = content.changed { $0.exchange = newValue } }
    }

    /// With which routing key.
    public var routingKey: String {
        get { content.value.routingKey }
        set { content = content.changed { $0.routingKey = newValue } }
    }

    /// The AMQP property `type`.
    public var type: String? {
        get { content.value.type }
        set { content = content.changed { $0.type = newValue } }
    }

    /// The AMQP property `message_id`.
    public var messageID: String? {
        get { content.value.messageID }
        set { content = content.changed { $0.messageID = newValue } }
    }

    /// The AMQP property `content_type`.
    public var contentType: String? {
        get { content.value.contentType }
        set { content = content.changed { $0.contentType = newValue } }
    }

    /// The AMQP property `reply_to`.
    public var replyTo: String? {
        get { content.value.replyTo }
        set { content = content.changed { $0.replyTo = newValue } }
    }

    /// The AMQP property `correlation_id`.
    public var correlationID: String? {
        get { content.value.correlationID }
        set { content = content.changed { $0.correlationID = newValue } }
    }

    /// The header `traceparent`, if it is well-formed.
    public var trace: TraceParent? {
        get { content.value.trace }
        set { content = content.changed { $0.trace = newValue } }
    }

    /// The body.
    public var body: [UInt8] {
        get { content.value.body }
        set { content = content.changed { $0.body = newValue } }
    }

    /// All properties and headers as two JSON objects: only a dead letter asks for them.
    public var details: @Sendable () -> DeliveryDetails {
        get { content.value.details }
        set { content = content.changed { $0.details = newValue } }
    }

    /// The command that was read from it ahead of its batch.
    var command: Command? {
        get { reading?.value }
        set { reading = newValue.map(Box.init) }
    }
}

/// What a dead letter keeps of a delivery beside its body.
public struct DeliveryDetails: Sendable, Hashable {
    /// The AMQP properties as a JSON object.
    public var properties: String
    /// The headers as a JSON object.
    public var headers: String
    /// The key of the replay that this delivery comes from, as its header says.
    public var replayKey: String?

    /// Properties and headers, each a JSON object.
    public init(properties: String = "{}", headers: String = "{}", replayKey: String? = nil) {
        self.properties = properties
        self.headers = headers
        self.replayKey = replayKey
    }
}

/// Where a partition's deliveries come from: one consuming connection, in the order of the queue.
public protocol DeliverySource: AnyObject {
    /// Whatever has arrived, about `limit` (a message with several is not taken apart); waits for the first one no longer than `wait`.
    func fill(limit: Int, wait: Duration) throws(SourceError) -> [Delivery]
    /// Whether the broker's queue has nothing that was not delivered here; what is delivered but not filled yet counts.
    func isDrained() throws(SourceError) -> Bool
    /// Acknowledges every delivery up to this one.
    func acknowledge(through tag: UInt64) throws(SourceError)
    /// Keeps the connection alive while nothing is filled.
    func pump() throws(SourceError)
    /// Closes the connection, never with a cancel before: what is unacknowledged comes back in its order.
    func close()
}

/// Why deliveries stopped. The connection is of no more use.
public struct SourceError: Error, CustomStringConvertible {
    /// One sentence.
    public let message: String

    /// A reason.
    public init(_ message: String) { self.message = message }

    public var description: String { message }
}
