import CRabbitMQ

extension Connection {
    /// At most so many unacknowledged deliveries at once, for each later `consume`; 0 means no limit.
    public func qos(prefetch: Int) throws(AMQPError) {
        guard let count = UInt16(exactly: prefetch) else {
            throw AMQPError(.invalid, "the prefetch is \(prefetch), allowed are 0 to 65535")
        }
        var request = amqp_basic_qos_t()
        request.prefetch_count = count
        try call(
            AMQP_BASIC_QOS_METHOD, &request, expecting: AMQP_BASIC_QOS_OK_METHOD, "cannot set the prefetch")
    }

    /// Subscribes to a queue and returns the consumer tag. There is no way to unsubscribe but to close.
    /// - Throws: `.missing`; `.refused` when somebody else consumes exclusively.
    @discardableResult
    public func consume(
        queue: String, noAck: Bool = false, exclusive: Bool = false, consumerTag: String = "",
        arguments: FieldTable = FieldTable()
    ) throws(AMQPError) -> String {
        if consumers.isEmpty { try acceptLargerFrames() }
        arena.reset()
        var request = amqp_basic_consume_t()
        request.queue = try name(queue, "queue name")
        request.consumer_tag = try name(consumerTag, "consumer tag")
        request.no_ack = noAck ? 1 : 0
        request.exclusive = exclusive ? 1 : 0
        request.arguments = try table(arguments)
        let tag = try call(
            AMQP_BASIC_CONSUME_METHOD, &request, expecting: AMQP_BASIC_CONSUME_OK_METHOD,
            as: amqp_basic_consume_ok_t.self, "cannot consume from queue \(queue)"
        ) { String(borrowed: $0.consumer_tag) }
        consumers[tag] = queue
        return tag
    }

    /// The broker adds headers to what it brings back (`x-delivery-count`) and does not look whether they still fit
    /// into a frame; the library ends a connection on which a larger frame than agreed arrives. Without room for
    /// that, one message whose headers fill a frame would stop its queue for good.
    ///
    /// The library may only be told so between two frames: before the first delivery, after an answer.
    private func acceptLargerFrames() throws(AMQPError) {
        let library = try usable()
        let status = amqp_tune_connection(
            library, amqp_get_channel_max(library), Int32(frameMax + Self.roomForAdditions),
            amqp_get_heartbeat(library))
        if let error = AMQPError.ofStatus(status, "cannot enlarge the frames") { throw end(error) }
    }

    private static let roomForAdditions = 16_384

    /// Acknowledges one delivery, or with `multiple` all up to it.
    ///
    /// Nothing answers: a tag that is not outstanding closes the channel, which the next call finds.
    public func ack(upTo deliveryTag: UInt64, multiple: Bool = true) throws(AMQPError) {
        let library = try usable()
        let status = amqp_basic_ack(library, Self.channel, deliveryTag, multiple ? 1 : 0)
        if let error = AMQPError.ofStatus(status, "cannot acknowledge") { throw end(error) }
    }

    /// The next delivery; `nil` when none is complete after `wait`. With `.zero` only what has arrived
    /// counts.
    ///
    /// A delivery that is still arriving is kept for the next call; `.away` if its next frame takes longer
    /// than `rpcTimeoutSeconds`.
    /// - Throws: `.consumerCancelled`, `.channelClosed` and its relatives, `.away`, `.protocolViolation`; all
    ///   of them end the connection.
    public func nextDelivery(wait: Duration) throws(AMQPError) -> Delivery? {
        let deadline = wait <= .zero ? 0 : Monotonic.after(wait)
        while let event = try nextEvent(until: deadline) {
            if case .delivery(let delivery) = event { return delivery }
        }
        return nil
    }

    /// Sends a heartbeat when one is due and reads what has arrived, for `nextDelivery` to return.
    ///
    /// For a thread that is busy elsewhere. What it reads is bounded by the prefetch.
    public func pump() throws(AMQPError) {
        while let event = try readEvent(until: 0) { arrived.append(event) }
    }

    /// Takes one message from a queue without a subscription (for tests and tools); `nil` when it is empty.
    public func get(queue: String, noAck: Bool = false) throws(AMQPError) -> Delivery? {
        guard consumers.isEmpty else { throw AMQPError(.invalid, "a connection that consumes cannot get") }
        arena.reset()
        var request = amqp_basic_get_t()
        request.queue = try name(queue, "queue name")
        request.no_ack = noAck ? 1 : 0
        let library = try usable()
        let reply = simpleCall(
            library, AMQP_BASIC_GET_METHOD, &request,
            [AMQP_BASIC_GET_OK_METHOD, AMQP_BASIC_GET_EMPTY_METHOD, 0])
        if let error = AMQPError.ofReply(reply, "cannot get from queue \(queue)") {
            throw settle(error, after: reply)
        }
        guard reply.reply.id == AMQP_BASIC_GET_OK_METHOD, let decoded = reply.reply.decoded else {
            return nil
        }
        let answer = decoded.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee
        try assembler.begin(
            .delivery(
                tag: answer.delivery_tag, redelivered: answer.redelivered != 0,
                exchange: String(borrowed: answer.exchange), routingKey: String(borrowed: answer.routing_key),
                consumerTag: ""))
        expectNextFrame()
        amqp_maybe_release_buffers(library)
        let delivery = try nextDelivery(wait: .seconds(settings.rpcTimeoutSeconds))
        guard let delivery else { throw end(AMQPError(.away, "the message did not arrive in time")) }
        return delivery
    }
}
