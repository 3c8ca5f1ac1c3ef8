import Histogram
import WeirWire

/// How long something took, many times: percentiles in bounded memory, three digits exact.
struct Latencies: Sendable {
    private var histogram = Histogram<UInt64>(
        highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three)

    /// How many were measured.
    var count: Int { Int(histogram.totalCount) }

    /// Takes one duration in; beyond an hour it counts as an hour.
    mutating func record(_ duration: Duration) {
        let microseconds = duration / .microseconds(1)
        histogram.record(UInt64(min(max(microseconds, 0), 3_600_000_000)))
    }

    /// The value in milliseconds that so many per cent do not exceed.
    func milliseconds(percentile: Double) -> Double {
        count == 0 ? 0 : Double(histogram.valueAtPercentile(percentile)) / 1000
    }

    /// The longest, in milliseconds.
    var longestMilliseconds: Double { count == 0 ? 0 : Double(histogram.max) / 1000 }

    /// The percentiles of a report and the longest, in milliseconds.
    var columns: [Double] {
        Self.percentiles.map { milliseconds(percentile: $0) } + [longestMilliseconds]
    }

    static let percentiles = [50, 90, 99, 99.9]
    static let headings = ["p50", "p90", "p99", "p99.9", "max"]

    /// Writes the members of the JSON, in microseconds, because JSON of ours knows whole numbers only.
    func write(to json: inout JSONWriter) {
        let values = columns.map { Int64(($0 * 1000).rounded()) }
        json.member("count", Int64(count))
        json.member("p50", values[0])
        json.member("p90", values[1])
        json.member("p99", values[2])
        json.member("p999", values[3])
        json.member("max", values[4])
    }
}
