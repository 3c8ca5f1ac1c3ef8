import Synchronization
import WeirCore

/// How often one may come: token buckets for all together, for each credential and for each buyer.
///
/// What is refused by one bucket takes nothing from the others that were not asked yet: all together first, then the
/// credential, both before anything of the request is read, then the buyer, when it is known who that is.
final class Rates: Sendable {
    /// How many requests each kind of bucket has refused.
    struct Counts: Sendable, Equatable {
        var overall = 0
        var credential = 0
        var buyer = 0
    }

    private struct State {
        var overall: UInt64 = 0
        var credentials: BucketTable?
        var buyers: BucketTable?
        var counts = Counts()
    }

    private let overall: RateLimit?
    private let countsRequests: Bool
    private let countsBuyers: Bool
    private let state: Mutex<State>

    init(_ settings: IngressSettings) {
        overall = settings.rateOverall
        countsRequests = settings.rateOverall != nil || settings.ratePerCredential != nil
        countsBuyers = settings.ratePerBuyer != nil
        let most = settings.rateMemory
        state = Mutex(
            State(
                credentials: settings.ratePerCredential.map { BucketTable($0, most: most) },
                buyers: settings.ratePerBuyer.map { BucketTable($0, most: most) }))
    }

    var counts: Counts { state.withLock { $0.counts } }

    /// How many buckets are remembered.
    var bucketCount: Int {
        state.withLock { ($0.credentials?.count ?? 0) + ($0.buyers?.count ?? 0) }
    }

    /// Lets requests of a credential in, or refuses them; nil: whose they are, nobody knows.
    func admit(_ requests: Int = 1, credential: String?) throws(Problem) -> RateNotes {
        var notes = RateNotes()
        guard countsRequests, requests > 0 else { return notes }
        let now = monotonicNanoseconds()
        let refusal: Problem? = state.withLock { state in
            if let overall {
                let taken = overall.take(requests, from: &state.overall, now: now)
                notes.add("overall", overall, taken)
                if !taken.isGranted {
                    state.counts.overall += 1
                    return Self.refusal("all clients together", overall, taken)
                }
            }
            if let credential, let limit = state.credentials?.limit,
                let taken = state.credentials?.take(requests, Self.key(credential), now: now)
            {
                notes.add("credential", limit, taken)
                if !taken.isGranted {
                    state.counts.credential += 1
                    return Self.refusal("this credential", limit, taken)
                }
            }
            return nil
        }
        return try notes.unless(refusal)
    }

    /// Lets an intent of a buyer in, or refuses it.
    func admit(buyer: Buyer) throws(Problem) -> RateNotes {
        var notes = RateNotes()
        guard countsBuyers else { return notes }
        let now = monotonicNanoseconds()
        let refusal: Problem? = state.withLock { state in
            guard let limit = state.buyers?.limit,
                let taken = state.buyers?.take(1, Self.key(buyer.text), now: now)
            else { return nil }
            notes.add("buyer", limit, taken)
            guard !taken.isGranted else { return nil }
            state.counts.buyer += 1
            return Self.refusal("this buyer", limit, taken)
        }
        return try notes.unless(refusal)
    }

    /// Nobody can make two names meet: the hash is another one in each process.
    private static func key(_ name: String) -> UInt64 {
        var hasher = Hasher()
        for byte in name.utf8 { hasher.combine(byte) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    private static func refusal(_ who: String, _ limit: RateLimit, _ taken: RateLimit.Taken) -> Problem {
        let seconds = max(1, Int((taken.waitFor + 999_999_999) / 1_000_000_000))
        return Problem(
            .rateLimited,
            "\(who) may send \(limit.requests) requests in \(limit.seconds) s, and this one is too many; nothing was"
                + " accepted, send it again in \(seconds) s", retryAfterSeconds: seconds)
    }
}
