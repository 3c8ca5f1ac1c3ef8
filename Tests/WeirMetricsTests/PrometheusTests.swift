import CoreMetrics
import Foundation
import Testing
import WeirMetrics

/// The text that Prometheus reads, and that nothing is lost on the way into it.
@Suite struct PrometheusTests {
    @Test func aCounterIsOneLineASeriesWithHelpAndType() {
        let metrics = PrometheusMetrics()
        MetricName.accepted.counter(("partition", "1"), from: metrics).increment(by: 2)
        MetricName.accepted.counter(("partition", "0"), from: metrics).increment()
        #expect(
            metrics.text == """
                # HELP weir_intents_accepted_total Intents that the broker has taken charge of, by partition.
                # TYPE weir_intents_accepted_total counter
                weir_intents_accepted_total{partition="0"} 1
                weir_intents_accepted_total{partition="1"} 2

                """)
    }

    @Test func theSameLabelsAreTheSameSeriesAndADestroyedHandleLosesNothing() {
        let metrics = PrometheusMetrics()
        for _ in 0..<3 {
            let counter = Counter(label: "a", dimensions: [("x", "y")], factory: metrics)
            counter.increment(by: 2)
            counter.destroy()
        }
        #expect(metrics.text == "# TYPE a counter\na{x=\"y\"} 6\n")
    }

    @Test func aHistogramCountsEveryStepAndWhatIsBeyond() {
        let metrics = PrometheusMetrics()
        let timer = MetricName.outcomeSeconds.timer(from: metrics)
        for milliseconds in [1, 3, 3, 60_000] { timer.recordMilliseconds(milliseconds) }
        let lines = metrics.text.split(separator: "\n").map(String.init)
        for line in [
            "# TYPE weir_outcome_seconds histogram", #"weir_outcome_seconds_bucket{le="0.001"} 1"#,
            #"weir_outcome_seconds_bucket{le="0.0025"} 1"#, #"weir_outcome_seconds_bucket{le="0.005"} 3"#,
            #"weir_outcome_seconds_bucket{le="30"} 3"#, #"weir_outcome_seconds_bucket{le="+Inf"} 4"#,
            "weir_outcome_seconds_count 4",
        ] { #expect(lines.contains(line), "\(line)") }
        let sum = lines.first { $0.hasPrefix("weir_outcome_seconds_sum ") }.flatMap {
            Double($0.dropFirst(25))
        }
        #expect(abs((sum ?? 0) - 60.007) < 1e-9)
        let sizes = MetricName.batchSize.histogram(("partition", "3"), from: metrics)
        sizes.record(500)
        #expect(metrics.text.contains(#"weir_batch_size_bucket{partition="3",le="250"} 0"#))
        #expect(metrics.text.contains(#"weir_batch_size_bucket{partition="3",le="500"} 1"#))
    }

    @Test func aGaugeShowsTheLastNumberAndAMeterGoesUpAndDown() {
        let metrics = PrometheusMetrics()
        let gauge = MetricName.queueDepth.gauge(("partition", "0"), from: metrics)
        gauge.record(7)
        gauge.record(3)
        #expect(metrics.text.contains("# TYPE weir_queue_depth gauge\nweir_queue_depth{partition=\"0\"} 3\n"))
        let meter = Meter(label: "m", factory: metrics)
        meter.increment(by: 2.5)
        meter.decrement(by: 1)
        #expect(metrics.text.contains("m 1.5\n"))
    }

    @Test func namesAndLabelsAreEscaped() {
        let metrics = PrometheusMetrics()
        Counter(label: "a.b-c", dimensions: [("l.m", "x\"y\\z\nw")], factory: metrics).increment()
        #expect(metrics.text == "# TYPE a_b_c counter\na_b_c{l_m=\"x\\\"y\\\\z\\nw\"} 1\n")
    }

    @Test func manyThreadsLoseNoCount() async {
        let metrics = PrometheusMetrics()
        let counter = MetricName.events.counter(("partition", "0"), from: metrics)
        let recorder = MetricName.batchSize.histogram(("partition", "0"), from: metrics)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        recorder.record(2)
                    }
                }
            }
        }
        #expect(metrics.text.contains("weir_events_total{partition=\"0\"} 80000\n"))
        #expect(metrics.text.contains("weir_batch_size_sum{partition=\"0\"} 160000\n"))
        #expect(metrics.text.contains("weir_batch_size_count{partition=\"0\"} 80000\n"))
    }

    @Test func aCarriedTotalNeverGoesBackAndIsNeverCountedTwice() {
        let metrics = PrometheusMetrics()
        let total = CarriedTotal(MetricName.gateRejections.counter(from: metrics))
        for now in [3, 3, 5, 4, 6] { total.carry(now) }
        #expect(metrics.text.contains("weir_gate_rejections_total 6\n"))
    }

    @Test func everyNameIsOneOfPrometheusAndSaysItsUnit() {
        #expect(Set(MetricName.all.map(\.name)).count == MetricName.all.count)
        for metric in MetricName.all {
            #expect(metric.name.hasPrefix("weir_") && metric.help.hasSuffix("."))
            #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
        }
    }

    /// The page for operators lists every metric as it is.
    @Test func thePageListsEveryMetric() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/operations.md").standardizedFileURL
        let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `weir_") }.map(String.init)
        #expect(rows == MetricName.all.map { "| `\($0.name)` | \($0.kind.rawValue) | \($0.help) |" })
    }
}
