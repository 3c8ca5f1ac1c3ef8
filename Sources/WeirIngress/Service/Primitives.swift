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

/// A number that many add to, each of whom gives back what he added when he is gone.
final class SharedCount: Sendable {
    private let total = Atomic(0)

    /// What one of them has added; gives it back at the latest when nobody holds it any more.
    final class Share: Sendable {
        private let count: SharedCount
        private let mine = Atomic(0)

        fileprivate init(_ count: SharedCount) { self.count = count }

        deinit { giveBack() }

        /// Adds some and returns the total of all.
        func take(_ amount: Int) -> Int {
            mine.wrappingAdd(amount, ordering: .relaxed)
            return count.total.wrappingAdd(amount, ordering: .relaxed).newValue
        }

        func giveBack() {
            let amount = mine.exchange(0, ordering: .relaxed)
            count.total.wrappingSubtract(amount, ordering: .relaxed)
        }
    }

    func share() -> Share { Share(self) }

    var value: Int { total.load(ordering: .relaxed) }
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
