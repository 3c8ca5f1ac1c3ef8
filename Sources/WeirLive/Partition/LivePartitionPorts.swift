import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirCore
import WeirPipeline

/// How a partition of a worker process reaches PostgreSQL and RabbitMQ.
public final class LivePartitionPorts: PartitionPorts {
    public let sink: LiveEventSink
    public let messages: LiveMessageSink

    private let settings: WorkerSettings
    private let partition: Int
    private let partitioning: Partitioning
    private let stop: StopSignal
    private let tally: WorkerTally
    private let workerMetrics: WorkerMetrics
    private let metrics: PartitionMetrics
    private let logger: Logger
    private let begin = ContinuousClock.now

    init(
        _ settings: WorkerSettings, partition: Int, of partitioning: Partitioning, publisher: Publisher,
        messenger: Publisher, stop: StopSignal, tally: WorkerTally, metrics: WorkerMetrics, logger: Logger
    ) {
        self.settings = settings
        self.partition = partition
        self.partitioning = partitioning
        self.stop = stop
        self.tally = tally
        workerMetrics = metrics
        self.metrics = metrics.partition(partition)
        self.logger = logger
        sink = LiveEventSink(publisher, partition: partition)
        messages = LiveMessageSink(messenger, partition: partition)
    }

    public func openStore() throws(StoreError) -> LivePartitionStore {
        let store = try LivePartitionStore(settings.session, partition: partition, of: partitioning)
        metrics.countSession()
        return store
    }

    public func openSource() throws(SourceError) -> LiveDeliverySource {
        var amqp = AMQPSettings(url: settings.amqpURL, connectionName: "weir partition \(partition)")
        amqp.heartbeatSeconds = settings.heartbeatSeconds
        let source = try LiveDeliverySource(amqp, partition: partition)
        metrics.countConsumer()
        return source
    }

    public func now() -> Duration { ContinuousClock.now - begin }

    public func jitter() -> Double { Double.random(in: 0..<1) }

    public func rest(_ duration: Duration) { stop.wait(duration) }

    public func report(_ report: PartitionReport) {
        switch report {
        case .owning(let head): logger.info("partition owned", metadata: ["head": "\(head)"])
        case .released(let why): logger.info("partition given back", metadata: ["reason": "\(why)"])
        case .trouble(let why):
            logger.warning("partition in trouble", metadata: ["reason": "\(why)"])
        case .stopped(let why): logger.critical("partition stopped", metadata: ["reason": "\(why)"])
        case .deadLetter(let reason, let detail, let trace):
            tally.countDeadLetter()
            workerMetrics.countDeadLetter(reason)
            var metadata: Logger.Metadata = ["reason": "\(reason)", "detail": "\(detail)"]
            if let trace { metadata["trace_id"] = "\(trace.traceID)" }
            logger.warning("dead letter", metadata: metadata)
        case .committed(let batch):
            tally.countBatch(commands: batch.commands, expired: batch.expired, events: batch.events)
            metrics.count(batch)
        }
    }
}
