import AMQPClient
import Logging
import WeirCore
import WeirTopology
import WeirWire

/// The thread that hears for the ``SoldOutGate`` when SKUs are sold out or can be had again, in a queue of its own.
///
/// The queue is gone with its connection. What happened meanwhile is in the database: the gate reads it again.
final class GateListener: Sendable {
    /// The types that open a SKU or say that its row is worth a look; what they carry is the whole row.
    static let types = [EventType.crossed(.soldOut), EventType.crossed(.backInStock), EventType.defined]
    /// How many events may wait; the oldest are dropped first, which at worst delays what rows will say anyway.
    private static let queueLimit: Int64 = 10_000

    /// The queue's name.
    let queue: String
    private let gate: SoldOutGate
    private let settings: AMQPSettings
    private let thread: ReconnectingThread

    init(_ gate: SoldOutGate, _ settings: IngressSettings, logger: Logger) {
        self.gate = gate
        queue = "\(BrokerTopology.ingressQueuePrefix)\(settings.instance).gate"
        self.settings = AMQPSettings(
            url: settings.amqpURL, connectionName: "weir ingress \(settings.instance) gate")
        thread = ReconnectingThread(
            name: "weir-gate", complaint: "the sold-out gate hears no events", logger: logger)
    }

    /// Whether events can arrive at the moment.
    var isConnected: Bool { thread.isConnected }

    func start() {
        thread.start { [self] in try listen() }
    }

    /// Ends the thread and waits for it. Blocks for half a second, or as long as a login takes.
    func stop() { thread.stop() }

    private func listen() throws(AMQPError) {
        let connection = try Connection(settings)
        defer { connection.close() }
        try connection.declareQueue(
            name: queue, durable: false, exclusive: true, autoDelete: true,
            arguments: ["x-max-length": .int(Self.queueLimit), "x-overflow": "drop-head"])
        for type in Self.types {
            try connection.bindQueue(queue: queue, exchange: BrokerTopology.events, routingKey: "\(type).*")
        }
        try connection.consume(queue: queue, noAck: true, exclusive: true)
        thread.noteConnected()
        // After the subscription: what happens from now on comes here, what happened before is in the rows.
        gate.distrust()
        while !thread.isStopping {
            guard let delivery = try connection.nextDelivery(wait: .milliseconds(500)) else { continue }
            guard let type = delivery.properties.type,
                let happening = try? Happening(type: type, body: delivery.body)
            else {
                // What it would have said is in the rows.
                gate.distrust()
                continue
            }
            gate.note(happening)
        }
    }
}
