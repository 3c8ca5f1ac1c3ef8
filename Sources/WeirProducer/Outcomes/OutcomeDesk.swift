import Synchronization
import WeirCore

/// Where requests wait for outcomes: found by the correlation id of the command, or by the token.
///
/// A waiter is registered before its command is published, or the outcome could be here first.
package final class OutcomeDesk: Sendable {
    /// How a wait ends.
    package enum Ending: Sendable {
        /// This happened.
        case happening(Happening)
        /// The time is over.
        case timedOut
        /// There is nothing to wait for: the door knew the answer, or the command was not accepted.
        case dismissed
        /// The outcome queue was away for a moment, and the outcome may have been lost with it: look it up.
        case interrupted
    }

    package typealias Waiter = Awaited<Ending>

    private struct State {
        var waiters: [UInt64: (waiter: Waiter, token: Token?)] = [:]
        var byToken: [Token: [UInt64]] = [:]
        /// Which waiters' time is over at which tick; those that are gone by then are left in.
        var ticks: [UInt64: [UInt64]] = [:]
        var lastTick = monotonicNanoseconds() / OutcomeDesk.tickNanoseconds
        var isReleased = false

        mutating func remove(_ id: UInt64) -> Waiter? {
            guard let (waiter, token) = waiters.removeValue(forKey: id) else { return nil }
            guard let token else { return waiter }
            byToken[token]?.removeAll { $0 == id }
            if byToken[token]?.isEmpty ?? false { byToken[token] = nil }
            return waiter
        }
    }

    /// Times are over up to this much late: nobody needs an exact second.
    private static let tickNanoseconds: UInt64 = 50_000_000
    /// How often ``sweep()`` should be called.
    package static let sweepInterval = Duration.milliseconds(50)

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: how many may wait at once.
    package init(limit: Int) { self.limit = limit }

    /// How many wait.
    package var count: Int { state.withLock { $0.waiters.count } }

    /// Registers a waiter under the id of a command; with a token it hears of that too. Nil when too many wait.
    package func expect(_ id: UInt64, token: Token? = nil, forSeconds seconds: Double) -> Waiter? {
        let waiter = Waiter()
        let deadline = monotonicNanoseconds() + UInt64(max(0, seconds) * 1_000_000_000)
        let isTaken = state.withLock { state in
            guard !state.isReleased else {
                waiter.finish(.timedOut)
                return true
            }
            guard state.waiters.count < limit else { return false }
            state.waiters[id] = (waiter, token)
            if let token { state.byToken[token, default: []].append(id) }
            // The tick that is swept next is the earliest that still comes.
            let tick = max(deadline / Self.tickNanoseconds, state.lastTick) + 1
            state.ticks[tick, default: []].append(id)
            return true
        }
        return isTaken ? waiter : nil
    }

    /// Ends a wait for which no outcome will come, or whose outcome nobody wants any more. It is finished in any case,
    /// because what its end was to call holds on to it.
    package func dismiss(_ id: UInt64) {
        state.withLock { $0.remove(id) }?.finish(.dismissed)
    }

    /// Hands an outcome to whoever waits for it.
    package func deliver(_ happening: Happening, correlation: UInt64?) {
        let receivers: [Waiter] = state.withLock { state in
            var receivers: [Waiter] = []
            if let correlation, let waiter = state.remove(correlation) { receivers.append(waiter) }
            guard !state.byToken.isEmpty, let token = happening.waitedForBy else { return receivers }
            for id in state.byToken[token] ?? [] {
                if let waiter = state.remove(id) { receivers.append(waiter) }
            }
            return receivers
        }
        for waiter in receivers { waiter.finish(.happening(happening)) }
    }

    /// Ends the waits whose time is over.
    package func sweep() {
        let now = monotonicNanoseconds() / Self.tickNanoseconds
        let late: [Waiter] = state.withLock { state in
            guard now > state.lastTick else { return [] }
            var late: [Waiter] = []
            for tick in (state.lastTick + 1)...now {
                for id in state.ticks.removeValue(forKey: tick) ?? [] {
                    if let waiter = state.remove(id) { late.append(waiter) }
                }
            }
            state.lastTick = now
            return late
        }
        for waiter in late { waiter.finish(.timedOut) }
    }

    /// The outcome queue was away: everybody looks up what may have been lost.
    package func interrupt() {
        for waiter in takeAll() { waiter.finish(.interrupted) }
    }

    /// Ends all waits, also those that are still to come: the server stops.
    package func release() {
        state.withLock { $0.isReleased = true }
        for waiter in takeAll() { waiter.finish(.timedOut) }
    }

    private func takeAll() -> [Waiter] {
        state.withLock { state in
            let all = state.waiters.values.map(\.waiter)
            state.waiters = [:]
            state.byToken = [:]
            state.ticks = [:]
            return all
        }
    }
}

extension Happening {
    /// The name under which requests wait for this; nil when nobody does. A conflict is nothing to whoever waits for the
    /// first intent, and an order that is being gathered is not decided yet.
    fileprivate var waitedForBy: Token? {
        switch self {
        case .conflict: return nil
        case .order:
            guard let order = shownOrder, !order.state.isUndecided else { return nil }
            return order.token.ofOrder
        default: return token
        }
    }
}
