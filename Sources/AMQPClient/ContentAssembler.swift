/// Puts the frames of a message together: a method, a header, and bodies until the announced size is reached
/// (AMQP 0-9-1 section 4.2.6).
///
/// `amqp_consume_message` does this as well, but waits for the later frames without a time-out. This one is a
/// plain state, so the owner may go and do something else between two frames.
struct ContentAssembler {
    /// What the method frame said.
    enum Opening {
        case delivery(
            tag: UInt64, redelivered: Bool, exchange: String, routingKey: String, consumerTag: String)
        case returned(code: Int, text: String, exchange: String, routingKey: String)
    }

    /// A whole message.
    enum Content {
        case delivery(Delivery)
        case returned(ReturnedMessage)
    }

    private enum State {
        case idle  // → header
        case header(Opening)  // → body, or idle when the body is empty
        case body(Opening, MessageProperties, missing: UInt64)  // → body, or idle when nothing is missing
    }

    /// RabbitMQ's own upper bound of a message is 512 MiB: more can only be a broken peer.
    private static let largestBody: UInt64 = 512 << 20

    private var state = State.idle
    private var body: [UInt8] = []

    /// Whether a message has begun to arrive and is not complete.
    var isInside: Bool {
        if case .idle = state { false } else { true }
    }

    mutating func begin(_ opening: Opening) throws(AMQPError) {
        guard case .idle = state else { throw Self.outOfOrder("a new message") }
        state = .header(opening)
    }

    mutating func header(_ properties: MessageProperties, bodySize: UInt64) throws(AMQPError) -> Content? {
        guard case .header(let opening) = state else { throw Self.outOfOrder("a header") }
        guard bodySize <= Self.largestBody else {
            throw AMQPError(.protocolViolation, "the broker announced a body of \(bodySize) bytes")
        }
        body = []
        guard bodySize > 0 else { return finish(opening, properties) }
        state = .body(opening, properties, missing: bodySize)
        return nil
    }

    mutating func fragment(_ bytes: UnsafeRawBufferPointer) throws(AMQPError) -> Content? {
        guard case .body(let opening, let properties, let missing) = state else {
            throw Self.outOfOrder("a body")
        }
        guard bytes.count <= missing else {
            throw AMQPError(.protocolViolation, "the broker sent more body than it announced")
        }
        let rest = missing - UInt64(bytes.count)
        // The announced size is trusted only up to a megabyte; beyond that the array grows with what arrives.
        if body.isEmpty { body.reserveCapacity(Int(min(missing, 1 << 20))) }
        body.append(contentsOf: bytes)
        guard rest == 0 else {
            state = .body(opening, properties, missing: rest)
            return nil
        }
        return finish(opening, properties)
    }

    private mutating func finish(_ opening: Opening, _ properties: MessageProperties) -> Content {
        state = .idle
        let whole = body
        body = []
        switch opening {
        case .delivery(let tag, let redelivered, let exchange, let routingKey, let consumerTag):
            return .delivery(
                Delivery(
                    deliveryTag: tag, redelivered: redelivered, exchange: exchange, routingKey: routingKey,
                    consumerTag: consumerTag, properties: properties, body: whole))
        case .returned(let code, let text, let exchange, let routingKey):
            return .returned(
                ReturnedMessage(
                    code: code, text: text, exchange: exchange, routingKey: routingKey,
                    properties: properties,
                    body: whole))
        }
    }

    private static func outOfOrder(_ what: String) -> AMQPError {
        AMQPError(.protocolViolation, "the broker sent \(what) out of order")
    }
}
