import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirCore
import WeirPipeline
import WeirTopology

/// Brings what the broker itself dead-lettered from `weir.dead` into the table `dead_letter`.
///
/// Every worker process has one; whoever holds the lock drains, and another takes over when he dies. A letter is
/// acknowledged only after its row was committed, and what comes twice is one row.
final class DeadQueueDrain: Sendable {
    /// What `weir doctor` publishes to see whether the way here is open; it is no letter.
    static let probeType = "weir.doctor.probe.v1"
    private static let batch = 100
    private static let byteLimit = 16 << 20

    private let settings: WorkerSettings
    private let partitioning: Partitioning
    private let logger: Logger
    private let onLetters: @Sendable ([DeadLetter]) -> Void
    private let stopSignal = StopSignal()
    private let thread = Mutex<DedicatedThread?>(nil)
    private let draining = Atomic(false)

    init(
        _ settings: WorkerSettings, of partitioning: Partitioning, logger: Logger,
        onLetters: @escaping @Sendable ([DeadLetter]) -> Void
    ) {
        self.settings = settings
        self.partitioning = partitioning
        self.logger = logger
        self.onLetters = onLetters
    }

    /// Whether this process is the one that drains.
    var isDraining: Bool { draining.load(ordering: .relaxed) }

    func start() {
        thread.withLock { $0 = DedicatedThread(name: "dead-letters") { [self] in run() } }
    }

    /// Ends the thread and waits for it.
    func stop() {
        stopSignal.stop()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var failures = 0
        while !stopSignal.isStopping {
            do {
                try hold { failures = 0 }
            } catch {
                if failures == 0 {
                    logger.warning(
                        "dead letters of the broker are not drained", metadata: ["reason": "\(error)"])
                }
                failures += 1
                stopSignal.wait(.milliseconds(min(5_000, 200 << min(failures, 5)) + .random(in: 0...200)))
            }
        }
    }

    /// Waits for the lock and drains as long as both servers are there.
    private func hold(_ onContact: () -> Void) throws {
        var own = SessionSettings(url: settings.databaseURL, applicationName: "weir dead letters")
        own.idleSessionTimeoutSeconds = 5
        let session = try Session(own)
        defer { session.close() }
        let lock = Query(Queries.ownTryLock, [.int4(LockClass.drain), .int4(0)])
        while try !session.run(lock).bool(0, 0) {
            onContact()
            stopSignal.wait(.seconds(1))
            if stopSignal.isStopping { return }
        }
        guard try Installation.read(session).isAccepted else { throw LiveError.otherTimeline }
        // The consumer goes before the lock does: what it held comes back before another one asks.
        let connection = try Connection(
            AMQPSettings(url: settings.amqpURL, connectionName: "weir dead letters"))
        defer {
            draining.store(false, ordering: .relaxed)
            connection.close()
        }
        try connection.qos(prefetch: Self.batch)
        try connection.consume(queue: BrokerTopology.dead)
        draining.store(true, ordering: .relaxed)
        onContact()
        logger.info("dead letters of the broker are drained here")
        while !stopSignal.isStopping { try turn(session, connection) }
    }

    private func turn(_ session: Session, _ connection: Connection) throws {
        // Short enough that the session is pinged and a stop is noticed in time.
        guard let first = try connection.nextDelivery(wait: .milliseconds(500)) else {
            _ = try session.run([])
            return
        }
        var arrived = [first]
        var bytes = first.body.count
        while arrived.count < Self.batch, bytes < Self.byteLimit,
            let next = try connection.nextDelivery(wait: .zero)
        {
            bytes += next.body.count
            arrived.append(next)
        }
        let letters = arrived.filter { !Self.isProbe($0) }
            .flatMap { DeadLetter.drained($0, of: partitioning) }
        try keep(letters, session)
        try connection.ack(upTo: arrived[arrived.count - 1].deliveryTag, multiple: true)
        if !letters.isEmpty { onLetters(letters.map(\.letter)) }
    }

    /// Commits letters; when PostgreSQL refuses what is in them, one by one, and the culprit without its texts.
    private func keep(_ letters: [(letter: DeadLetter, partition: Int16)], _ session: Session) throws {
        guard !letters.isEmpty else { return }
        func write(_ letters: [(letter: DeadLetter, partition: Int16)]) throws(PostgresError) {
            _ = try session.transaction(
                Query.keeping(letters.map(\.letter), partitions: letters.map(\.partition)))
        }
        do throws(PostgresError) {
            try write(letters)
        } catch {
            guard error.kind == .data else { throw error }
            for one in letters {
                do throws(PostgresError) {
                    try write([one])
                } catch {
                    guard error.kind == .data else { throw error }
                    try write([(one.letter.bare(), one.partition)])
                }
            }
        }
    }

    private static func isProbe(_ delivery: AMQPClient.Delivery) -> Bool {
        delivery.exchange == BrokerTopology.dead && delivery.body.isEmpty
            && delivery.properties.type == probeType && delivery.properties.headers.isEmpty
    }
}
