import DequeModule
import Synchronization
import WeirCore

/// The wishes that this ingress published and whose outcome it has not seen: to others they do not exist yet.
///
/// Bounded: the oldest are forgotten first, which makes their GET a 404 until they are decided.
final class WishMemory<Wish: Sendable>: Sendable {
    private struct State {
        var wishes: [Token: (id: UInt64, wish: Wish)] = [:]
        /// In the order of their coming. Those whose outcome was seen stay until they come to the front.
        var order = Deque<(id: UInt64, token: Token)>()

        mutating func forget(_ entry: (id: UInt64, token: Token)) {
            if wishes[entry.token]?.id == entry.id { wishes[entry.token] = nil }
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = max(0, limit) }

    var count: Int { state.withLock { $0.wishes.count } }
    /// How long the order is, which holds more than the wishes; for the test that it does not grow.
    var orderLength: Int { state.withLock { $0.order.count } }

    subscript(token: Token) -> Wish? { state.withLock { $0.wishes[token]?.wish } }

    /// Remembers a wish, under the id of its request; of two with one token the first stays.
    func remember(_ wish: Wish, token: Token, id: UInt64) {
        guard limit > 0 else { return }
        state.withLock { state in
            guard state.wishes[token] == nil else { return }
            state.wishes[token] = (id, wish)
            state.order.append((id, token))
            while state.wishes.count > limit, let oldest = state.order.popFirst() {
                state.forget(oldest)
            }
            while let first = state.order.first, state.wishes[first.token]?.id != first.id {
                state.order.removeFirst()
            }
            // One that is never decided must not keep all who came behind it.
            if state.order.count > 2 * limit {
                let wishes = state.wishes
                state.order.removeAll { wishes[$0.token]?.id != $0.id }
            }
        }
    }

    /// Forgets a wish that was not accepted, unless another request has the token.
    func forget(_ token: Token, id: UInt64) {
        state.withLock { $0.forget((id, token)) }
    }

    /// Forgets a wish that was decided.
    func forget(_ token: Token) {
        state.withLock { _ = $0.wishes.removeValue(forKey: token) }
    }
}

/// The intents that are remembered.
typealias QueuedMemory = WishMemory<Submit>

extension WishMemory<Submit> {
    /// Remembers an intent, under the id of its request; of two with one token the first stays.
    func remember(_ submit: Submit, id: UInt64) { remember(submit, token: submit.token, id: id) }

    /// Forgets the wish whose outcome was heard.
    func note(_ happening: Happening, _ correlation: UInt64?) {
        guard let token = happening.token else { return }
        if case .conflict = happening {
            // The wish that was refused is forgotten, not the one that has the token.
            if let correlation { forget(token, id: correlation) }
        } else {
            forget(token)
        }
    }
}

extension WishMemory<OrderSubmit> {
    /// Forgets the order whose outcome was heard.
    func note(_ told: OrderHappening, _ correlation: UInt64?) {
        if case .conflict(let token) = told {
            if let correlation { forget(token, id: correlation) }
        } else {
            forget(told.order)
        }
    }
}
