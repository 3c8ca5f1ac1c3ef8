import AMQPClient
import Logging
import WeirCore
import WeirTopology
import WeirWire

/// Brings commands to their partitions' queues, as fast as the broker confirms them.
struct CommandFlood {
    private let publisher: Publisher
    private let confirmed: Confirmations
    private var sent = 0

    /// Connects, lets `publish` send exactly `count` commands, and returns when the broker has confirmed all of them.
    static func run(to amqpURL: String, count: Int, _ publish: (inout CommandFlood) -> Void) throws {
        let publisher = Publisher(
            settings: .init(amqp: AMQPSettings(url: amqpURL, connectionName: "lab")),
            logger: Logger(label: "lab") { _ in SwiftLogNoOpLogHandler() })
        defer { publisher.stop(drain: .seconds(30)) }
        guard publisher.waitUntilReady(timeout: .seconds(15)) else {
            throw LabError("the broker does not answer")
        }
        var flood = CommandFlood(publisher: publisher, confirmed: Confirmations(expecting: count))
        publish(&flood)
        guard flood.confirmed.waitForAll() else { throw LabError("the broker refused messages") }
    }

    private init(publisher: Publisher, confirmed: Confirmations) {
        (self.publisher, self.confirmed) = (publisher, confirmed)
    }

    /// Sends some, once not too many are on their way.
    mutating func send(_ commands: [(command: Command, partition: Int)]) {
        confirmed.waitUntilFewer(than: 20_000, sent: sent)
        sent += commands.count
        publisher.publish(commands.map { Self.message($0.command, $0.partition) }) {
            [confirmed] _, outcome in confirmed.note(outcome)
        }
    }

    /// Sends so many, some thousands at a time.
    mutating func send(_ count: Int, _ command: (Int) -> (command: Command, partition: Int)) {
        for first in stride(from: 0, to: count, by: 2_000) {
            send((first..<min(first + 2_000, count)).map(command))
        }
    }

    private static func message(_ command: Command, _ partition: Int) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.type = command.kind.rawValue
        properties.messageID = command.messageID
        properties.contentType = "application/json"
        properties.deliveryMode = 2
        return OutgoingMessage(
            exchange: BrokerTopology.intents, routingKey: BrokerTopology.routingKey(partition),
            properties: properties, body: command.body, mandatory: true)
    }
}
