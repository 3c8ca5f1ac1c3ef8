import CRabbitMQ

extension Connection {
    /// Sends a method and waits for its answer, at most `rpcTimeoutSeconds`.
    ///
    /// The result lives until the library's buffers are released: `read` copies what is needed from it.
    /// Frames of other kinds that arrive meanwhile are queued by the library and come with the next event.
    func call<Request, Answer, Result>(
        _ method: amqp_method_number_t, _ request: inout Request, expecting answer: amqp_method_number_t,
        as type: Answer.Type, _ doing: @autoclosure () -> String, read: (Answer) -> Result
    ) throws(AMQPError) -> Result {
        let library = try usable()
        let reply = simpleCall(library, method, &request, [answer, 0])
        if let error = AMQPError.ofReply(reply, doing()) {
            throw settle(error, after: reply)
        }
        guard let decoded = reply.reply.decoded else {
            throw end(AMQPError(.protocolViolation, "\(doing()): an empty answer"))
        }
        let result = read(decoded.assumingMemoryBound(to: type).pointee)
        amqp_maybe_release_buffers(library)
        return result
    }

    /// The same where the answer says nothing but yes.
    func call<Request>(
        _ method: amqp_method_number_t, _ request: inout Request, expecting answer: amqp_method_number_t,
        _ doing: @autoclosure () -> String
    ) throws(AMQPError) {
        let library = try usable()
        let reply = simpleCall(library, method, &request, [answer, 0])
        if let error = AMQPError.ofReply(reply, doing()) {
            throw settle(error, after: reply)
        }
        amqp_maybe_release_buffers(library)
    }

    /// One call that may be answered in several ways; `answers` ends with 0.
    func simpleCall<Request>(
        _ library: amqp_connection_state_t, _ method: amqp_method_number_t, _ request: inout Request,
        _ answers: [amqp_method_number_t]
    ) -> amqp_rpc_reply_t {
        var answers = answers
        return withUnsafeMutablePointer(to: &request) { request in
            amqp_simple_rpc(library, Self.channel, method, &answers, UnsafeMutableRawPointer(request))
        }
    }

    /// Answers the close that a failed call met, and decides whether the connection can go on.
    func settle(_ error: AMQPError, after reply: amqp_rpc_reply_t) -> AMQPError {
        guard reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION else { return end(error) }
        guard reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD else {
            answerConnectionClose()
            return end(error)
        }
        answerChannelClose()
        // Deliveries and confirms die with a channel, in silence if it were opened again.
        guard consumers.isEmpty, !confirms else { return end(error) }
        do {
            try openChannel()
            return error
        } catch {
            return end(error)
        }
    }

    func answerChannelClose() {
        guard let library = try? usable() else { return }
        var ok = amqp_channel_close_ok_t()
        _ = amqp_send_method(library, Self.channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok)
        amqp_maybe_release_buffers(library)
    }

    func answerConnectionClose() {
        guard let library = try? usable() else { return }
        var ok = amqp_connection_close_ok_t()
        _ = amqp_send_method(library, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok)
    }

    /// A name for a `shortstr` argument of the next call; it lives in the arena.
    func name(_ text: String, _ what: String) throws(AMQPError) -> amqp_bytes_t {
        guard text.utf8.count <= 255 else {
            throw AMQPError(.invalid, "the \(what) has \(text.utf8.count) bytes, the limit is 255")
        }
        return arena.bytes(text)
    }

    /// Arguments for the next call; they live in the arena.
    func table(_ arguments: FieldTable) throws(AMQPError) -> amqp_table_t {
        switch FieldEncoding.size(of: arguments) {
        case .failure(let flaw): throw AMQPError(.invalid, "the arguments cannot be sent: \(flaw.text)")
        case .success(let size) where size > frameMax - 2048:
            throw AMQPError(.invalid, "the arguments take \(size) bytes, which is above the frame size")
        case .success: return FieldEncoding.table(arguments, in: arena)
        }
    }
}
