import Synchronization

/// A value that is set once, by any thread, for tasks to wait for, and for those to be called by who have no task.
///
/// They cannot give up: whoever makes one sees to it that it is always finished by a deadline. Usable
/// from inlined code, without which `@inlinable` means nothing here: another module's calls would not be specialized.
@usableFromInline
package final class Awaited<Value: Sendable>: Sendable {
    /// Somebody who is told of the value.
    @usableFromInline
    enum Listener: Sendable {
        case task(CheckedContinuation<Value, Never>)
        case call(@Sendable (Value) -> Void)

        @inlinable
        func tell(_ value: Value) {
            switch self {
            case .task(let continuation): continuation.resume(returning: value)
            case .call(let call): call(value)
            }
        }
    }

    @usableFromInline
    enum State {
        case empty  // → waiting, done
        // Nearly always one waits; the others are apart, so that it costs no array. → done
        case waiting(Listener, others: [Listener])
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
        first.tell(value)
        for other in others { other.tell(value) }
    }

    /// The value, if there is one already.
    @inlinable
    package var current: Value? {
        state.withLock { if case .done(let value) = $0 { value } else { nil } }
    }

    /// The value, once there is one.
    @inlinable
    package var value: Value {
        get async {
            await withCheckedContinuation { tell(.task($0)) }
        }
    }

    /// Calls once, with the value: at once if there is one, otherwise from the thread that sets it, which must not be
    /// kept waiting.
    @inlinable
    package func whenFinished(_ call: @escaping @Sendable (Value) -> Void) { tell(.call(call)) }

    @inlinable
    func tell(_ listener: Listener) {
        let known: Value? = state.withLock { state in
            switch state {
            case .done(let value): return value
            case .empty: state = .waiting(listener, others: [])
            case .waiting(let first, let others):
                state = .waiting(first, others: others + [listener])
            }
            return nil
        }
        if let known { listener.tell(known) }
    }
}
