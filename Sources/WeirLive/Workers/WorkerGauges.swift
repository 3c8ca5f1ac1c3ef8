import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirMetrics
import WeirTopology

/// Looks from outside at the partitions that this process owns, every two seconds, on a thread, a session and a
/// connection of its own: what waits in their queues, how far the cursors are, which holds are due.
///
/// And it is the watchdog for what a partition's own thread cannot see: messages that are ready while none is decided,
/// because the broker has forgotten its consumer.
final class WorkerGauges: Sendable {
    /// How long messages may be ready without a decision until the partition counts as stuck.
    static let patience = Duration.seconds(10)
    /// How long until it is given back and taken again, with a new consumer.
    static let endurance = Duration.seconds(20)
    private static let interval = Duration.seconds(2)

    private struct Stall {
        var batches: Int
        var since: ContinuousClock.Instant
    }

    private let settings: WorkerSettings
    private let metrics: WorkerMetrics
    private let logger: Logger
    private let owned: @Sendable () -> [Int]
    private let stopSignal = StopSignal()
    private let thread = Mutex<DedicatedThread?>(nil)
    private let stalls = Mutex<[Int: Stall]>([:])
    private let gone = Mutex<Set<Int>>([])

    init(
        _ settings: WorkerSettings, _ metrics: WorkerMetrics, logger: Logger,
        owned: @escaping @Sendable () -> [Int]
    ) {
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        self.owned = owned
    }

    func start() {
        thread.withLock { $0 = DedicatedThread(name: "gauges") { [self] in run() } }
    }

    func stop() {
        stopSignal.stop()
        thread.withLock { $0 }?.join()
    }

    /// Partitions whose messages wait without being decided, and for how long.
    var stuck: [Int: Duration] {
        stalls.withLock { stalls in
            stalls.compactMapValues { stall in
                let time = ContinuousClock.now - stall.since
                return time >= Self.patience ? time : nil
            }
        }
    }

    /// Partitions whose queue does not exist: somebody has deleted it.
    var queueless: [Int] { gone.withLock { $0.sorted() } }

    /// A partition that has been stuck for so long that a new consumer may help; its time begins anew.
    func takeHopeless() -> Int? {
        stalls.withLock { stalls in
            let found = stalls.first { ContinuousClock.now - $0.value.since >= Self.endurance }?.key
            if let found { stalls[found] = nil }
            return found
        }
    }

    private func run() {
        while !stopSignal.isStopping {
            do {
                try look()
            } catch {
                // Whoever decides says it loudly; nobody needs it twice.
                logger.debug("gauges are not read", metadata: ["reason": "\(error)"])
                stalls.withLock { $0 = [:] }
                stopSignal.wait(Self.interval)
            }
        }
    }

    /// Looks again and again until a server is lost.
    private func look() throws {
        // A stop waits for this thread.
        var patient = SessionSettings(url: settings.databaseURL, applicationName: "weir gauges")
        (patient.statementTimeoutSeconds, patient.answerTimeoutSeconds) = (4, 5)
        let session = try Session(patient)
        defer { session.close() }
        var quick = AMQPSettings(url: settings.amqpURL, connectionName: "weir gauges")
        (quick.connectTimeoutSeconds, quick.rpcTimeoutSeconds) = (2, 2)
        let connection = try Connection(quick)
        defer { connection.close() }
        while !stopSignal.isStopping {
            let mine = owned()
            metrics.owned.record(mine.count)
            let rows = try session.run(Query(Queries.lookGauges))
            for row in 0..<rows.count where mine.contains(rows.int(row, 0)) {
                let partition = metrics.partition(rows.int(row, 0))
                partition.cursorLag.record(rows.int8(row, 1))
                partition.holdsDue.record(rows.int8(row, 2))
            }
            metrics.deadLettersOpen.record(try session.run(Query(Queries.lookOpenLetters)).int8(0, 0))
            // A partition without its queue is given back and taken again by turns: what is gone is looked for until it
            // is back.
            for number in gone.withLock({ $0.union(mine) }) {
                guard let ready = try depth(number, connection) else { continue }
                guard mine.contains(number) else { continue }
                metrics.partition(number).queueDepth.record(ready)
                note(number, ready: ready)
            }
            stalls.withLock { stalls in stalls = stalls.filter { mine.contains($0.key) } }
            stopSignal.wait(Self.interval)
        }
    }

    /// How many messages are ready in a partition's queue; nil when it does not exist, which is said once.
    private func depth(_ number: Int, _ connection: Connection) throws(AMQPError) -> Int? {
        let queue = BrokerTopology.intentsQueue(number)
        do throws(AMQPError) {
            let ready = try connection.checkQueue(queue).messageCount
            if gone.withLock({ $0.remove(number) }) != nil {
                logger.notice("a queue is there again", metadata: ["queue": "\(queue)"])
            }
            return ready
        } catch {
            guard error.kind == .missing else { throw error }
            if gone.withLock({ $0.insert(number).inserted }) {
                logger.error(
                    "a queue is gone, and what waited in it is lost; make it again with `weir topology apply`",
                    metadata: ["queue": "\(queue)"])
            }
            return nil
        }
    }

    private func note(_ number: Int, ready: Int) {
        let batches = metrics.partition(number).batches.load(ordering: .relaxed)
        stalls.withLock { stalls in
            guard ready > 0 else {
                stalls[number] = nil
                return
            }
            if stalls[number]?.batches != batches { stalls[number] = Stall(batches: batches, since: .now) }
        }
    }
}
