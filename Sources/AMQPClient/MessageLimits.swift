/// Why a message cannot be sent, whoever tries and whenever.
struct MessageFlaw: Error, Equatable {
    var text: String
    init(_ text: String) { self.text = text }
}

/// What must be checked before a message touches the wire.
///
/// Some flaws librabbitmq notices only after the method frame is out; others make RabbitMQ close the channel,
/// and with it every innocent message that waits for its confirm.
enum MessageLimits {
    /// The largest body in bytes.
    static let bodyBytes = 16 << 20

    /// The largest frame that we ask the broker for, and RabbitMQ's default.
    static let frameMax = 131_072

    /// The header frame's own bytes: frame 8, class, weight, body size and flags 14.
    static let headerFrameOverhead = 22

    /// The size of the header frame in bytes, or the flaw. `user` is who has logged in.
    static func headerSize(of message: OutgoingMessage, user: String) -> Result<Int, MessageFlaw> {
        let properties = message.properties
        guard message.body.count <= bodyBytes else {
            return .failure(
                MessageFlaw("the body has \(message.body.count) bytes, the limit is \(bodyBytes)"))
        }
        var total = headerFrameOverhead + 1 + 1 + 8
        if message.exchange.utf8.count > 255 { return .failure(tooLong("exchange", message.exchange)) }
        if message.routingKey.utf8.count > 255 { return .failure(tooLong("routing key", message.routingKey)) }
        // Not a loop over an array: this is run for every message.
        if let flaw = add(properties.contentType, "content_type", &total) { return .failure(flaw) }
        if let flaw = add(properties.contentEncoding, "content_encoding", &total) { return .failure(flaw) }
        if let flaw = add(properties.type, "type", &total) { return .failure(flaw) }
        if let flaw = add(properties.messageID, "message_id", &total) { return .failure(flaw) }
        if let flaw = add(properties.correlationID, "correlation_id", &total) { return .failure(flaw) }
        if let flaw = add(properties.replyTo, "reply_to", &total) { return .failure(flaw) }
        if let flaw = add(properties.expiration, "expiration", &total) { return .failure(flaw) }
        if let flaw = add(properties.appID, "app_id", &total) { return .failure(flaw) }
        if let flaw = add(properties.userID, "user_id", &total) { return .failure(flaw) }
        if let flaw = offence(properties, user: user) { return .failure(flaw) }
        guard !properties.headers.isEmpty else { return .success(total) }
        switch FieldEncoding.size(of: properties.headers) {
        case .failure(let flaw): return .failure(flaw)
        case .success(let size): total += size
        }
        guard total <= frameMax else {
            return .failure(MessageFlaw("the headers take \(total) bytes, the limit is \(frameMax)"))
        }
        return .success(total)
    }

    private static func add(_ text: String?, _ name: String, _ total: inout Int) -> MessageFlaw? {
        guard let text else { return nil }
        guard text.utf8.count <= 255 else { return tooLong(name, text) }
        total += 1 + text.utf8.count
        return nil
    }

    private static func tooLong(_ name: String, _ text: String) -> MessageFlaw {
        MessageFlaw("the \(name) has \(text.utf8.count) bytes, the limit is 255")
    }

    /// What RabbitMQ answers with `channel.close` 406.
    private static func offence(_ properties: MessageProperties, user: String) -> MessageFlaw? {
        if let mode = properties.deliveryMode, mode != 1 && mode != 2 {
            return MessageFlaw("delivery_mode is \(mode), allowed are 1 and 2")
        }
        if let userID = properties.userID, userID != user {
            return MessageFlaw("user_id is not the user who is logged in")
        }
        // RabbitMQ's own limit is 2^32 - 1 ms.
        if let expiration = properties.expiration, UInt32(expiration) == nil || expiration.hasPrefix("+") {
            return MessageFlaw("expiration is not a number of milliseconds below 2^32")
        }
        for field in properties.headers.fields where field.name == "CC" || field.name == "BCC" {
            guard case .array(let items) = field.value, items.allSatisfy({ $0.stringValue != nil }) else {
                return MessageFlaw("the header \(field.name) is not an array of strings")
            }
        }
        return nil
    }
}
