import CRabbitMQ

/// What librabbitmq and the broker answer, as errors.
extension AMQPError {
    /// The error of a negative `amqp_status_enum`, or `nil`.
    static func ofStatus(_ status: Int32, _ doing: @autoclosure () -> String) -> AMQPError? {
        guard status < 0 else { return nil }
        let kind: Kind =
            switch status {
            case AMQP_STATUS_BAD_AMQP_DATA.rawValue, AMQP_STATUS_UNKNOWN_CLASS.rawValue,
                AMQP_STATUS_UNKNOWN_METHOD.rawValue, AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION.rawValue,
                AMQP_STATUS_WRONG_METHOD.rawValue, AMQP_STATUS_UNEXPECTED_STATE.rawValue:
                .protocolViolation
            case AMQP_STATUS_TABLE_TOO_BIG.rawValue, AMQP_STATUS_INVALID_PARAMETER.rawValue: .invalid
            case AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD.rawValue: .refused
            default: .away
            }
        return AMQPError(kind, "\(doing()): \(String(cString: amqp_error_string2(status)))")
    }

    /// The error of an answer, or `nil` when it is the expected one.
    static func ofReply(_ reply: amqp_rpc_reply_t, _ doing: @autoclosure () -> String) -> AMQPError? {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: nil
        case AMQP_RESPONSE_LIBRARY_EXCEPTION:
            ofStatus(reply.library_error, doing()) ?? AMQPError(.protocolViolation, "\(doing()): no answer")
        case AMQP_RESPONSE_SERVER_EXCEPTION: ofClose(reply.reply, doing())
        default: AMQPError(.away, "\(doing()): the broker closed the connection")
        }
    }

    /// The error that a `channel.close` or `connection.close` stands for.
    static func ofClose(_ method: amqp_method_t, _ doing: @autoclosure () -> String) -> AMQPError {
        guard let decoded = method.decoded else {
            return AMQPError(.protocolViolation, "\(doing()): the broker closed it without a reason")
        }
        switch method.id {
        case AMQP_CHANNEL_CLOSE_METHOD:
            let close = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            let text = String(borrowed: close.reply_text)
            let kind: Kind =
                switch close.reply_code {
                case 403: .refused
                case 404: .missing
                case 406: .mismatch
                default: .channelClosed(code: Int(close.reply_code), text: text)
                }
            return AMQPError(kind, "\(doing()): \(close.reply_code) \(text)")
        case AMQP_CONNECTION_CLOSE_METHOD:
            let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            let text = String(borrowed: close.reply_text)
            // 403 ACCESS_REFUSED is the login, 530 NOT_ALLOWED the virtual host; the others end on the
            // broker's side (320 CONNECTION_FORCED, 541 INTERNAL_ERROR) and a new connection may do better.
            let kind: Kind = close.reply_code == 403 || close.reply_code == 530 ? .refused : .away
            return AMQPError(kind, "\(doing()): \(close.reply_code) \(text)")
        default:
            return AMQPError(.protocolViolation, "\(doing()): unexpected answer \(method.id)")
        }
    }
}
