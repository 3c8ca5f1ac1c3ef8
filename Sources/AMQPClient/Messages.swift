/// A message to publish.
public struct OutgoingMessage: Sendable, Equatable {
    /// The exchange; `""` is the default exchange, which routes to the queue named by the routing key.
    public var exchange: String
    /// The routing key, at most 255 bytes.
    public var routingKey: String
    /// The properties.
    public var properties: MessageProperties
    /// The body, at most 16 MiB.
    public var body: [UInt8]
    /// Whether the broker must return the message if it reaches no queue; otherwise it confirms and drops it.
    public var mandatory: Bool

    /// A message.
    public init(
        exchange: String, routingKey: String, properties: MessageProperties = MessageProperties(),
        body: [UInt8],
        mandatory: Bool = true
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
        self.mandatory = mandatory
    }
}

/// A message that has arrived.
public struct Delivery: Sendable, Equatable {
    /// What an acknowledgement names; counts from 1 on each channel.
    public var deliveryTag: UInt64
    /// Whether the broker may have delivered it before.
    public var redelivered: Bool
    /// Where it was published.
    public var exchange: String
    /// With which routing key.
    public var routingKey: String
    /// For which of this connection's subscriptions; empty for `Connection.get`.
    public var consumerTag: String
    /// The properties, as a stranger may have written them.
    public var properties: MessageProperties
    /// The body.
    public var body: [UInt8]

    /// How often a quorum queue took it back before (header `x-delivery-count`).
    ///
    /// A sender can forge it: the broker writes its own only on a redelivery.
    public var deliveryCount: Int? {
        properties.headers["x-delivery-count"]?.intValue.map(Int.init)
    }

    /// A delivery, as tests make them.
    public init(
        deliveryTag: UInt64, redelivered: Bool = false, exchange: String, routingKey: String,
        consumerTag: String = "", properties: MessageProperties = MessageProperties(), body: [UInt8]
    ) {
        self.deliveryTag = deliveryTag
        self.redelivered = redelivered
        self.exchange = exchange
        self.routingKey = routingKey
        self.consumerTag = consumerTag
        self.properties = properties
        self.body = body
    }
}

/// A mandatory message that reached no queue and came back (`basic.return`). It carries no tag.
struct ReturnedMessage {
    var code: Int
    var text: String
    var exchange: String
    var routingKey: String
    var properties: MessageProperties
    var body: [UInt8]
}
