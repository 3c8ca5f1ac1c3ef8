import CoreMetrics
import Synchronization

/// A label of a metric and its value.
public typealias MetricLabel = (String, String)

extension MetricName {
    /// A handle to count with; made once, kept, and used without a look-up.
    public func counter(_ labels: MetricLabel..., from factory: any MetricsFactory) -> Counter {
        Counter(label: name, dimensions: labels, factory: factory)
    }

    /// A handle to show a number that goes up and down.
    public func gauge(_ labels: MetricLabel..., from factory: any MetricsFactory) -> Gauge {
        Gauge(label: name, dimensions: labels, factory: factory)
    }

    /// A handle to record numbers whose distribution matters.
    public func histogram(_ labels: MetricLabel..., from factory: any MetricsFactory) -> Recorder {
        Recorder(label: name, dimensions: labels, aggregate: true, factory: factory)
    }

    /// A handle to record times.
    public func timer(_ labels: MetricLabel..., from factory: any MetricsFactory) -> Timer {
        Timer(label: name, dimensions: labels, factory: factory)
    }
}

/// Carries a total that somebody else counts over to a counter.
public final class CarriedTotal: Sendable {
    private let counter: Counter
    private let carried = Mutex(0)

    /// For this counter.
    public init(_ counter: Counter) { self.counter = counter }

    /// The total is so much now.
    public func carry(_ total: Int) {
        let more = carried.withLock { carried in
            defer { carried = max(carried, total) }
            return total - carried
        }
        if more > 0 { counter.increment(by: more) }
    }
}
