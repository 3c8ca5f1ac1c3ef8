import Glibc
import Synchronization

/// A value that is set once, by any thread, for one task to wait for.
///
/// The task cannot give up: whoever makes one sees to it that it is always finished by a deadline.
final class Awaited<Value: Sendable>: Sendable {
    private enum State {
        case empty  // → waiting, done
        case waiting(CheckedContinuation<Value, Never>)  // → done
        case done(Value)
    }

    private let state = Mutex(State.empty)

    /// Sets the value, unless there is one already.
    func finish(_ value: Value) {
        let waiting: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .done: return nil
            case .empty:
                state = .done(value)
                return nil
            case .waiting(let continuation):
                state = .done(value)
                return continuation
            }
        }
        waiting?.resume(returning: value)
    }

    /// The value. Only one task may ask.
    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let known: Value? = state.withLock { state in
                    if case .done(let value) = state { return value }
                    state = .waiting(continuation)
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
