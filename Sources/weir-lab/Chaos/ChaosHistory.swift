import Synchronization

/// What the clients were told: evidence that owes nothing to the servers' books.
final class ChaosHistory: Sendable {
    /// What a client asks for under a token; each kind has tokens of its own.
    enum Kind: String, CaseIterable {
        case intent = "intents"
        case order = "orders"
    }

    /// One intent or order, as its client knows it. Times are those of one clock of the client's.
    struct Wish: Sendable {
        /// Empty for an order.
        let sku: String
        let sentAt: ContinuousClock.Instant
        /// When it was first answered by 2xx.
        var acceptedAt: ContinuousClock.Instant?
        /// Every state that an answer has shown.
        var states: Set<String> = []
        /// Reasons of rejection that answers have shown.
        var reasons: Set<String> = []
    }

    private struct State {
        var wishes: [Kind: [String: Wish]] = [:]
        var answers: [Int: Int] = [:]
        var contradictions: [String] = []
        var rubbish: Set<String> = []
    }

    private let state = Mutex(State())

    func wishes(_ kind: Kind) -> [String: Wish] { state.withLock { $0.wishes[kind] ?? [:] } }
    /// How many answers there were of each status; 0 counts requests without an answer.
    var answers: [Int: Int] { state.withLock { $0.answers } }
    /// Answers that must never be given.
    var contradictions: [String] { state.withLock { $0.contradictions } }
    /// Bodies that nobody can read and that the broker has confirmed.
    var rubbish: Set<String> { state.withLock { $0.rubbish } }

    func send(_ kind: Kind, _ token: String, _ sku: String = "") {
        state.withLock { state in
            if state.wishes[kind]?[token] == nil {
                state.wishes[kind, default: [:]][token] = Wish(sku: sku, sentAt: .now)
            }
        }
    }

    func note(_ kind: Kind, _ token: String, _ reply: ChaosClient.Reply) {
        state.withLock { state in
            state.answers[reply.status, default: 0] += 1
            guard (200..<300).contains(reply.status), var wish = state.wishes[kind]?[token] else { return }
            if wish.acceptedAt == nil { wish.acceptedAt = .now }
            if let status = reply.intentStatus, status != "queued" { wish.states.insert(status) }
            if let reason = reply.reason { wish.reasons.insert(reason) }
            state.wishes[kind]?[token] = wish
        }
    }

    func count(_ reply: ChaosClient.Reply) {
        state.withLock { $0.answers[reply.status, default: 0] += 1 }
    }

    func contradict(_ text: String) { state.withLock { $0.contradictions.append(text) } }

    func confirmRubbish(_ body: String) { state.withLock { _ = $0.rubbish.insert(body) } }
}
