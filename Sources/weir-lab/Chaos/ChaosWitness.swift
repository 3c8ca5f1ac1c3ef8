import AMQPClient
import Synchronization
import WeirTopology

/// An independent subscriber of the full stream, which applies only `seq = last + 1`.
final class ChaosWitness: Sendable {
    private struct Record {
        var applied: [Int: [[UInt8]]] = [:]
        var received = 0
        var first: [String: [UInt8]] = [:]
        var contradictions = 0
    }

    private static let queue = "chaos.witness"
    private let url: String
    private let record = Mutex(Record())
    private let stopping = Mailbox<Never>()
    private let thread = Mutex<DedicatedThread?>(nil)

    /// Binds a durable queue, so that a lost connection loses nothing, and listens.
    init(_ amqpURL: String) throws {
        url = amqpURL
        let connection = try Connection(AMQPSettings(url: url, connectionName: "chaos witness"))
        try connection.declareQueue(name: Self.queue, arguments: ["x-queue-type": "quorum"])
        try connection.bindQueue(queue: Self.queue, exchange: BrokerTopology.events, routingKey: "#")
        connection.close()
        thread.withLock {
            $0 = DedicatedThread(name: "witness") { [self] in
                while !stopping.isClosed {
                    try? listen()
                    stopping.wait(.milliseconds(200))
                }
            }
        }
    }

    /// What it applied, by partition, in order.
    var applied: [Int: [[UInt8]]] { record.withLock { $0.applied } }
    /// How many messages came, duplicates included.
    var received: Int { record.withLock { $0.received } }
    /// How many ids came with two different bodies.
    var contradictions: Int { record.withLock { $0.contradictions } }

    func stop() {
        stopping.close()
        thread.withLock { $0 }?.join()
    }

    private func listen() throws {
        let connection = try Connection(AMQPSettings(url: url, connectionName: "chaos witness"))
        defer { connection.close() }
        try connection.qos(prefetch: 500)
        try connection.consume(queue: Self.queue)
        while !stopping.isClosed {
            guard let delivery = try connection.nextDelivery(wait: .milliseconds(100)) else { continue }
            note(delivery)
            try connection.ack(upTo: delivery.deliveryTag, multiple: false)
        }
    }

    private func note(_ delivery: Delivery) {
        let headers = delivery.properties.headers
        guard let partition = headers["x-weir-partition"]?.intValue.map(Int.init),
            let seq = headers["x-weir-seq"]?.intValue, let id = delivery.properties.messageID
        else { return }
        record.withLock { record in
            record.received += 1
            if let known = record.first[id] {
                if known != delivery.body { record.contradictions += 1 }
            } else {
                record.first[id] = delivery.body
            }
            if seq == record.applied[partition, default: []].count + 1 {
                record.applied[partition, default: []].append(delivery.body)
            }
        }
    }
}
