import CRabbitMQ

extension Connection {
    /// Asks for a confirm of every message from here on; their tags count from 1 in the order of `send`.
    func selectConfirms() throws(AMQPError) {
        var request = amqp_confirm_select_t()
        try call(
            AMQP_CONFIRM_SELECT_METHOD, &request, expecting: AMQP_CONFIRM_SELECT_OK_METHOD,
            "cannot ask for confirms")
        confirms = true
    }

    /// Puts a message on the wire. It may block for as long as the broker does not read.
    ///
    /// Success says nothing, not even that the channel is open: only a confirm does.
    /// - Parameter headerSize: from `MessageLimits.headerSize`; the message has no flaw.
    /// - Throws: `.invalid` when it does not fit this connection's frames, and nothing was sent; otherwise
    ///   the connection has ended.
    func send(_ message: OutgoingMessage, headerSize: Int) throws(AMQPError) {
        let library = try usable()
        guard headerSize <= frameMax else {
            throw AMQPError(
                .invalid, "the headers take \(headerSize) bytes, the broker's frame limit is \(frameMax)")
        }
        arena.reset()
        let exchange = arena.bytes(message.exchange)
        let routingKey = arena.bytes(message.routingKey)
        var properties = message.properties.raw(in: arena)
        let status = message.body.withUnsafeBufferPointer { body in
            amqp_basic_publish(
                library, Self.channel, exchange, routingKey, message.mandatory ? 1 : 0, 0, &properties,
                // The library only reads it, though its type says otherwise.
                amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
        }
        // Whatever it was, half a message may be out: the connection cannot go on.
        if let error = AMQPError.ofStatus(status, "cannot publish") {
            throw end(AMQPError(error.kind == .invalid ? .protocolViolation : error.kind, error.message))
        }
    }
}
