import CoreMetrics
import Synchronization

/// One series of a metric: what was recorded, without a lock.
protocol Series: AnyObject, Sendable {
    /// Appends its lines.
    func write(_ name: String, _ labels: String, to text: inout String)
}

/// A number that is changed by many threads at once.
final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ value: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + value).bitPattern
            let (isDone, seen) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if isDone { return }
            old = seen
        }
    }
}

final class CountingSeries: CounterHandler, Series {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }

    func write(_ name: String, _ labels: String, to text: inout String) {
        text += "\(name)\(braced(labels)) \(count.load(ordering: .relaxed))\n"
    }
}

final class GaugeSeries: RecorderHandler, MeterHandler, Series {
    private let number = AtomicDouble()

    func record(_ value: Int64) { number.set(Double(value)) }
    func record(_ value: Double) { number.set(value) }
    func set(_ value: Int64) { number.set(Double(value)) }
    func set(_ value: Double) { number.set(value) }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }

    func write(_ name: String, _ labels: String, to text: inout String) {
        text += "\(name)\(braced(labels)) \(shown(number.value))\n"
    }
}

/// A distribution in fixed steps.
final class HistogramSeries: RecorderHandler, TimerHandler, Series {
    private final class Cell: Sendable { let count = Atomic<Int64>(0) }

    /// Steps for times in seconds, from what a batch takes to what a client waits for at most.
    static let seconds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// Steps for sizes.
    static let sizes: [Double] = [0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000]

    private let steps: [Double]
    /// One more than steps: what is beyond the last one.
    private let cells: [Cell]
    private let sum = AtomicDouble()

    init(_ steps: [Double]) {
        self.steps = steps
        cells = (0...steps.count).map { _ in Cell() }
    }

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Double) {
        var step = 0
        while step < steps.count, value > steps[step] { step += 1 }
        cells[step].count.wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func write(_ name: String, _ labels: String, to text: inout String) {
        let comma = labels.isEmpty ? "" : ","
        var total: Int64 = 0
        for (step, cell) in zip(steps.map(shown) + ["+Inf"], cells) {
            total += cell.count.load(ordering: .relaxed)
            text += "\(name)_bucket{\(labels)\(comma)le=\"\(step)\"} \(total)\n"
        }
        text += "\(name)_sum\(braced(labels)) \(shown(sum.value))\n"
        text += "\(name)_count\(braced(labels)) \(total)\n"
    }
}

private func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

/// A whole number without a fraction.
private func shown(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
}
