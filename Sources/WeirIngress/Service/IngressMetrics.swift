import AMQPClient
import CoreMetrics
import WeirMetrics

/// What an ingress measures. Handles are made once; what others count anyway is carried over when somebody reads.
final class IngressMetrics: Sendable {
    /// By partition.
    private let accepted: [Counter]
    private let commandsAccepted: [Counter]
    private let queueDepths: [Gauge]
    private let refused: [String: Counter]
    private let soldOut: Counter
    private let overloaded: Counter
    private let outcome: Timer
    private let waiting: Gauge
    private let publishing: Gauge
    private let gate: CarriedTotal
    private let publisher: CarriedTotal
    private let outcomes: CarriedTotal

    init(_ factory: any MetricsFactory, partitions: Int) {
        func perPartition<Handle>(_ make: ((String, String)) -> Handle) -> [Handle] {
            (0..<partitions).map { make(("partition", String($0))) }
        }
        func reconnects(_ link: String) -> CarriedTotal {
            CarriedTotal(MetricName.reconnects.counter(("link", link), from: factory))
        }
        accepted = perPartition { MetricName.accepted.counter($0, from: factory) }
        commandsAccepted = perPartition { MetricName.commandsAccepted.counter($0, from: factory) }
        queueDepths = perPartition { MetricName.queueDepth.gauge($0, from: factory) }
        refused = Dictionary(
            uniqueKeysWithValues: ProblemKind.all.map {
                ($0.name, MetricName.refused.counter(("cause", $0.name), from: factory))
            })
        soldOut = MetricName.refused.counter(("cause", ProblemKind.soldOut.name), from: factory)
        overloaded = MetricName.refused.counter(("cause", ProblemKind.overloaded.name), from: factory)
        outcome = MetricName.outcomeSeconds.timer(from: factory)
        waiting = MetricName.waiting.gauge(from: factory)
        publishing = MetricName.publishing.gauge(from: factory)
        gate = CarriedTotal(MetricName.gateRejections.counter(from: factory))
        publisher = reconnects("publisher")
        outcomes = reconnects("outcome_queue")
    }

    /// The broker has taken a flight of wishes.
    func countAccepted(_ wishes: Int, partition: Int) { accepted[partition].increment(by: wishes) }

    /// The broker has taken a command.
    func countCommand(partition: Int) { commandsAccepted[partition].increment() }

    /// A request is answered with a problem. In a rush that is one of two for nearly all, which cost no look-up.
    func countRefused(_ kind: ProblemKind) {
        switch kind.name {
        case ProblemKind.soldOut.name: soldOut.increment()
        case ProblemKind.overloaded.name: overloaded.increment()
        default: refused[kind.name]?.increment()
        }
    }

    /// An outcome was heard so many nanoseconds after its request came.
    func recordOutcome(nanoseconds: UInt64) { outcome.recordNanoseconds(Int64(clamping: nanoseconds)) }

    /// What the parts of an ingress have counted themselves.
    func sample(_ handler: RequestHandler) {
        waiting.record(handler.desk.count)
        publishing.record(handler.producer.publishing)
        if let gate = handler.gate { self.gate.carry(gate.counts.refused) }
        publisher.carry(handler.producer.publisher.reconnects)
        outcomes.carry(handler.producer.listener.reconnects)
        for (gauge, depth) in zip(queueDepths, handler.probe.depths) { gauge.record(depth) }
    }
}
