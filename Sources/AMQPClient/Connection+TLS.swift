import CRabbitMQ

extension Connection {
    /// A socket for the address, encrypted if it says so. librabbitmq verifies by default, but trusts nobody and takes
    /// old versions: so the authorities must be named, and TLS is 1.2 at least.
    static func makeSocket(
        _ library: amqp_connection_state_t, _ address: AMQPAddress, _ place: String
    ) throws(AMQPError) -> OpaquePointer {
        guard let authorities = address.authorities else {
            guard let socket = amqp_tcp_socket_new(library) else {
                throw AMQPError(.away, "\(place): out of memory")
            }
            return socket
        }
        guard let socket = amqp_ssl_socket_new(library) else {
            throw AMQPError(.away, "\(place): out of memory")
        }
        guard amqp_ssl_socket_set_cacert(socket, authorities) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(
                .invalid,
                "\(place): the file '\(authorities)' (cacertfile in the URL) cannot be read as certificates in PEM"
            )
        }
        guard
            amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
                == AMQP_STATUS_OK.rawValue
        else { throw AMQPError(.invalid, "\(place): the TLS library knows no TLS 1.2") }
        amqp_ssl_socket_set_verify_peer(socket, 1)
        amqp_ssl_socket_set_verify_hostname(socket, 1)
        return socket
    }

    /// Puts a message on the wire at once. Only librabbitmq can write through TLS, and it does so frame by frame.
    ///
    /// - Throws: when the connection has ended.
    func publishEncrypted(_ message: OutgoingMessage) throws(AMQPError) {
        let library = try usable()
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

extension AMQPError {
    /// What a failed TLS handshake means to a person; nil when it was something else.
    static func ofTLS(_ status: Int32, _ address: AMQPAddress, _ place: String) -> AMQPError? {
        switch status {
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue:
            AMQPError(
                .refused,
                "\(place): its certificate is not from an authority in '\(address.authorities ?? "")', or has expired"
            )
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED.rawValue:
            AMQPError(
                .refused,
                "\(place): its certificate is for another host than '\(address.host)'; write the name that is in it"
                    + " (an IP address never matches)")
        case AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue:
            AMQPError(
                .away,
                "\(place): no TLS 1.2 or later was agreed on; amqps:// needs the port where the broker speaks TLS,"
                    + " mostly 5671")
        default: nil
        }
    }
}
