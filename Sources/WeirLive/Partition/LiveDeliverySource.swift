import AMQPClient
import WeirPipeline
import WeirTopology

/// A partition's queue on the broker: a consuming connection that never publishes, because a broker alarm blocks a
/// connection that does.
public final class LiveDeliverySource: DeliverySource {
    private let connection: Connection
    private let queues: [String]
    /// The consumer of the queue that only other partitions can write: what it brings is a message of theirs.
    private let internalTag: String
    /// A batch of large rubbish must still fit into one transaction's dead letters.
    private static let byteLimit = 32 << 20

    /// Connects and subscribes.
    public init(_ settings: AMQPSettings, partition: Int) throws(SourceError) {
        queues = [BrokerTopology.intentsQueue(partition), BrokerTopology.internalQueue(partition)]
        (connection, internalTag) = try asSourceError { [queues] () throws(AMQPError) in
            let connection = try Connection(settings)
            // For each consumer its own: a queue that is full of intents leaves room for messages.
            try connection.qos(prefetch: BrokerTopology.prefetch)
            try connection.consume(queue: queues[0])
            return (connection, try connection.consume(queue: queues[1]))
        }
    }

    public func fill(limit: Int, wait: Duration) throws(SourceError) -> [WeirPipeline.Delivery] {
        try asSourceError { () throws(AMQPError) in
            var filled: [WeirPipeline.Delivery] = []
            guard limit > 0, let first = try connection.nextDelivery(wait: wait) else { return filled }
            first.append(to: &filled, isInternal: first.consumerTag == internalTag)
            var bytes = first.weight
            while filled.count < limit, bytes < Self.byteLimit,
                let next = try connection.nextDelivery(wait: .zero)
            {
                bytes += next.weight
                next.append(to: &filled, isInternal: next.consumerTag == internalTag)
            }
            return filled
        }
    }

    public func isDrained() throws(SourceError) -> Bool {
        try asSourceError { () throws(AMQPError) in
            for queue in queues {
                let status = try connection.checkQueue(queue)
                // Deliveries in the hands of another consumer count as taken: with one about, nobody can tell.
                guard status.messageCount == 0, status.consumerCount <= 1 else { return false }
            }
            return true
        }
    }

    public func acknowledge(through tag: UInt64) throws(SourceError) {
        try asSourceError { () throws(AMQPError) in try connection.ack(upTo: tag, multiple: true) }
    }

    public func pump() throws(SourceError) {
        try asSourceError { () throws(AMQPError) in try connection.pump() }
    }

    public func close() { connection.close() }

    /// Ends the connection without a goodbye, as a killed process does (for fault tests).
    public func abandon() { connection.abandon() }
}

private func asSourceError<Value>(_ call: () throws(AMQPError) -> Value) throws(SourceError) -> Value {
    do throws(AMQPError) { return try call() } catch { throw SourceError(error.message) }
}

extension AMQPClient.Delivery {
    /// How many bytes a dead letter of this delivery may take: a header's byte becomes up to six in JSON.
    fileprivate var weight: Int {
        body.count + (properties.headers.isEmpty ? 0 : 6 * FieldValue.table(properties.headers).weight)
    }
}

extension FieldValue {
    fileprivate var weight: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .array(let elements): elements.reduce(8) { $0 + $1.weight }
        case .table(let table): table.fields.reduce(8) { $0 + $1.name.utf8.count + $1.value.weight }
        case .bool, .int, .double, .timestamp, .decimal, .void: 8
        }
    }
}
