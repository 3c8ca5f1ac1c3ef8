import Synchronization

/// A value that is set once, by any thread, for tasks to wait for.
///
/// They cannot give up: whoever makes one sees to it that it is always finished by a deadline. Usable
/// from inlined code, without which `@inlinable` means nothing here: another module's calls would not be specialized.
@usableFromInline
package final class Awaited<Value: Sendable>: Sendable {
    @usableFromInline
    enum State {
        case empty  // → waiting, done
        // Nearly always one waits; the others are apart, so that it costs no array. → done
        case waiting(CheckedContinuation<Value, Never>, others: [CheckedContinuation<Value, Never>])
        case done(Value)
    }

    @usableFromInline
    let state: Mutex<State>

    /// Without a value.
    @inlinable
    package init() { state = Mutex(.empty) }

    /// Sets the value, unless there is one already.
    @inlinable
    package func finish(_ value: Value) {
        let before = state.withLock { state in
            let before = state
            if case .done = state { return before }
            state = .done(value)
            return before
        }
        guard case .waiting(let first, let others) = before else { return }
        first.resume(returning: value)
        for other in others { other.resume(returning: value) }
    }

    /// The value, if there is one already.
    var current: Value? {
        state.withLock { if case .done(let value) = $0 { value } else { nil } }
    }

    /// The value, once there is one.
    @inlinable
    package var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let known: Value? = state.withLock { state in
                    switch state {
                    case .done(let value): return value
                    case .empty: state = .waiting(continuation, others: [])
                    case .waiting(let first, let others):
                        state = .waiting(first, others: others + [continuation])
                    }
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        }
    }
}
