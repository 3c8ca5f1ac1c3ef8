import AMQPClient
import Logging
import WeirCore
import WeirTopology

@testable import WeirWire

/// Copies of the messages that go through an exchange, for tests: a queue of its own, emptied when one looks.
struct Tap: Sendable {
    private let amqpURL: String
    private let queue: String

    /// Binds a queue; from now on nothing is missed.
    static func on(_ room: IngressRoom, exchange: String, routingKeys: [String]) async throws -> Tap {
        let tap = Tap(amqpURL: room.room.amqpURL, queue: "test.tap.\(exchange)")
        let flaw = await offAsyncThreads { () -> AMQPError? in
            do throws(AMQPError) {
                let connection = try Connection(tap.settings)
                defer { connection.close() }
                try connection.declareQueue(name: tap.queue)
                for key in routingKeys {
                    try connection.bindQueue(queue: tap.queue, exchange: exchange, routingKey: key)
                }
                return nil
            } catch {
                return error
            }
        }
        if let flaw { throw flaw }
        return tap
    }

    /// What has come since the last look.
    func take() async -> [Delivery] {
        await offAsyncThreads {
            var taken: [Delivery] = []
            guard let connection = try? Connection(settings) else { return taken }
            defer { connection.close() }
            while let delivery = try? connection.get(queue: queue, noAck: true) { taken.append(delivery) }
            return taken
        }
    }

    private var settings: AMQPSettings { AMQPSettings(url: amqpURL, connectionName: "test tap") }
}

extension IngressRoom {
    /// Publishes a command as any AMQP client may.
    func publish(_ type: String, id: String, sku: String, _ body: String) async throws {
        let settings = AMQPSettings(url: room.amqpURL, connectionName: "test publisher")
        let key = BrokerTopology.routingKey(partitioning.partition(of: SKU(unchecked: sku)))
        let outcome = await offAsyncThreads { () -> Publisher.Outcome in
            let publisher = Publisher(settings: Publisher.Settings(amqp: settings), logger: .quiet)
            defer { publisher.stop(drain: .seconds(1)) }
            _ = publisher.waitUntilReady(timeout: .seconds(10))
            return publisher.publishAndWait(
                OutgoingMessage(
                    exchange: BrokerTopology.intents, routingKey: key,
                    properties: MessageProperties(
                        contentType: "application/json", type: type, messageID: id, deliveryMode: 2),
                    body: Array(body.utf8)))
        }
        guard outcome == .confirmed else { throw TestFailure("not published: \(outcome)") }
    }
}

extension FieldTable {
    /// The headers as a JSON object, as far as descriptions know them.
    var described: JSONValue {
        .object(
            JSONFields(
                fields.compactMap { field in
                    switch field.value {
                    case .string(let text): (field.name, .text(text))
                    case .int(let number): (field.name, .integer(number))
                    default: nil
                    }
                }))
    }
}
