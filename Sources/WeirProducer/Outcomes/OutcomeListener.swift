import AMQPClient
import Logging
import WeirCore
import WeirTopology
import WeirWire

/// The thread that reads this producer's own queue and hands outcomes to those who wait.
package final class OutcomeListener: Sendable {
    /// The name of the queue, to which outcomes are to be sent.
    package let queue: String
    private let settings: AMQPSettings
    private let desk: OutcomeDesk
    private let lanes: Lanes
    private let neighbour: ProducerNeighbour
    private let partitioning: Partitioning
    private let logger: Logger
    private let thread: ReconnectingThread

    init(
        _ settings: ProducerCore.Settings, desk: OutcomeDesk, lanes: Lanes, neighbour: ProducerNeighbour,
        partitioning: Partitioning, logger: Logger
    ) {
        queue = BrokerTopology.ingressQueuePrefix + settings.instance
        self.settings = AMQPSettings(
            url: settings.amqpURL, connectionName: "\(settings.connectionName) outcomes")
        self.desk = desk
        self.lanes = lanes
        self.neighbour = neighbour
        self.partitioning = partitioning
        self.logger = logger
        thread = ReconnectingThread(
            name: "weir-outcomes", complaint: "outcome queue not connected", logger: logger)
    }

    /// Whether outcomes can arrive at the moment.
    package var isConnected: Bool { thread.isConnected }

    /// How often its connection was lost and made again.
    package var reconnects: Int { thread.reconnects }

    func start() {
        thread.start { [self] in try listen() }
    }

    /// Makes the thread end, without waiting for it.
    func requestStop() { thread.requestStop() }

    /// Ends the thread and waits for it. Blocks for half a second, or as long as a login takes.
    func stop() { thread.stop() }

    private func listen() throws(AMQPError) {
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
        // What was decided while the queue was away is in the database, and is told again to whoever sends it again;
        // what comes from now on comes here.
        desk.interrupt()
        // Not before: whoever comes when it is connected need not ask twice.
        thread.noteConnected()
        logger.info("outcome queue connected", metadata: ["queue": "\(queue)"])
        while !thread.isStopping {
            if let delivery = try connection.nextDelivery(wait: .milliseconds(500)) { note(delivery) }
        }
    }

    private func note(_ delivery: Delivery) {
        guard let type = delivery.properties.type else { return }
        guard type == Bundle.outcomes else {
            if let (correlation, partition) = note(type, delivery.properties.correlationID, delivery.body) {
                lanes.hear([correlation], partition: partition)
            }
            return
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
        // First everybody is told, then the next flight departs: its making would keep the others waiting.
        var heard: [UInt64] = []
        var partition = 0
        for (position, line) in lines.enumerated() {
            guard let (correlation, place) = note(types[position], correlationIDs[position], line) else {
                continue
            }
            heard.append(correlation)
            partition = place
        }
        lanes.hear(heard, partition: partition)
    }

    /// Tells those who wait for an outcome; returns which wish it answers, and the partition that decided it.
    private func note(
        _ type: String, _ correlationID: String?, _ body: [UInt8]
    ) -> (correlation: UInt64, partition: Int)? {
        let happening: Happening
        do {
            if let plain = Happening(plain: type, body) {
                happening = plain
            } else {
                happening = try Happening(type: type, body: body)
            }
        } catch {
            logger.warning(
                "an outcome could not be read",
                metadata: ["type": "\(printable(type))", "reason": "\(error.detail)"])
            return nil
        }
        let correlation = correlationID.flatMap { UInt64($0, radix: 16) }
        neighbour.beforeOutcome(happening)
        desk.deliver(happening, correlation: correlation)
        neighbour.afterOutcome(happening, correlation)
        // An order flies alone.
        guard let correlation, let sku = happening.sku else { return nil }
        return (correlation, partitioning.partition(of: sku))
    }
}
