import Synchronization

/// What a rush has seen so far, counted by many buyers at once.
final class RushTally: Sendable {
    /// The numbers.
    struct Numbers: Sendable {
        var sent = 0
        var accepted = 0
        /// Buyers with a first outcome.
        var decided = 0
        var reserved = 0
        var soldAtOnce = 0
        var soldOut = 0
        /// Buyers of whose wish nothing was accepted, because nothing was left.
        var turnedAway = 0
        var otherRejections = 0
        /// Requests that repeated a token with its payload and got the same outcome.
        var duplicatesAbsorbed = 0
        /// Requests that repeated a token with another payload and were refused.
        var conflictsRefused = 0
        /// Those that the sold-out gate refused before anybody looked at the token.
        var conflictsSoldOut = 0
        var lostAnswers = 0
        var gaveUp = 0
        var toOutcome = Latencies()
        var firstSent: ContinuousClock.Instant?
        var lastDecided: ContinuousClock.Instant?

        /// How long it took from the first wish to the last first outcome.
        var seconds: Double {
            guard let firstSent, let lastDecided else { return 0 }
            return (lastDecided - firstSent) / .seconds(1)
        }
        var perSecond: Double { seconds > 0 ? Double(decided) / seconds : 0 }
        /// Buyers who know where they stand.
        var settled: Int { decided + turnedAway }
    }

    private struct State {
        var numbers = Numbers()
        var records: [RushRecord] = []
    }
    private let state = Mutex(State())
    /// Calls that were sent again after a failure.
    let retries = Counter()

    /// The numbers at this moment.
    var now: Numbers { state.withLock { $0.numbers } }
    /// What the buyers were told.
    var records: [RushRecord] { state.withLock { $0.records } }

    /// Counts something.
    func note(_ change: (inout Numbers) -> Void) {
        state.withLock { change(&$0.numbers) }
    }

    /// Counts a wish that is being sent.
    func begin() {
        note { numbers in
            numbers.sent += 1
            if numbers.firstSent == nil { numbers.firstSent = .now }
        }
    }

    /// Counts a first outcome.
    func decided(_ shown: RushRecord.Shown, after latency: Duration) {
        note { numbers in
            numbers.decided += 1
            numbers.lastDecided = .now
            numbers.toOutcome.record(latency)
            switch shown.status {
            case .reserved, .expired, .cancelled: numbers.reserved += 1
            case .confirmed: numbers.soldAtOnce += 1
            case .rejected where shown.reason == "sold_out": numbers.soldOut += 1
            default: numbers.otherRejections += 1
            }
        }
    }

    /// Counts a buyer for whom nothing was left.
    func turnedAway() { note { $0.turnedAway += 1 } }

    /// Keeps what a buyer was told.
    func keep(_ record: RushRecord) {
        state.withLock { $0.records.append(record) }
    }
}
