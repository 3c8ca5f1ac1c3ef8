import DequeModule
import WeirPipeline

/// The broker's work queues in memory: each with a single active consumer, and deliveries that come back in their
/// order when a consumer is lost.
public final class SimulatedBroker {
    /// One message of a queue.
    struct Message {
        /// Its place in the order of arrival.
        let number: Int
        /// When it arrived, on the simulation's clock.
        let arrivedAt: Duration
        var delivery: Delivery
    }

    /// A partition has a queue for everybody and one for messages from other partitions, consumed on one channel.
    private struct Name: Hashable {
        let partition: Int
        let isInternal: Bool
    }

    private struct Queue {
        var ready: Deque<Message> = []
        /// In order of their subscription; the first one is active.
        var consumers: [Int] = []
        /// What the active consumer was sent and has not acknowledged.
        var unacknowledged: [Message] = []
        /// How many of these it has filled.
        var filled = 0
    }

    /// How many unacknowledged messages a consumer is sent.
    static let prefetch = 2_000

    private var queues: [Name: Queue] = [:]
    private var lastConsumer = 0
    private var lastTag: UInt64 = 0
    private var lastNumber = 0
    /// What is broken on purpose.
    public var sabotage: Sabotage?
    /// The simulation's clock.
    var now: () -> Duration = { .zero }
    /// When a consumer subscribed last, by partition.
    private(set) var subscribedAt: [Int: Duration] = [:]
    /// Told of every message that is acknowledged.
    var onAcknowledge: (Message) -> Void = { _ in }

    /// A broker with empty queues.
    public init() {}

    /// Appends a message to a partition's queue; returns its place in the order of arrival.
    @discardableResult
    public func publish(_ delivery: Delivery, to partition: Int, isInternal: Bool = false) -> Int {
        lastNumber += 1
        var fresh = delivery
        fresh.redelivered = false
        fresh.routingKey = String(partition)
        fresh.isInternal = isInternal
        queues[Name(partition: partition, isInternal: isInternal), default: Queue()].ready.append(
            Message(number: lastNumber, arrivedAt: now(), delivery: fresh))
        deliver(partition)
        return lastNumber
    }

    /// Appends a message that carries several commands; returns the place of each.
    func publish(bundle: [Delivery], to partition: Int) -> [Int] {
        bundle.indices.map { position in
            var line = bundle[position]
            line.endsMessage = position == bundle.count - 1
            return publish(line, to: partition)
        }
    }

    /// Subscribes a consumer.
    public func openSource(partition: Int) -> SimulatedSource {
        lastConsumer += 1
        subscribedAt[partition] = now()
        for name in names(partition) { queues[name, default: Queue()].consumers.append(lastConsumer) }
        deliver(partition)
        return SimulatedSource(self, consumer: lastConsumer, partition: partition)
    }

    /// Whether nothing waits and nothing is unacknowledged.
    public func isEmpty(_ partition: Int) -> Bool {
        names(partition).allSatisfy {
            queues[$0].map { $0.ready.isEmpty && $0.unacknowledged.isEmpty } ?? true
        }
    }

    /// What is neither decided nor given up, as far as the broker knows.
    func waiting(_ partition: Int) -> [Message] {
        names(partition).flatMap { name in queues[name].map { $0.unacknowledged + $0.ready } ?? [] }
    }

    /// What the active consumer has in hand, if it is this one.
    func inHand(of source: SimulatedSource, _ partition: Int) -> [Message] {
        names(partition).flatMap { name -> [Message] in
            guard let queue = queues[name], queue.consumers.first == source.consumer else { return [] }
            return queue.unacknowledged
        }
    }

    /// Every consumer is lost, as when the server restarts.
    func restart() {
        for (name, queue) in queues {
            for consumer in queue.consumers { close(consumer, name.partition) }
        }
    }

    /// A queue of messages between partitions is deleted and made again: what was in it is lost.
    func loseMessages(of partition: Int) {
        let name = Name(partition: partition, isInternal: true)
        for consumer in queues[name]?.consumers ?? [] { close(consumer, partition) }
        queues[name]?.ready = []
    }

    private func names(_ partition: Int) -> [Name] {
        [Name(partition: partition, isInternal: false), Name(partition: partition, isInternal: true)]
    }

    // MARK: For consumers

    func isOpen(_ consumer: Int, _ partition: Int) -> Bool {
        queues[names(partition)[0]]?.consumers.contains(consumer) ?? false
    }

    /// A standby learns nothing from an empty queue: what waits may be in the hand of the consumer before it.
    func isDrained(_ consumer: Int, _ partition: Int) -> Bool {
        names(partition).allSatisfy { name in
            queues[name].map { $0.ready.isEmpty && $0.consumers == [consumer] } ?? true
        }
    }

    func take(_ limit: Int, _ consumer: Int, _ partition: Int) -> [Delivery] {
        var taken: [Message] = []
        for name in names(partition) {
            guard let queue = queues[name], queue.consumers.first == consumer else { continue }
            taken += queue.unacknowledged[queue.filled...]
        }
        // One channel: what comes is in the order of its tags.
        taken.sort { ($0.delivery.tag, $0.number) < ($1.delivery.tag, $1.number) }
        taken = Array(taken.prefix(limit))
        for name in names(partition) {
            guard var queue = queues[name], queue.consumers.first == consumer else { continue }
            let count = taken.count { $0.delivery.isInternal == name.isInternal }
            if sabotage == .acknowledgeBeforeCommit {
                queue.unacknowledged.removeSubrange(queue.filled..<queue.filled + count)
            } else {
                queue.filled += count
            }
            queues[name] = queue
        }
        if sabotage == .acknowledgeBeforeCommit {
            deliver(partition)
            taken.forEach(onAcknowledge)
        }
        if sabotage == .orderSwapped { taken.reverse() }
        return taken.map(\.delivery)
    }

    func acknowledge(through tag: UInt64, _ partition: Int) {
        for name in names(partition) {
            guard var queue = queues[name] else { continue }
            let done = queue.unacknowledged.prefix { $0.delivery.tag <= tag }
            queue.unacknowledged.removeFirst(done.count)
            queue.filled = max(0, queue.filled - done.count)
            queues[name] = queue
            done.forEach(onAcknowledge)
        }
        deliver(partition)
    }

    func close(_ consumer: Int, _ partition: Int) {
        for name in names(partition) {
            guard var queue = queues[name], let position = queue.consumers.firstIndex(of: consumer) else {
                continue
            }
            queue.consumers.remove(at: position)
            if position == 0 {
                // What was sent comes back, whether it was filled or not.
                for var message in queue.unacknowledged.reversed() {
                    message.delivery.redelivered = true
                    message.delivery.deliveryCount += 1
                    queue.ready.prepend(message)
                }
                queue.unacknowledged = []
                queue.filled = 0
            }
            queues[name] = queue
        }
        deliver(partition)
    }

    /// Sends the active consumer as much as its prefetch allows.
    private func deliver(_ partition: Int) {
        for name in names(partition) {
            guard var queue = queues[name], !queue.consumers.isEmpty else { continue }
            while queue.unacknowledged.count < Self.prefetch, var message = queue.ready.popFirst() {
                // What travels in one message shares its tag.
                if let last = queue.unacknowledged.last?.delivery, !last.endsMessage {
                    message.delivery.tag = last.tag
                } else {
                    lastTag += 1
                    message.delivery.tag = lastTag
                }
                queue.unacknowledged.append(message)
            }
            queues[name] = queue
        }
    }
}

/// A consumer of the broker in memory.
public final class SimulatedSource: DeliverySource {
    private let broker: SimulatedBroker
    let consumer: Int
    private let partition: Int
    /// Asked before each call; may end the connection there, or behind the call's effect.
    var disturb: () -> Disturbance = { .none }
    /// Told how long the caller would have waited.
    var onWait: (Duration) -> Void = { _ in }
    /// How much of what was delivered has crossed the network.
    var arriving: (_ limit: Int) -> Int = { $0 }

    /// The broker's answer comes behind everything that was sent before it: that has arrived too.
    private var hasCaughtUp = false

    init(_ broker: SimulatedBroker, consumer: Int, partition: Int) {
        self.broker = broker
        self.consumer = consumer
        self.partition = partition
    }

    public func fill(limit: Int, wait: Duration) throws(SourceError) -> [Delivery] {
        let count = hasCaughtUp ? limit : arriving(limit)
        hasCaughtUp = false
        let taken = try perform { broker.take(count, consumer, partition) }
        if taken.isEmpty { onWait(wait) }
        return taken
    }

    public func isDrained() throws(SourceError) -> Bool {
        hasCaughtUp = true
        return try perform { broker.isDrained(consumer, partition) }
    }

    public func acknowledge(through tag: UInt64) throws(SourceError) {
        try perform { broker.acknowledge(through: tag, partition) }
    }

    public func pump() throws(SourceError) { try perform {} }

    public func close() { broker.close(consumer, partition) }

    private func perform<Value>(_ effect: () -> Value) throws(SourceError) -> Value {
        guard broker.isOpen(consumer, partition) else { throw SourceError("the consumer was lost") }
        let disturbance = disturb()
        if disturbance == .before {
            close()
            throw SourceError("the consumer was lost")
        }
        let value = effect()
        if disturbance == .after {
            close()
            throw SourceError("the consumer was lost")
        }
        return value
    }
}
