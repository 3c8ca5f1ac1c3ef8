import AMQPClient
import CRabbitMQ
import Foundation
import Glibc
import Synchronization
import WeirSandbox
import WeirTopology

/// What the broker and the C library can do when nobody decides anything: reads and acknowledges.
final class BareConsumer: @unchecked Sendable {
    // Safe: it is made by one thread and handed to another, which alone uses it from then on.
    private let connection: amqp_connection_state_t
    private let queue: String

    /// Connects, and subscribes to nothing yet.
    init(_ queue: String, amqpURL: String, vhost: String) throws {
        guard let url = URLComponents(string: amqpURL), let host = url.host, let port = url.port else {
            throw LabError("the broker's URL cannot be read")
        }
        guard let connection = amqp_new_connection() else { throw LabError("librabbitmq has no memory") }
        (self.connection, self.queue) = (connection, queue)
        guard let socket = amqp_tcp_socket_new(connection), amqp_socket_open(socket, host, Int32(port)) == 0
        else {
            throw LabError("the broker does not answer")
        }
        var properties = amqp_empty_table
        let login = weir_amqp_login(
            connection, vhost, 0, 131_072, 0, &properties, url.user ?? "", url.password ?? "")
        guard login.reply_type == AMQP_RESPONSE_NORMAL else {
            throw LabError("the broker refuses the login")
        }
        _ = amqp_channel_open(connection, 1)
        _ = amqp_basic_qos(connection, 1, 0, UInt16(BrokerTopology.prefetch), 0)
    }

    deinit { amqp_destroy_connection(connection) }

    /// Consumes `count` messages and acknowledges every `window` of them at once; 1 acknowledges each one.
    ///
    /// - Returns: when it subscribed, and when it had all.
    func drain(
        _ count: Int, window: Int
    ) throws -> (begin: ContinuousClock.Instant, end: ContinuousClock.Instant) {
        defer { _ = amqp_connection_close(connection, AMQP_REPLY_SUCCESS) }
        let begin = ContinuousClock.now
        _ = amqp_basic_consume(
            connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table)
        for number in 0..<count {
            amqp_maybe_release_buffers(connection)
            var envelope = amqp_envelope_t()
            var patience = timeval(tv_sec: 10, tv_usec: 0)
            let reply = amqp_consume_message(connection, &envelope, &patience, 0)
            guard reply.reply_type == AMQP_RESPONSE_NORMAL else {
                throw LabError("the bare consumer stopped early")
            }
            if (number + 1) % window == 0 || number + 1 == count {
                _ = amqp_basic_ack(connection, 1, envelope.delivery_tag, 1)
            }
            amqp_destroy_envelope(&envelope)
        }
        return (begin, .now)
    }
}

/// Bare consumers side by side: one for each queue, each with a connection and a thread of its own.
enum BareConsumers {
    private typealias Span = (begin: ContinuousClock.Instant, end: ContinuousClock.Instant)

    /// What the threads leave behind.
    private final class Results: Sendable {
        private let list = Mutex<[Result<Span, any Error>]>([])
        func put(_ result: Result<Span, any Error>) { list.withLock { $0.append(result) } }
        func spans() throws -> [Span] { try list.withLock { $0 }.map { try $0.get() } }
    }

    /// Drains queues of known lengths at once; seconds from the first subscription to the last message.
    static func drain(_ queues: [(name: String, count: Int)], in room: Room, window: Int) throws -> Double {
        let consumers = try queues.map {
            (consumer: try BareConsumer($0.name, amqpURL: room.amqpURL, vhost: room.vhost), count: $0.count)
        }
        let results = Results()
        let threads = consumers.map { consumer, count in
            DedicatedThread(name: "bare consumer") {
                results.put(Result { try consumer.drain(count, window: window) })
            }
        }
        threads.forEach { $0.join() }
        let spans = try results.spans()
        guard let begin = spans.map(\.begin).min(), let end = spans.map(\.end).max() else { return 0 }
        return (end - begin).seconds
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
