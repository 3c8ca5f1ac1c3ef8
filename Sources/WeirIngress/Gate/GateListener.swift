import AMQPClient
import Logging
import Synchronization
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
    private let logger: Logger
    private let connected = Atomic(false)
    private let stopping = Atomic(false)
    /// Only to be woken out of a pause by.
    private let bell = Mailbox<Never>()
    private let thread = Mutex<DedicatedThread?>(nil)

    init(_ gate: SoldOutGate, _ settings: IngressSettings, logger: Logger) {
        self.gate = gate
        self.logger = logger
        queue = "\(BrokerTopology.ingressQueuePrefix)\(settings.instance).gate"
        self.settings = AMQPSettings(
            url: settings.amqpURL, connectionName: "weir ingress \(settings.instance) gate")
    }

    /// Whether events can arrive at the moment.
    var isConnected: Bool { connected.load(ordering: .acquiring) }

    func start() {
        thread.withLock { $0 = DedicatedThread(name: "weir-gate") { self.run() } }
    }

    /// Ends the thread and waits for it. Blocks for half a second, or as long as a login takes.
    func stop() {
        stopping.store(true, ordering: .releasing)
        bell.close()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var pause = Pause()
        while !stopping.load(ordering: .acquiring) {
            do throws(AMQPError) {
                try listen { pause.reset() }
            } catch {
                connected.store(false, ordering: .releasing)
                guard !stopping.load(ordering: .acquiring) else { break }
                logger.warning("the sold-out gate hears no events", metadata: ["reason": "\(error.message)"])
                bell.wait(pause.next())
            }
        }
        connected.store(false, ordering: .releasing)
    }

    private func listen(_ onConnect: () -> Void) throws(AMQPError) {
        let connection = try Connection(settings)
        defer { connection.close() }
        try connection.declareQueue(
            name: queue, durable: false, exclusive: true, autoDelete: true,
            arguments: ["x-max-length": .int(Self.queueLimit), "x-overflow": "drop-head"])
        for type in Self.types {
            try connection.bindQueue(queue: queue, exchange: BrokerTopology.events, routingKey: "\(type).*")
        }
        try connection.consume(queue: queue, noAck: true, exclusive: true)
        connected.store(true, ordering: .releasing)
        onConnect()
        // After the subscription: what happens from now on comes here, what happened before is in the rows.
        gate.distrust()
        while !stopping.load(ordering: .acquiring) {
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
