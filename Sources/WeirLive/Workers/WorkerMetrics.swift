import AMQPClient
import CoreMetrics
import Synchronization
import WeirCore
import WeirMetrics
import WeirPipeline

/// What a worker process measures. Handles are made once a partition, and counted with once a batch.
final class WorkerMetrics: Sendable {
    let factory: any MetricsFactory
    private let partitions = Mutex<[Int: PartitionMetrics]>([:])
    private let causes = Mutex<[String: Counter]>([:])
    let owned: Gauge
    let deadLettersOpen: Gauge
    private let publisher: CarriedTotal

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        owned = MetricName.owned.gauge(from: factory)
        deadLettersOpen = MetricName.deadLettersOpen.gauge(from: factory)
        publisher = CarriedTotal(MetricName.reconnects.counter(("link", "event_publisher"), from: factory))
    }

    /// The handles of a partition, the same ones at every call.
    func partition(_ number: Int) -> PartitionMetrics {
        partitions.withLock { partitions in
            if let known = partitions[number] { return known }
            let made = PartitionMetrics(number, factory)
            partitions[number] = made
            return made
        }
    }

    /// A dead letter is rare, so its reason may be looked up. The reasons are our own words, and few.
    func countDeadLetter(_ reason: String) {
        let counter = causes.withLock { causes in
            if let known = causes[reason] { return known }
            let made = MetricName.deadLetters.counter(("cause", reason), from: factory)
            causes[reason] = made
            return made
        }
        counter.increment()
    }

    func note(_ publisher: Publisher) { self.publisher.carry(publisher.reconnects) }
}

/// The handles of one partition, and its sign of life.
final class PartitionMetrics: Sendable {
    // In the order of the states and of the reasons.
    private let decided: [Counter]
    private let changed: [Counter]
    private let rejected: [Counter]
    private let events: Counter
    private let batchSize: Recorder
    private let commit: Timer
    private let sessions: Counter
    private let consumers: Counter
    let queueDepth: Gauge
    let cursorLag: Gauge
    let holdsDue: Gauge
    /// Batches that were committed, for the watchdog.
    let batches = Atomic(0)
    private let hadSession = Atomic(false)
    private let hadConsumer = Atomic(false)

    init(_ partition: Int, _ factory: any MetricsFactory) {
        let label = ("partition", String(partition))
        func counters<Case: CountedCase & RawRepresentable<String>>(
            _ metric: MetricName, _ name: String, _ type: Case.Type
        ) -> [Counter] {
            type.allCases.map { metric.counter(label, (name, $0.rawValue), from: factory) }
        }
        decided = counters(.decided, "outcome", IntentState.self)
        changed = counters(.changed, "outcome", IntentState.self)
        rejected = counters(.rejected, "cause", RejectionReason.self)
        events = MetricName.events.counter(label, from: factory)
        batchSize = MetricName.batchSize.histogram(label, from: factory)
        commit = MetricName.commitSeconds.timer(label, from: factory)
        sessions = MetricName.reconnects.counter(("link", "partition_session"), label, from: factory)
        consumers = MetricName.reconnects.counter(("link", "partition_consumer"), label, from: factory)
        queueDepth = MetricName.queueDepth.gauge(label, from: factory)
        cursorLag = MetricName.cursorLag.gauge(label, from: factory)
        holdsDue = MetricName.holdsDue.gauge(label, from: factory)
    }

    /// A batch was committed.
    func count(_ batch: CommittedBatch) {
        Self.add(batch.decided.inOrder, to: decided)
        Self.add(batch.changed.inOrder, to: changed)
        Self.add(batch.rejected.inOrder, to: rejected)
        events.increment(by: batch.events)
        batchSize.record(batch.commands)
        commit.recordNanoseconds(batch.commitTime.nanoseconds)
        batches.wrappingAdd(1, ordering: .relaxed)
    }

    private static func add(_ numbers: [Int], to counters: [Counter]) {
        for (number, counter) in zip(numbers, counters) where number > 0 { counter.increment(by: number) }
    }

    /// A session is opened; every one but the first replaces one that was lost or given back.
    func countSession() {
        if hadSession.exchange(true, ordering: .relaxed) { sessions.increment() }
    }

    /// A consumer is opened.
    func countConsumer() {
        if hadConsumer.exchange(true, ordering: .relaxed) { consumers.increment() }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
