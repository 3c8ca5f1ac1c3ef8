import AMQPClient
import WeirLive
import WeirPipeline
import WeirSandbox

extension BadBatch {
    /// Publishes from inside the broker what no AMQP library lets anybody send. The arguments are Erlang: `headers`
    /// an AMQP table, in which `Nest(Levels, Name)` is a table of tables; the others binaries or `undefined`.
    func publishRaw(
        _ message: OutgoingMessage, headers: String = "undefined", replyTo: String = "undefined",
        correlationID: String = "undefined"
    ) async throws {
        let vhost = room.amqpURL.split(separator: "/").last ?? ""
        let body = message.body.map { String($0) }.joined(separator: ",")
        try await SharedSandbox.get().evaluateInBroker(
            """
            Nest = fun Nest(0, _) -> [];
                       Nest(Levels, Name) -> [{Name, table, Nest(Levels - 1, Name)}]
                   end,
            _ = Nest,
            Properties = {'P_basic', <<"application/json">>, undefined, \(headers), 2, undefined,
                \(correlationID), \(replyTo), undefined, undefined, undefined,
                <<"\(message.properties.type ?? "")">>, undefined, undefined, undefined},
            Exchange = rabbit_misc:r(<<"\(vhost)">>, exchange, <<"\(message.exchange)">>),
            Message = rabbit_basic:message(
                Exchange, <<"\(message.routingKey)">>, Properties, <<\(body)>>),
            Delivery = rabbit_basic:delivery(false, false, Message, undefined),
            rabbit_basic:publish(Delivery).
            """)
    }
}

/// A consumer on a thread of its own, as its connection wants it.
final class LiveSourceOnThread: Sendable {
    private let questions = Mailbox<@Sendable (LiveDeliverySource) -> Void>()
    private let thread: DedicatedThread

    init(_ room: LiveRoom, partition: Int) throws {
        thread = DedicatedThread(name: "source") { [questions] in
            let settings = AMQPSettings(url: room.amqpURL, connectionName: "test source")
            guard let source = try? LiveDeliverySource(settings, partition: partition) else { return }
            while !questions.isClosed {
                for question in questions.take(waiting: .seconds(1)) { question(source) }
                try? source.pump()
            }
            source.close()
        }
    }

    /// At most so many deliveries; waits until they are there, at most ten seconds.
    func fill(_ count: Int) async throws -> [WeirPipeline.Delivery] {
        try await ask { source in
            var filled: [WeirPipeline.Delivery] = []
            let deadline = ContinuousClock.now + .seconds(10)
            while filled.count < count, ContinuousClock.now < deadline {
                filled += try source.fill(limit: count - filled.count, wait: .milliseconds(50))
            }
            return filled
        }
    }

    func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (LiveDeliverySource) throws -> Answer
    ) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            _ = questions.put { source in
                continuation.resume(with: Swift.Result { try question(source) })
            }
        }
    }

    func close() async throws {
        questions.close()
        try await onThread { [thread] in thread.join() }
    }
}
