import Synchronization

/// A number of places; whoever finds none free waits, and is served in the order of coming.
final class Slots: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
        var served = 0
    }
    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// Takes a place.
    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Gives a place back.
    func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.served < state.waiting.count else {
                state.free += 1
                return nil
            }
            let next = state.waiting[state.served]
            state.served += 1
            // The served ones are dropped together, so that each costs nothing.
            if state.served == state.waiting.count || state.served > 1024 {
                state.waiting.removeFirst(state.served)
                state.served = 0
            }
            return next
        }
        next?.resume()
    }
}

/// Lets one line of a SKU under way at a time: the next one waits until the one before has been accepted.
final class Lanes: Sendable {
    private struct State {
        var busy: Set<String> = []
        /// There is one dispatcher, so at most one waits.
        var waiting: (sku: String, continuation: CheckedContinuation<Void, Never>)?
    }
    private let state = Mutex(State())

    /// Enters the SKU's lane as soon as it is free. Only one task may call this.
    func enter(_ sku: String) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                precondition(state.waiting == nil, "lanes have one dispatcher")
                if state.busy.insert(sku).inserted { return true }
                state.waiting = (sku, continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Leaves the lane, which is then the waiting line's if it is the same.
    func leave(_ sku: String) {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiting = state.waiting, waiting.sku == sku else {
                state.busy.remove(sku)
                return nil
            }
            state.waiting = nil
            return waiting.continuation
        }
        next?.resume()
    }
}
