import Synchronization

/// What a load has seen so far, counted by many tasks at once.
final class Tally: Sendable {
    /// The numbers.
    struct Numbers: Sendable {
        var sent = 0
        var inFlight = 0
        /// Due while too many were in flight: not sent at all.
        var dropped = 0
        /// Sent, but later than ``Tally/lateAfter`` after they were due.
        var late = 0
        /// Sent once more, with the token and payload of an earlier one.
        var duplicates = 0
        /// Answers that the server says it repeated from memory.
        var replayed = 0
        var answers: [AnswerKind: Int] = [:]
        var toAcceptance = Latencies()
        var toOutcome = Latencies()
        /// The first sentence heard for each kind of failure.
        var examples: [AnswerKind: String] = [:]

        /// How many requests have ended with an outcome.
        var decided: Int { toOutcome.count }
    }

    /// A start that comes so long after its due time is late.
    static let lateAfter = Duration.milliseconds(10)

    private let numbers = Mutex(Numbers())

    /// The numbers at this moment.
    var now: Numbers { numbers.withLock { $0 } }

    /// Counts a request that is due; false when it must be dropped.
    func begin(late lateness: Duration, duplicate: Bool, limit: Int) -> Bool {
        numbers.withLock { numbers in
            guard numbers.inFlight < limit else {
                numbers.dropped += 1
                return false
            }
            numbers.inFlight += 1
            numbers.sent += 1
            if lateness > Self.lateAfter { numbers.late += 1 }
            if duplicate { numbers.duplicates += 1 }
            return true
        }
    }

    /// Counts an acceptance, so long after the request was due.
    func accepted(after latency: Duration) {
        numbers.withLock { $0.toAcceptance.record(latency) }
    }

    /// Counts the end of a request.
    func end(_ kind: AnswerKind, replayed: Bool = false, outcomeAfter latency: Duration?) {
        numbers.withLock { numbers in
            numbers.inFlight -= 1
            numbers.answers[kind, default: 0] += 1
            if replayed { numbers.replayed += 1 }
            if let latency { numbers.toOutcome.record(latency) }
        }
    }

    /// Counts the failure of a request.
    func fail(_ error: WeirClientError) {
        let kind = AnswerKind(error)
        numbers.withLock { numbers in
            numbers.inFlight -= 1
            numbers.answers[kind, default: 0] += 1
            if numbers.examples[kind] == nil { numbers.examples[kind] = error.description }
        }
    }
}
