import CRabbitMQ
import Glibc

extension Connection {
    /// How many bytes may wait before they are written.
    private static let outboxBytes = 128 << 10

    /// Asks for a confirm of every message from here on; their tags count from 1 in the order of `send`.
    func selectConfirms() throws(AMQPError) {
        var request = amqp_confirm_select_t()
        try call(
            AMQP_CONFIRM_SELECT_METHOD, &request, expecting: AMQP_CONFIRM_SELECT_OK_METHOD,
            "cannot ask for confirms")
        confirms = true
    }

    /// Puts a message behind those that wait to be written; `flush` writes them. It may block for as long as the
    /// broker does not read.
    ///
    /// Success says nothing, not even that the channel is open: only a confirm does.
    /// - Parameter headerSize: from `MessageLimits.headerSize`; the message has no flaw.
    /// - Throws: `.invalid` when it does not fit this connection's frames, and nothing was added; otherwise
    ///   the connection has ended.
    func send(_ message: OutgoingMessage, headerSize: Int) throws(AMQPError) {
        _ = try usable()
        guard headerSize <= frameMax else {
            throw AMQPError(
                .invalid, "the headers take \(headerSize) bytes, the broker's frame limit is \(frameMax)")
        }
        if isEncrypted { return try publishEncrypted(message) }
        arena.reset()
        var publish = amqp_basic_publish_t(
            ticket: 0, exchange: arena.bytes(message.exchange),
            routing_key: arena.bytes(message.routingKey), mandatory: message.mandatory ? 1 : 0, immediate: 0)
        var properties = message.properties.raw(in: arena)
        let status = outbox.append(
            &publish, &properties, message.body, channel: Self.channel, headerSize: headerSize,
            frameMax: frameMax)
        if let error = AMQPError.ofStatus(status, "cannot publish") {
            throw AMQPError(.invalid, error.message)
        }
        if outbox.count >= Self.outboxBytes { try flush() }
    }

    /// Writes what waits, with as few system calls as the socket allows.
    func flush() throws(AMQPError) {
        _ = try usable()
        defer { outbox.removeAll() }
        var written = 0
        while written < outbox.count {
            let rest = UnsafeRawBufferPointer(rebasing: outbox.bytes[written...])
            let sent = Glibc.send(fileDescriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if sent > 0 {
                written += sent
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                // The watchdog cuts the socket under a broker that never reads again, which ends the wait.
                var descriptor = pollfd(fd: fileDescriptor, events: Int16(POLLOUT), revents: 0)
                poll(&descriptor, 1, 1_000)
            } else if errno != EINTR {
                // Half a message may be out: the connection cannot go on.
                throw end(AMQPError(.away, "cannot publish: \(String(cString: strerror(errno)))"))
            }
        }
    }
}
