import AMQPClient
import CRabbitMQ
import Glibc

/// What the broker and the C library can do when nobody decides anything: reads and acknowledges.
enum BareConsumer {
    /// Consumes `count` messages of a queue and returns how many seconds that took. Acknowledges every `window`
    /// messages at once; 1 acknowledges each one.
    static func drain(
        _ queue: String, count: Int, window: Int, host: String, port: Int, user: String, password: String,
        vhost: String
    )
        throws -> Double
    {
        guard let connection = amqp_new_connection() else { throw LabError("librabbitmq has no memory") }
        defer { amqp_destroy_connection(connection) }
        guard let socket = amqp_tcp_socket_new(connection), amqp_socket_open(socket, host, Int32(port)) == 0
        else {
            throw LabError("the broker does not answer")
        }
        var properties = amqp_empty_table
        let login = weir_amqp_login(connection, vhost, 0, 131_072, 0, &properties, user, password)
        guard login.reply_type == AMQP_RESPONSE_NORMAL else {
            throw LabError("the broker refuses the login")
        }
        _ = amqp_channel_open(connection, 1)
        _ = amqp_basic_qos(connection, 1, 0, 2_000, 0)
        _ = amqp_basic_consume(
            connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table)
        let begin = ContinuousClock.now
        for number in 1...count {
            amqp_maybe_release_buffers(connection)
            var envelope = amqp_envelope_t()
            var patience = timeval(tv_sec: 10, tv_usec: 0)
            let reply = amqp_consume_message(connection, &envelope, &patience, 0)
            guard reply.reply_type == AMQP_RESPONSE_NORMAL else {
                throw LabError("the bare consumer stopped early")
            }
            if number % window == 0 || number == count {
                _ = amqp_basic_ack(connection, 1, envelope.delivery_tag, 1)
            }
            amqp_destroy_envelope(&envelope)
        }
        let seconds = (ContinuousClock.now - begin).seconds
        _ = amqp_connection_close(connection, AMQP_REPLY_SUCCESS)
        return seconds
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
