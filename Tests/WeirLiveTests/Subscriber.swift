import AMQPClient
import Synchronization
import WeirLive
import WeirTopology

/// An independent subscriber of the full stream, which applies only `seq = last + 1`: its record is evidence that
/// owes nothing to the worker's own books.
final class Subscriber: Sendable {
    /// What it saw.
    struct Record: Sendable {
        /// The bodies that it applied, by partition, in order.
        var applied: [Int: [[UInt8]]] = [:]
        /// How often each message id came.
        var copies: [String: Int] = [:]
        /// Ids that came with two bodies.
        var contradictions: [String] = []
        fileprivate var first: [String: [UInt8]] = [:]
    }

    private static let queue = "test.stream"
    private let record = Mutex(Record())
    private let stopSignal = StopSignal()
    private let thread = Mutex<DedicatedThread?>(nil)

    /// Binds a durable queue, so that a lost connection loses nothing, and starts to listen.
    ///
    /// - Parameter isReplicated: whether the queue shall outlive a node of a cluster, too.
    init(_ room: LiveRoom, isReplicated: Bool = false) throws {
        let connection = try room.connection()
        let arguments = isReplicated ? FieldTable([("x-queue-type", .string("quorum"))]) : FieldTable()
        try connection.declareQueue(name: Self.queue, arguments: arguments)
        try connection.bindQueue(queue: Self.queue, exchange: BrokerTopology.events, routingKey: "#")
        connection.close()
        thread.withLock {
            $0 = DedicatedThread(name: "subscriber") { [self] in
                while !stopSignal.isStopping {
                    try? listen(room)
                    stopSignal.wait(.milliseconds(100))
                }
            }
        }
    }

    var current: Record { record.withLock { $0 } }

    func stop() {
        stopSignal.stop()
        thread.withLock { $0 }?.join()
    }

    private func listen(_ room: LiveRoom) throws {
        let connection = try room.connection()
        defer { connection.close() }
        try connection.qos(prefetch: 500)
        try connection.consume(queue: Self.queue)
        while !stopSignal.isStopping {
            guard let delivery = try connection.nextDelivery(wait: .milliseconds(50)) else { continue }
            note(delivery)
            try connection.ack(upTo: delivery.deliveryTag, multiple: false)
        }
    }

    private func note(_ delivery: Delivery) {
        let headers = delivery.properties.headers
        guard let partition = headers["x-weir-partition"]?.intValue, let seq = headers["x-weir-seq"]?.intValue
        else { return }
        let id = delivery.properties.messageID ?? "none"
        record.withLock { record in
            record.copies[id, default: 0] += 1
            if let known = record.first.updateValue(delivery.body, forKey: id), known != delivery.body {
                record.contradictions.append(id)
            }
            if seq == record.applied[Int(partition), default: []].count + 1 {
                record.applied[Int(partition), default: []].append(delivery.body)
            }
        }
    }
}
