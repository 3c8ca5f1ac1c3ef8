import CRabbitMQ
import Glibc

extension Connection {
    /// A socket that has logged in. On any failure what was acquired in C is given back.
    static func open(
        _ address: AMQPAddress, _ settings: AMQPSettings, _ onSocket: (SocketHandle) -> Void
    ) throws(AMQPError) -> (library: amqp_connection_state_t, handle: SocketHandle) {
        let place = "cannot connect to the broker at \(address.host):\(address.port)"
        guard (1...60).contains(settings.heartbeatSeconds), settings.connectTimeoutSeconds >= 1,
            settings.rpcTimeoutSeconds >= 1
        else { throw AMQPError(.invalid, "\(place): a time in its settings is out of range") }
        guard let library = amqp_new_connection() else { throw AMQPError(.away, "\(place): out of memory") }
        var handle: SocketHandle?
        do throws(AMQPError) {
            let socket = try makeSocket(library, address, place)
            var patience = timeval(tv_sec: settings.connectTimeoutSeconds, tv_usec: 0)
            errno = 0
            let status = amqp_socket_open_noblock(socket, address.host, address.port, &patience)
            if status == AMQP_STATUS_SOCKET_ERROR.rawValue, errno != 0 {
                // The library says only "a socket error occurred", and of a connection that was refused while it waited
                // not even errno tells more than that it was under way.
                let reason = errno == EINPROGRESS ? "connection refused" : String(cString: strerror(errno))
                throw AMQPError(.away, "\(place): \(reason)")
            }
            if let error = AMQPError.ofTLS(status, address, place) { throw error }
            if let error = AMQPError.ofStatus(status, place) { throw error }
            let cutter = SocketHandle(duplicating: amqp_get_sockfd(library))
            handle = cutter
            onSocket(cutter)
            amqp_set_handshake_timeout(library, &patience)
            patience.tv_sec = settings.rpcTimeoutSeconds
            amqp_set_rpc_timeout(library, &patience)
            try logIn(library, address, settings)
            return (library, cutter)
        } catch {
            amqp_destroy_connection(library)
            handle?.release()
            throw error
        }
    }

    private static func logIn(
        _ library: amqp_connection_state_t, _ address: AMQPAddress, _ settings: AMQPSettings
    ) throws(AMQPError) {
        let capabilities: FieldTable = [
            "publisher_confirms": true, "consumer_cancel_notify": true, "connection.blocked": true,
            "basic.nack": true, "authentication_failure_close": true, "exchange_exchange_bindings": true,
        ]
        let arena = Arena()
        var properties = FieldEncoding.table(
            [
                "connection_name": .string(settings.connectionName), "product": "weir",
                "capabilities": .table(capabilities),
            ], in: arena)
        let reply = weir_amqp_login(
            library, address.vhost, Int32(channel), Int32(MessageLimits.frameMax),
            Int32(settings.heartbeatSeconds),
            &properties, address.user, address.password)
        let place =
            "cannot log in at \(address.host):\(address.port) as \(address.user) to \(address.vhost)"
        guard let error = AMQPError.ofReply(reply, place) else { return }
        // A port that speaks TLS hangs up on the first word that is none.
        guard address.authorities == nil, reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION,
            error.kind == .away
        else { throw error }
        throw AMQPError(.away, error.message + "; if that port speaks TLS, write amqps:// in the URL")
    }

    func openChannel() throws(AMQPError) {
        var request = amqp_channel_open_t()
        try call(
            AMQP_CHANNEL_OPEN_METHOD, &request, expecting: AMQP_CHANNEL_OPEN_OK_METHOD,
            "cannot open a channel")
    }
}
