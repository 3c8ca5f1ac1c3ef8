import AMQPClient
import CoreMetrics
import Logging
import PostgresClient
import Synchronization
import WeirCore
import WeirPipeline
import WeirTopology

/// The workers of one process: a thread for each partition that it owns, a publisher for all of them, and a
/// supervisor that takes partitions that are free and gives some back when another process arrives.
///
/// Processes find each other by their locks in the database: a lock goes with its session, so nobody has to notice
/// that a process died.
public final class WorkerPool: Sendable {
    private let settings: WorkerSettings
    private let partitioning: Partitioning
    private let logger: Logger
    let publisher: Publisher
    /// For messages between partitions: on a connection that nothing else can hold up.
    private let messenger: Publisher
    private let metrics: WorkerMetrics
    let gauges: WorkerGauges
    /// When the supervisor last heard of the database; nil before it was started.
    private let lastContact = Mutex<ContinuousClock.Instant?>(nil)
    private let stopSignal = StopSignal()
    private let threads: OwnedThreads
    private let supervisor = Mutex<DedicatedThread?>(nil)
    private let drain: DeadQueueDrain
    /// What was done so far.
    public let tally = WorkerTally()

    /// A pool that does nothing until it is started.
    ///
    /// - Parameter metrics: where it records what it does; swift-metrics' backend if nothing is said.
    public init(
        _ settings: WorkerSettings, partitioning: Partitioning, logger: Logger,
        metrics factory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.settings = settings
        self.partitioning = partitioning
        self.logger = logger
        var publishing = Publisher.Settings(
            amqp: AMQPSettings(url: settings.amqpURL, connectionName: "weir events"))
        // However many partitions there are, what each hands over at once has room (`EventRelay.sendLimit`).
        publishing.mailboxLimit = 1_000_000
        publisher = Publisher(settings: publishing, logger: logger)
        publishing.amqp = AMQPSettings(url: settings.amqpURL, connectionName: "weir messages")
        messenger = Publisher(settings: publishing, logger: logger)
        let (metrics, threads) = (WorkerMetrics(factory), OwnedThreads())
        (self.metrics, self.threads) = (metrics, threads)
        gauges = WorkerGauges(settings, metrics, logger: logger) { threads.owned }
        drain = DeadQueueDrain(settings, of: partitioning, logger: logger) { [tally, metrics] letters in
            for letter in letters {
                tally.countDeadLetter()
                metrics.countDeadLetter(letter.reason)
            }
        }
    }

    /// Starts the supervisor's thread; returns at once.
    public func start() {
        supervisor.withLock {
            $0 = DedicatedThread(name: "supervisor") { [self] in supervise() }
        }
        drain.start()
        gauges.start()
    }

    /// Gives every partition back in order and ends all threads; blocks until that is done.
    public func stop() {
        stopSignal.stop()
        supervisor.withLock { $0 }?.join()
        drain.stop()
        gauges.stop()
        let owned = threads.withLock { Array($0.values) }
        owned.forEach { $0.release() }
        owned.forEach { $0.join() }
        threads.withLock { $0 = [:] }
        publisher.stop(drain: .seconds(settings.settleSeconds))
        messenger.stop(drain: .seconds(settings.settleSeconds))
    }

    /// The partitions that this process owns or is about to own.
    public var owned: [Int] { threads.owned }

    /// Carries over what others count, for whoever reads the metrics now.
    public func sampleMetrics() {
        metrics.owned.record(owned.count)
        metrics.note(publisher)
    }

    /// Partitions whose thread has been in one turn for too long, and for how long.
    var stuckTurns: [Int: Duration] {
        threads.withLock { $0.compactMapValues { $0.turnTime } }.filter { $0.value >= Self.turnPatience }
    }

    /// How long ago the supervisor last heard of the database; nil before it was started.
    var supervisorSilence: Duration? { lastContact.withLock { $0 }.map { .now - $0 } }

    /// Whether this process is the one that drains `weir.dead`.
    public var isDraining: Bool { drain.isDraining }

    /// Why partitions stopped that a person has to look at.
    public var stopped: [Int: String] {
        threads.withLock { threads in
            threads.compactMapValues { if case .stopped(let why) = $0.current { why } else { nil } }
        }
    }

    // MARK: The supervisor's thread

    private func supervise() {
        lastContact.withLock { $0 = .now }
        let share = FairShare(partitions: partitioning.count, worker: Int.random(in: 1..<Int(Int32.max)))
        var (failures, hasBeenCutOff) = (0, false)
        while !stopSignal.isStopping {
            // Who cannot reach the broker counts for nobody: others take its share.
            guard !hasBeenCutOff || publisher.state != .connecting else {
                stopSignal.wait(.milliseconds(200))
                continue
            }
            hasBeenCutOff = false
            do {
                hasBeenCutOff = try supervise(share) { failures = 0 }
                if stopSignal.isStopping { try handOver() }
            } catch {
                failures += 1
                logger.warning("the supervisor has no database", metadata: ["reason": "\(error)"])
                stopSignal.wait(.milliseconds(min(5_000, 200 << min(failures, 5))))
            }
        }
    }

    /// Shows that this process is there, and looks around twice a second, until the session is lost or the process
    /// stops; true when it ended because the broker has been out of reach for too long.
    private func supervise(_ share: FairShare, onContact: () -> Void) throws(PostgresError) -> Bool {
        var cutOffSince: ContinuousClock.Instant?
        var settings = SessionSettings(url: settings.databaseURL, applicationName: "weir supervisor")
        settings.idleSessionTimeoutSeconds = 5
        let session = try Session(settings)
        defer { session.close() }
        _ = try session.run(
            Query(Queries.ownShareLock, [.int4(LockClass.worker), .int4(Int32(share.worker))]))
        while !stopSignal.isStopping {
            let (workers, locked) = try look(session)
            onContact()
            lastContact.withLock { $0 = .now }
            cutOffSince = publisher.state == .connecting ? cutOffSince ?? .now : nil
            if let cutOffSince, .now - cutOffSince > .seconds(5) {
                logger.warning("no broker for 5 s: the partitions are left to other workers")
                threads.withLock { Array($0.values) }.forEach { $0.release() }
                return true
            }
            rebalance(share, workers: workers, locked: locked)
            renewForgottenConsumer()
            stopSignal.wait(.milliseconds(500))
        }
        return false
    }

    /// Gives the partitions back one by one, each when another process has taken the one before, so that no two rest at
    /// once. What is left when time is short, or when nobody else is there, is given back together.
    ///
    /// Called when this process counts for nobody any more: its share is free for the others.
    private func handOver() throws(PostgresError) {
        let deadline = ContinuousClock.now + .seconds(settings.handOverSeconds)
        var quick = settings.session
        quick.applicationName = "weir supervisor"
        let session = try Session(quick)
        defer { session.close() }
        for partition in owned {
            guard !(try look(session).workers.isEmpty), .now < deadline,
                let thread = threads.withLock({ $0[partition] })
            else { return }
            thread.release()
            thread.join()
            while .now < deadline {
                let (workers, locked) = try look(session)
                if workers.isEmpty || locked.contains(partition) { break }
                StopSignal().wait(.milliseconds(20))
            }
        }
    }

    /// Which worker processes are there, by their numbers, and which partitions have an owner.
    private func look(_ session: Session) throws(PostgresError) -> (workers: Set<Int>, locked: Set<Int>) {
        let rows = try session.run(
            Query(Queries.ownShowLocks, [.int4(LockClass.partition), .int4(LockClass.worker)]))
        var (workers, locked) = (Set<Int>(), Set<Int>())
        for row in 0..<rows.count {
            if rows.int4(row, 0) == LockClass.worker {
                workers.insert(rows.int(row, 1))
            } else {
                locked.insert(rows.int(row, 1))
            }
        }
        return (workers, locked)
    }

    /// A broker can forget its consumer, and then delivers nothing for ever (rabbitmq-server#17317).
    private func renewForgottenConsumer() {
        guard let partition = gauges.takeHopeless(), let thread = threads.withLock({ $0[partition] }) else {
            return
        }
        logger.warning(
            "messages are ready and none is decided: the partition is given back and taken again",
            metadata: ["partition": "\(partition)"])
        thread.release()
    }

    private func rebalance(_ share: FairShare, workers: Set<Int>, locked: Set<Int>) {
        let phases = threads.withLock { threads in
            threads = threads.filter { $0.value.current != .ended }
            return threads.mapValues(\.current)
        }
        let mine = Set(phases.filter { $0.value == .owning || $0.value == .releasing }.keys)
        let isGivingBack = threads.withLock { threads in
            threads.values.contains { $0.isReleasing }
        }
        let barred = Set(phases.keys).subtracting(mine)
        switch share.next(
            workers: workers, locked: locked, mine: mine, isGivingBack: isGivingBack, barred: barred)
        {
        case .nothing: break
        case .giveBack(let partition): threads.withLock { $0[partition] }?.release()
        case .take(let partitions):
            for partition in partitions { own(partition) }
        }
    }

    private func own(_ partition: Int) {
        var logger = logger
        logger[metadataKey: "partition"] = "\(partition)"
        let thread = PartitionThread(partition: partition, settleSeconds: settings.settleSeconds) {
            [settings, partitioning, publisher, messenger, tally, metrics, logger] stop in
            PartitionOwner(
                LivePartitionPorts(
                    settings, partition: partition, of: partitioning, publisher: publisher,
                    messenger: messenger, stop: stop, tally: tally, metrics: metrics, logger: logger),
                partition: partition, of: partitioning)
        }
        threads.withLock { $0[partition] = thread }
    }
}

/// The threads of the partitions that a process owns or gives back.
final class OwnedThreads: Sendable {
    private let threads = Mutex<[Int: PartitionThread]>([:])

    func withLock<Value: Sendable>(_ body: (inout [Int: PartitionThread]) -> Value) -> Value {
        threads.withLock { body(&$0) }
    }

    /// The partitions that are owned or about to be, in order.
    var owned: [Int] {
        withLock { $0.values.filter { $0.current == .owning }.map(\.partition).sorted() }
    }
}
