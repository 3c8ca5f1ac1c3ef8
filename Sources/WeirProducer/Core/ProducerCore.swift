import AMQPClient
import Logging
import Synchronization
import WeirCore
import WeirWire

/// The machinery of a producer: a thread that publishes, a thread that hears outcomes, and what connects them. The HTTP
/// ingress is built on it, too.
package final class ProducerCore: Sendable {
    /// How it works.
    package struct Settings: Sendable {
        /// Where RabbitMQ is.
        package var amqpURL: String
        /// What its connections are called at the broker; each adds its own purpose.
        package var connectionName: String
        /// Names its own queue: no two running producers may share it.
        package var instance: String
        /// The longest from a publish to its confirm, stalls of the broker included, in seconds.
        package var publishDeadlineSeconds: Int
        /// How long a wish may wait for the flight before it.
        package var lanePatienceNanoseconds: UInt64
        /// The most publishes that may be on their way at once.
        package var inFlightLimit: Int
        /// The most who may wait for outcomes at once.
        package var waiterLimit: Int
        /// How long the way to the broker may take for long, in nanoseconds; see ``Congestion``.
        package var doorNanoseconds: UInt64

        /// - Parameters:
        ///   - lookUpSeconds: how long the neighbour may look a flight up before it is published.
        ///   - doorMilliseconds: how long the way to the broker may take for long; nil: as long as it takes.
        package init(
            amqpURL: String, connectionName: String, instance: String, publishDeadlineSeconds: Int,
            lookUpSeconds: Int, inFlightLimit: Int, waiterLimit: Int, doorMilliseconds: Int?
        ) {
            self.amqpURL = amqpURL
            self.connectionName = connectionName
            self.instance = instance
            self.publishDeadlineSeconds = publishDeadlineSeconds
            lanePatienceNanoseconds =
                UInt64(publishDeadlineSeconds) * 200_000_000 + UInt64(lookUpSeconds) * 1_000_000_000
            self.inFlightLimit = inFlightLimit
            self.waiterLimit = waiterLimit
            // A century is for ever.
            doorNanoseconds = doorMilliseconds.map { UInt64($0) * 1_000_000 } ?? 3_200_000_000_000_000_000
        }

        /// The deadline has three parts: the wait for the flight before, the wait for the confirm, and the stall limit,
        /// because a broker that stops reading delays the confirm's time-out.
        var publisher: Publisher.Settings {
            var publisher = Publisher.Settings(
                amqp: AMQPSettings(url: amqpURL, connectionName: "\(connectionName) publisher"))
            publisher.stallLimitSeconds = max(1, publishDeadlineSeconds * 2 / 5)
            publisher.confirmTimeoutSeconds = max(1, publishDeadlineSeconds * 2 / 5)
            publisher.mailboxLimit = max(1, inFlightLimit)
            return publisher
        }
    }

    let settings: Settings
    /// Which partition a SKU lives in.
    package let partitioning: Partitioning
    /// Where callers wait for outcomes. Somebody must ``OutcomeDesk/sweep()`` it.
    package let desk: OutcomeDesk
    /// The thread that publishes.
    package let publisher: Publisher
    /// The thread that hears outcomes.
    package let listener: OutcomeListener
    let lanes: Lanes
    let neighbour: ProducerNeighbour
    /// Publishes on their way.
    let inFlight = Atomic(0)
    /// How long the way through the door is, by partition.
    let congestion: Mutex<[Congestion]>
    /// Intents that were refused because too many were on their way.
    package let refusals = Atomic(0)
    private let lastID: Atomic<UInt64>

    /// Makes the machinery and starts the publisher; ``start()`` does the rest.
    ///
    /// - Parameter schedule: calls back after so many nanoseconds.
    package init(
        _ settings: Settings, partitioning: Partitioning, neighbour: ProducerNeighbour = ProducerNeighbour(),
        logger: Logger, schedule: @escaping @Sendable (UInt64, @escaping @Sendable () -> Void) -> Void
    ) {
        self.settings = settings
        self.partitioning = partitioning
        self.neighbour = neighbour
        congestion = Mutex(
            Array(repeating: Congestion(target: settings.doorNanoseconds), count: partitioning.count))
        desk = OutcomeDesk(limit: settings.waiterLimit)
        lanes = Lanes(partitions: partitioning.count, most: Bundle.most, schedule: schedule)
        publisher = Publisher(settings: settings.publisher, logger: logger)
        listener = OutcomeListener(
            settings, desk: desk, lanes: lanes, neighbour: neighbour, partitioning: partitioning,
            logger: logger)
        // A producer that was restarted under its old name may still get answers to its predecessor's ids.
        lastID = Atomic(UInt64.random(in: 1...0x7FFF_FFFF) << 32)
        // Weak, because the thread that hears outcomes may outlive it by a moment.
        lanes.open(
            Lanes.Crew(
                check: { [weak self] in self?.check($0, $1) }, depart: { [weak self] in self?.depart($0, $1) }
            ))
    }

    /// Starts to hear outcomes.
    package func start() { listener.start() }

    /// Begins the end of both threads, without waiting for it and for what was accepted.
    func requestStop() { listener.requestStop() }

    /// Sends what was accepted and ends both threads. Blocks for some seconds at most.
    package func stop(drain: Duration) {
        publisher.stop(drain: drain)
        listener.stop()
    }

    /// The id of a request, which comes back as the correlation id of its outcome.
    package func nextID() -> UInt64 { lastID.wrappingAdd(1, ordering: .relaxed).newValue }
}
