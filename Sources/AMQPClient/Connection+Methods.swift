import CRabbitMQ

extension Connection {
    /// A method that the broker sends on its own accord. An error thrown here ends the connection.
    func handle(_ method: amqp_method_t) throws(AMQPError) -> Event? {
        guard let decoded = method.decoded else {
            throw AMQPError(.protocolViolation, "the broker sent method \(method.id) without content")
        }
        switch method.id {
        case AMQP_BASIC_DELIVER_METHOD:
            let deliver = decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            try assembler.begin(
                .delivery(
                    tag: deliver.delivery_tag, redelivered: deliver.redelivered != 0,
                    exchange: names.exchange.string(deliver.exchange),
                    routingKey: names.routingKey.string(deliver.routing_key),
                    consumerTag: names.consumerTag.string(deliver.consumer_tag)))
            expectNextFrame()
            return nil
        case AMQP_BASIC_RETURN_METHOD:
            let back = decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            try assembler.begin(
                .returned(
                    code: Int(back.reply_code), text: String(borrowed: back.reply_text),
                    exchange: String(borrowed: back.exchange), routingKey: String(borrowed: back.routing_key))
            )
            expectNextFrame()
            return nil
        case AMQP_BASIC_ACK_METHOD:
            let ack = decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .confirm(tag: ack.delivery_tag, multiple: ack.multiple != 0, positive: true)
        case AMQP_BASIC_NACK_METHOD:
            let nack = decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .confirm(tag: nack.delivery_tag, multiple: nack.multiple != 0, positive: false)
        case AMQP_BASIC_CANCEL_METHOD:
            let cancel = decoded.assumingMemoryBound(to: amqp_basic_cancel_t.self).pointee
            let queue = consumers.removeValue(forKey: String(borrowed: cancel.consumer_tag)) ?? "?"
            throw AMQPError(.consumerCancelled, "the broker ended the subscription to queue \(queue)")
        case AMQP_CHANNEL_CLOSE_METHOD:
            let error = AMQPError.ofClose(method, "the broker closed the channel")
            answerChannelClose()
            throw error
        case AMQP_CONNECTION_CLOSE_METHOD:
            let error = AMQPError.ofClose(method, "the broker closed the connection")
            answerConnectionClose()
            throw error
        case AMQP_CONNECTION_BLOCKED_METHOD:
            let blocked = decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            blockedReason = String(borrowed: blocked.reason)
            return .alarmChanged
        case AMQP_CONNECTION_UNBLOCKED_METHOD:
            blockedReason = nil
            return .alarmChanged
        default:
            throw AMQPError(.protocolViolation, "the broker sent an unexpected method \(method.id)")
        }
    }
}
