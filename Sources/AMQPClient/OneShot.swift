import Synchronization

/// A value that is set once, for one task or thread to wait for.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case empty  // → waiting, done
        case waiting(@Sendable () -> Void)  // → done
        case done(Value)
    }

    private let state = Mutex(State.empty)

    /// The value, if there is one already.
    var current: Value? {
        state.withLock { if case .done(let value) = $0 { value } else { nil } }
    }

    var isDone: Bool { current != nil }

    /// Sets the value, unless there is one already.
    func finish(_ value: Value) {
        let listener: (@Sendable () -> Void)? = state.withLock { state in
            switch state {
            case .done: return nil
            case .empty:
                state = .done(value)
                return nil
            case .waiting(let listener):
                state = .done(value)
                return listener
            }
        }
        listener?()
    }

    /// Calls once, when there is a value; at once if there is one. Only one may wait.
    func listen(_ listener: @escaping @Sendable () -> Void) {
        let isDone = state.withLock { state in
            if case .done = state { return true }
            state = .waiting(listener)
            return false
        }
        if isDone { listener() }
    }

    /// The value; `cancelled` when the task is cancelled before there is one.
    func value(ifCancelled cancelled: Value) async -> Value {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                listen { continuation.resume() }
            }
        } onCancel: {
            finish(cancelled)
        }
        return current ?? cancelled
    }
}
