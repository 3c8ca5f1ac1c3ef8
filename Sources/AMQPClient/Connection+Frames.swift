import CRabbitMQ
import Glibc

extension Connection {
    /// What the broker says without being asked.
    enum Event {
        case delivery(Delivery)
        case returned(ReturnedMessage)
        case confirm(tag: UInt64, multiple: Bool, positive: Bool)
        /// `connection.blocked` or `unblocked`: look at `blockedReason`.
        case alarmChanged
    }

    /// The next event, those that `pump` has read first; `nil` when none came by the deadline (0: at once).
    func nextEvent(until deadline: UInt64) throws(AMQPError) -> Event? {
        // Before what was read ahead: nothing that arrived can be acknowledged any more.
        _ = try usable()
        if let event = arrived.popFirst() { return event }
        return try readEvent(until: deadline)
    }

    /// The next event from the socket.
    func readEvent(until deadline: UInt64) throws(AMQPError) -> Event? {
        let library = try usable()
        while true {
            var frame = amqp_frame_t()
            let status = wait(library, until: deadline, &frame)
            if status == AMQP_STATUS_TIMEOUT.rawValue {
                let now = Monotonic.now()
                if now >= stallDeadline {
                    throw end(AMQPError(.away, "the broker stopped in the middle of a message"))
                }
                guard now < deadline else { return nil }
                continue
            }
            if let error = AMQPError.ofStatus(status, "the connection to the broker is lost") {
                throw end(error)
            }
            let event: Event?
            do throws(AMQPError) {
                event = try handle(frame)
            } catch {
                throw end(error)
            }
            // What the frame held has been copied: without this the library keeps every message for ever.
            amqp_maybe_release_buffers_on_channel(library, frame.channel)
            if let event { return event }
        }
    }

    /// Notes that a message has begun, so that its next frame has to come in time.
    func expectNextFrame() {
        stallDeadline = assembler.isInside ? Monotonic.after(.seconds(settings.rpcTimeoutSeconds)) : .max
    }

    /// Waits for a frame, no longer than for a missing piece of a message. Heartbeats happen in here.
    private func wait(
        _ library: amqp_connection_state_t, until deadline: UInt64, _ frame: inout amqp_frame_t
    ) -> Int32 {
        var patience = timeval()
        if deadline > 0 {
            let end = min(deadline, stallDeadline)
            let now = Monotonic.now()
            if end > now {
                let microseconds = (end - now + 999) / 1000
                patience.tv_sec = Int(clamping: microseconds / 1_000_000)
                patience.tv_usec = Int(microseconds % 1_000_000)
            }
        }
        return amqp_simple_wait_frame_noblock(library, &frame, &patience)
    }

    private func handle(_ frame: amqp_frame_t) throws(AMQPError) -> Event? {
        switch frame.frame_type {
        case UInt8(AMQP_FRAME_METHOD):
            return try handle(frame.payload.method)
        case UInt8(AMQP_FRAME_HEADER):
            let header = frame.payload.properties
            guard header.class_id == UInt16(AMQP_BASIC_CLASS), let decoded = header.decoded else {
                throw AMQPError(.protocolViolation, "the broker sent a header of class \(header.class_id)")
            }
            let raw = decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
            let properties = MessageProperties(raw, names: &names)
            return done(try assembler.header(properties, bodySize: header.body_size))
        case UInt8(AMQP_FRAME_BODY):
            return done(try assembler.fragment(UnsafeRawBufferPointer(borrowed: frame.payload.body_fragment)))
        default:
            throw AMQPError(.protocolViolation, "the broker sent a frame of type \(frame.frame_type)")
        }
    }

    private func done(_ content: ContentAssembler.Content?) -> Event? {
        guard let content else {
            expectNextFrame()
            return nil
        }
        stallDeadline = .max
        switch content {
        case .delivery(let delivery): return .delivery(delivery)
        case .returned(let message): return .returned(message)
        }
    }
}
