import AMQPClient
import Synchronization
import WeirPipeline
import WeirTopology

/// Publishes a partition's messages to other partitions, over a connection that carries nothing else: a queue of a
/// subscriber that is full or away holds up the events, never these.
public final class LiveMessageSink: MessageSink {
    private let publisher: Publisher
    private let partition: Int
    private let receipts = Mailbox()

    /// A sink of this partition's messages.
    public init(_ publisher: Publisher, partition: Int) {
        self.publisher = publisher
        self.partition = partition
    }

    public func send(_ messages: [AddressedEvent], epoch: Int) {
        var outgoing: [OutgoingMessage] = []
        var targets: [(seq: Int64, partition: Int)] = []
        for message in messages {
            var properties = MessageProperties(message.event, partition: partition)
            // Whoever waits for the event hears of it by the event.
            properties.correlationID = nil
            for target in message.to {
                outgoing.append(
                    OutgoingMessage(
                        exchange: BrokerTopology.internal, routingKey: BrokerTopology.routingKey(target),
                        properties: properties, body: message.event.body, mandatory: true))
                targets.append((message.event.seq, target))
            }
        }
        publisher.publish(outgoing) { [receipts, targets] position, outcome in
            receipts.put(
                MessageReceipt(
                    epoch: epoch, seq: targets[position].seq, partition: targets[position].partition,
                    confirmed: outcome == .confirmed))
        }
    }

    public func takeReceipts() -> [MessageReceipt] { receipts.take() }

    /// Where the publisher's thread leaves receipts for the partition's thread.
    private final class Mailbox: Sendable {
        private let receipts = Mutex<[MessageReceipt]>([])

        func put(_ receipt: MessageReceipt) { receipts.withLock { $0.append(receipt) } }

        func take() -> [MessageReceipt] {
            receipts.withLock { receipts in
                defer { receipts = [] }
                return receipts
            }
        }
    }
}
