/// What was measured of one strategy: medians over its runs, and the counts of all of them together.
struct StrategyResult {
    let title: String
    /// Outcomes a second.
    var rate = 0.0
    /// Times the rate of the conditional UPDATE, from the runs side by side.
    var ratio = 0.0
    /// Seconds from the request to the outcome.
    var p50 = 0.0
    var p99 = 0.0
    /// Processor time an intent, all processes but the clients, in microseconds.
    var cost = 0.0
    /// What went wrong in the ordinary runs.
    var counts = Counts()
    /// What went wrong when the server was killed in the middle; nil when that was not tried.
    var killed: Counts?
    /// Seconds from the kill to the next outcome.
    var recovery: Double?
    /// Requests that nobody decided, although they were asked again and again.
    var undecided = 0
}

/// One rush of one strategy.
struct RushResult {
    let record: RushClients.Record
    /// Processor microseconds an intent.
    let cost: Double
    let counts: Counts
    /// Requests of both parts of the rush that nobody decided.
    let undecided: Int
}

extension StrategyResult {
    /// Puts the runs of a strategy together; `yardstick` are those of the conditional UPDATE, in the same order.
    init(_ strategy: Strategy, runs: [RushResult], yardstick: [RushResult], killed: [RushResult]) {
        title = strategy.title
        if !runs.isEmpty {
            rate = median(runs.map(\.record.rate))
            p50 = median(runs.map { $0.record.percentile(0.5) })
            p99 = median(runs.map { $0.record.percentile(0.99) })
            cost = median(runs.map(\.cost))
        }
        let ratios = zip(runs, yardstick).map { $0.record.rate / max($1.record.rate, .leastNonzeroMagnitude) }
        if !ratios.isEmpty { ratio = median(ratios) }
        counts = runs.map(\.counts).reduce(Counts(), +)
        self.killed = killed.isEmpty ? nil : killed.map(\.counts).reduce(Counts(), +)
        recovery = killed.isEmpty ? nil : median(killed.map { $0.record.recovery ?? .infinity })
        undecided = runs.map(\.undecided).reduce(0, +) + killed.map(\.undecided).reduce(0, +)
    }
}
