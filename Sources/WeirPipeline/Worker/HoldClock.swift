import WeirCore

/// When holds come due, on the database's clock, as a worker can know it without asking each time.
///
/// The database's clock is carried forward with the worker's own monotonic one, so a wrong clock of the worker's
/// machine has no effect; the decision itself compares with the clock of its snapshot.
struct HoldClock: Sendable {
    /// The end of the hold that comes due next, or an earlier moment; nil when nothing is held.
    var next: Timestamp?
    /// Whether ``next`` must be read again.
    var isStale = false
    /// When an order, or a part of one, comes due next, or an earlier moment; nil when none does.
    var nextOrder: Timestamp?
    /// Whether ``nextOrder`` must be read again.
    var isOrderStale = false
    private var observed = Timestamp(microseconds: 0)
    private var observedAt: Duration = .zero
    private var emptySince: Timestamp?
    /// Since when a due hold has waited for the queue to be empty, on the worker's clock.
    private var waitingSince: Duration?
    private var askedAt: Duration?

    /// The database's clock was read.
    mutating func observe(_ moment: Timestamp, at now: Duration) {
        observed = moment
        observedAt = now
    }

    /// The database's clock now, as far as it is known.
    func estimate(at now: Duration) -> Timestamp {
        Timestamp(microseconds: observed.microseconds + (now - observedAt).microseconds)
    }

    /// A hold was granted.
    mutating func consider(_ deadline: Timestamp?) {
        guard let deadline else { return }
        next = next.map { min($0, deadline) } ?? deadline
    }

    /// An order, or a part of one, comes due.
    mutating func considerOrder(_ moment: Timestamp?) {
        guard let moment else { return }
        nextOrder = nextOrder.map { min($0, moment) } ?? moment
    }

    /// Whatever comes due next.
    var soonest: Timestamp? {
        guard let nextOrder else { return next }
        return next.map { min($0, nextOrder) } ?? nextOrder
    }

    func untilNext(at now: Duration) -> Duration? {
        soonest.map { .microseconds(max(0, $0.microseconds - estimate(at: now).microseconds)) }
    }

    /// The queue was empty: every command that could have changed a hold that is due by now was delivered.
    mutating func sawEmptyQueue(at now: Duration) {
        emptySince = estimate(at: now)
        waitingSince = nil
    }

    /// A hold is due, and the queue was not seen empty since.
    mutating func wait(at now: Duration) { waitingSince = waitingSince ?? now }

    /// The consumer is gone: what it delivered waits in the queue again, and the wait begins anew.
    mutating func forgetQueue() {
        emptySince = nil
        waitingSince = nil
    }

    func mayExpire(_ deadline: Timestamp, at now: Duration, grace: Duration) -> Bool {
        horizon(at: now, grace: grace).map { deadline <= $0 } ?? false
    }

    /// Holds with a deadline up to this moment may expire; nil when none may.
    ///
    /// The grace counts only while a consumer could have brought what waits: after an hour without an owner, the
    /// confirms of that hour come before the expiries.
    func horizon(at now: Duration, grace: Duration) -> Timestamp? {
        guard let waitingSince, now - waitingSince >= grace else { return emptySince }
        let patient = Timestamp(microseconds: estimate(at: now).microseconds - grace.microseconds)
        return emptySince.map { max($0, patient) } ?? patient
    }

    /// Asking the broker costs a round trip: ten times a second is enough.
    mutating func mayAskAgain(at now: Duration) -> Bool {
        if let askedAt, now - askedAt < .milliseconds(100) { return false }
        askedAt = now
        return true
    }
}

extension Duration {
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
