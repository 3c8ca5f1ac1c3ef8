import CoreMetrics
import Synchronization

/// A backend of swift-metrics that keeps what is recorded in memory and writes it in Prometheus's text format, version
/// 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
///
/// Recording is atomic and takes no lock; a lock is taken where handles are made and where the text is written.
public final class PrometheusMetrics: MetricsFactory {
    /// The media type of ``text``.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private struct Family {
        let kind: MetricName.Kind
        var series: [String: any Series] = [:]
    }

    private let families = Mutex<[String: Family]>([:])
    private let help = Dictionary(uniqueKeysWithValues: MetricName.all.map { ($0.name, $0.help) })

    /// An empty one.
    public init() {}

    /// Everything that was recorded.
    public var text: String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            if let help = help[name] { text += "# HELP \(name) \(help)\n" }
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name, labels, to: &text)
            }
        }
        return text
    }

    /// The same label with the same dimensions is the same series, whoever asks for it.
    private func series<Kept: Series>(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricName.Kind, _ make: () -> Kept
    ) -> Kept {
        let labels = dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        let name = Self.name(label)
        return families.withLock { families in
            if let known = families[name]?.series[labels] as? Kept { return known }
            let made = make()
            families[name, default: Family(kind: kind)].series[labels] = made
            return made
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { CountingSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { GaugeSeries() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool)
        -> any RecorderHandler
    {
        guard aggregate else { return series(label, dimensions, .gauge) { GaugeSeries() } }
        return series(label, dimensions, .histogram) { HistogramSeries(HistogramSeries.sizes) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) { HistogramSeries(HistogramSeries.seconds) }
    }

    // A series stays when nobody holds its handle any more: a counter that began anew would look like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// A name as Prometheus allows it.
    private static func name(_ text: String) -> String {
        String(text.map { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
