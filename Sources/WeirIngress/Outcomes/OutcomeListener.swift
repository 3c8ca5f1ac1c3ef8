import AMQPClient
import Logging
import Synchronization
import WeirCore
import WeirTopology
import WeirWire

/// The thread that reads this ingress's own queue and hands outcomes to those who wait.
final class OutcomeListener: Sendable {
    let queue: String
    private let settings: AMQPSettings
    private let desk: OutcomeDesk
    private let memory: QueuedMemory
    private let orderMemory: WishMemory<OrderSubmit>
    private let lanes: Lanes
    /// Nil when there is none.
    private let gate: SoldOutGate?
    private let partitioning: Partitioning
    private let logger: Logger
    private let connected = Atomic(false)
    private let stopping = Atomic(false)
    /// Only to be woken out of a pause by.
    private let bell = Mailbox<Never>()
    private let thread = Mutex<DedicatedThread?>(nil)

    init(
        _ settings: IngressSettings, desk: OutcomeDesk, memory: QueuedMemory,
        orderMemory: WishMemory<OrderSubmit>, lanes: Lanes, gate: SoldOutGate?, partitioning: Partitioning,
        logger: Logger
    ) {
        queue = BrokerTopology.ingressQueuePrefix + settings.instance
        self.settings = AMQPSettings(
            url: settings.amqpURL, connectionName: "weir ingress \(settings.instance) outcomes")
        self.desk = desk
        self.memory = memory
        self.orderMemory = orderMemory
        self.lanes = lanes
        self.gate = gate
        self.partitioning = partitioning
        self.logger = logger
    }

    /// Whether outcomes can arrive at the moment.
    var isConnected: Bool { connected.load(ordering: .acquiring) }

    func start() {
        thread.withLock { $0 = DedicatedThread(name: "weir-outcomes") { self.run() } }
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
                logger.warning("outcome queue not connected", metadata: ["reason": "\(error.message)"])
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
            arguments: [
                "x-max-length": .int(Int64(BrokerTopology.ingressQueueLimit)), "x-overflow": "drop-head",
            ])
        // Workers send an outcome to everybody and, by its name, to this queue, in one message.
        try connection.bindQueue(queue: queue, exchange: BrokerTopology.events, routingKey: queue)
        try connection.consume(queue: queue, noAck: true, exclusive: true)
        connected.store(true, ordering: .releasing)
        onConnect()
        logger.info("outcome queue connected", metadata: ["queue": "\(queue)"])
        // What was decided while the queue was away is in the database; what comes from now on comes here.
        desk.interrupt()
        while !stopping.load(ordering: .acquiring) {
            if let delivery = try connection.nextDelivery(wait: .milliseconds(500)) { note(delivery) }
        }
    }

    private func note(_ delivery: Delivery) {
        guard let type = delivery.properties.type else { return }
        guard type == Bundle.outcomes else {
            return note(type, delivery.properties.correlationID, delivery.body)
        }
        let headers = delivery.properties.headers
        guard let lines = Bundle.lines(of: delivery.body),
            let types = headers[Bundle.typeHeader]?.stringValue
                .flatMap({ Bundle.values($0, count: lines.count) }),
            let correlationIDs = headers[Bundle.correlationHeader]?.stringValue
                .flatMap({ Bundle.values($0, count: lines.count) })
        else {
            logger.warning("a bundle of outcomes could not be read")
            return
        }
        for (position, line) in lines.enumerated() { note(types[position], correlationIDs[position], line) }
    }

    private func note(_ type: String, _ correlationID: String?, _ body: [UInt8]) {
        let happening: Happening
        do {
            happening = try Happening(type: type, body: body)
        } catch {
            logger.warning(
                "an outcome could not be read",
                metadata: ["type": "\(printable(type))", "reason": "\(error.detail)"])
            return
        }
        let correlation = correlationID.flatMap { UInt64($0, radix: 16) }
        // Before anybody is told: whoever brought units back may send a wish for them at once.
        gate?.note(happening)
        desk.deliver(happening, correlation: correlation)
        if let correlation, let sku = happening.sku {
            lanes.hear(correlation, partition: partitioning.partition(of: sku))
        }
        if case .order(let told) = happening { return note(told, correlation) }
        guard let token = happening.token else { return }
        if case .conflict = happening {
            // The wish that was refused is forgotten, not the one that has the token.
            if let correlation { memory.forget(token, id: correlation) }
        } else {
            memory.forget(token)
        }
    }

    private func note(_ told: OrderHappening, _ correlation: UInt64?) {
        if case .conflict(let token) = told {
            if let correlation { orderMemory.forget(token, id: correlation) }
        } else {
            orderMemory.forget(told.order)
        }
    }
}
