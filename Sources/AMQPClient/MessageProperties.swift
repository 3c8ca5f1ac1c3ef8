/// The properties of an AMQP message (AMQP 0-9-1 section 4.2.6.1, class `basic`). Every text is at most 255
/// bytes.
public struct MessageProperties: Sendable, Equatable {
    /// MIME type of the body.
    public var contentType: String?
    /// MIME encoding of the body.
    public var contentEncoding: String?
    /// The application's name for the kind of message.
    public var type: String?
    /// The application's name for this message.
    public var messageID: String?
    /// What an answer refers to.
    public var correlationID: String?
    /// The queue for answers.
    public var replyTo: String?
    /// Milliseconds to live, as decimal digits; RabbitMQ closes the channel over anything else.
    public var expiration: String?
    /// The sending program.
    public var appID: String?
    /// The sending user; RabbitMQ closes the channel if it is not the one who logged in.
    public var userID: String?
    /// 1 transient, 2 persistent.
    public var deliveryMode: UInt8?
    /// 0 to 255, higher first, in queues that have priorities.
    public var priority: UInt8?
    /// Seconds since 1970.
    public var timestamp: UInt64?
    /// The headers in order.
    public var headers: FieldTable

    /// Properties; those left out are not sent.
    public init(
        contentType: String? = nil, contentEncoding: String? = nil, type: String? = nil,
        messageID: String? = nil,
        correlationID: String? = nil, replyTo: String? = nil, expiration: String? = nil, appID: String? = nil,
        userID: String? = nil, deliveryMode: UInt8? = nil, priority: UInt8? = nil, timestamp: UInt64? = nil,
        headers: FieldTable = FieldTable()
    ) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.type = type
        self.messageID = messageID
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.expiration = expiration
        self.appID = appID
        self.userID = userID
        self.deliveryMode = deliveryMode
        self.priority = priority
        self.timestamp = timestamp
        self.headers = headers
    }
}
