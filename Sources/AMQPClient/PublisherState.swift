import Synchronization

extension Publisher {
    /// What a publisher can do at the moment.
    public enum State: Sendable, Equatable {
        /// No connection; it tries for ever. Publishing is `.unavailable`.
        case connecting
        /// Publishing goes to the broker.
        case ready
        /// The broker is low on memory or disk and does not read, with its reason. Publishing is
        /// `.unavailable`.
        case blocked(String)
        /// `stop` was called, for good.
        case stopped
    }
}

/// A publisher's state, for everybody to see and to wait for.
final class StateBoard: Sendable {
    private struct Board {
        var state = Publisher.State.connecting
        var reconnects = 0
        var nextWaiter = 0
        var waiters: [Int: @Sendable (Bool) -> Void] = [:]
    }

    private let board = Mutex(Board())

    var state: Publisher.State { board.withLock { $0.state } }
    var reconnects: Int { board.withLock { $0.reconnects } }

    func set(_ state: Publisher.State) {
        let waiters: [@Sendable (Bool) -> Void] = board.withLock { board in
            // The end is final: a connection that is just being made must not bring it back.
            guard board.state != .stopped else { return [] }
            board.state = state
            guard state == .ready || state == .stopped else { return [] }
            defer { board.waiters = [:] }
            return Array(board.waiters.values)
        }
        for waiter in waiters { waiter(state == .ready) }
    }

    func countReconnect() {
        board.withLock { $0.reconnects += 1 }
    }

    /// Calls once, when ready (true) or stopped (false); at once if it is so already.
    func whenReady(_ waiter: @escaping @Sendable (Bool) -> Void) -> Int {
        let (id, known): (Int, Bool?) = board.withLock { board in
            board.nextWaiter += 1
            if board.state == .ready { return (board.nextWaiter, true) }
            if board.state == .stopped { return (board.nextWaiter, false) }
            board.waiters[board.nextWaiter] = waiter
            return (board.nextWaiter, nil)
        }
        if let known { waiter(known) }
        return id
    }

    func forget(_ waiter: Int) {
        board.withLock { $0.waiters[waiter] = nil }
    }
}
