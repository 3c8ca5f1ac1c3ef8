import Glibc
import Synchronization

/// A value that is set once, by any thread, for tasks to wait for.
///
/// They cannot give up: whoever makes one sees to it that it is always finished by a deadline.
final class Awaited<Value: Sendable>: Sendable {
    private enum State {
        case empty  // → waiting, done
        // Nearly always one waits; the others are apart, so that it costs no array. → done
        case waiting(CheckedContinuation<Value, Never>, others: [CheckedContinuation<Value, Never>])
        case done(Value)
    }

    private let state = Mutex(State.empty)

    /// Sets the value, unless there is one already.
    func finish(_ value: Value) {
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

    /// The value, once there is one.
    var value: Value {
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

/// Nanoseconds of a clock that nobody sets.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// The pause before the next attempt: random, up to a bound that doubles from 100 ms to 5 s.
struct Pause {
    private var boundMilliseconds = 100

    mutating func next() -> Duration {
        defer { boundMilliseconds = min(boundMilliseconds * 2, 5000) }
        return .milliseconds(Int.random(in: 10...boundMilliseconds))
    }

    mutating func reset() { boundMilliseconds = 100 }
}

/// A number in lower-case hexadecimal digits.
func hexadecimal(_ number: UInt64, digits: Int = 1) -> String {
    let text = String(number, radix: 16)
    return text.utf8.count >= digits ? text : String(repeating: "0", count: digits - text.utf8.count) + text
}
