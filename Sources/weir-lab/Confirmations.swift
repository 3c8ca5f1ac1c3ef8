import AMQPClient
import Foundation

/// Counts what the broker confirmed, for a thread that waits for it.
final class Confirmations: @unchecked Sendable {
    // Safe: every access happens under the condition's lock.
    private let condition = NSCondition()
    private let expected: Int
    private var settled = 0
    private var refused = 0

    init(expecting count: Int) { expected = count }

    func note(_ outcome: Publisher.Outcome) {
        condition.withLock {
            settled += 1
            if outcome != .confirmed { refused += 1 }
            condition.broadcast()
        }
    }

    /// Waits until fewer than `limit` of the messages that were sent are unsettled.
    func waitUntilFewer(than limit: Int, sent: Int) {
        condition.lock()
        defer { condition.unlock() }
        while sent - settled >= limit { condition.wait() }
    }

    /// Waits for all; whether all were confirmed.
    func waitForAll() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while settled < expected { condition.wait() }
        return refused == 0
    }
}
