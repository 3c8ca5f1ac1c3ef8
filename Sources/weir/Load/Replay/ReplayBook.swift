import Synchronization

/// What became of every line of a replay, written by many tasks.
final class ReplayBook: Sendable {
    /// What became of a line, in a byte: there may be many lines.
    enum Entry: UInt8, Sendable {
        case notSent, pending, confirmed, soldOut, returned
        /// The sold-out gate did not let it in: nothing was accepted.
        case turnedAway
        /// Something else, which the book's examples tell.
        case unexpected
    }

    /// The numbers.
    struct Numbers: Sendable {
        var sent = 0
        var settled = 0
        /// Lines whose token the server knew already.
        var replayed = 0
        var counts: [Entry: Int] = [:]
        var toAcceptance = Latencies()
        /// The first few unexpected things.
        var examples: [String] = []
    }

    private struct State {
        var entries: [Entry]
        var numbers = Numbers()
    }
    private let state: Mutex<State>

    init(lines: Int) {
        state = Mutex(State(entries: Array(repeating: .notSent, count: lines)))
    }

    /// The numbers at this moment.
    var numbers: Numbers { state.withLock { $0.numbers } }
    /// What became of each line, in file order.
    var entries: [Entry] { state.withLock { $0.entries } }

    /// Notes that a line is being sent.
    func begin(_ line: ShopLine) {
        state.withLock { state in
            state.entries[line.number - 1] = .pending
            state.numbers.sent += 1
        }
    }

    /// Notes that a line has been accepted, so long after it was sent.
    func accepted(after latency: Duration, replayed: Bool) {
        state.withLock { state in
            state.numbers.toAcceptance.record(latency)
            if replayed { state.numbers.replayed += 1 }
        }
    }

    /// Notes the end of a line; `detail` says what was unexpected.
    func settle(_ line: ShopLine, _ entry: Entry, detail: String? = nil) {
        state.withLock { state in
            state.entries[line.number - 1] = entry
            state.numbers.settled += 1
            state.numbers.counts[entry, default: 0] += 1
            if let detail, state.numbers.examples.count < 5 {
                state.numbers.examples.append("line \(line.number) (\(line.token)): \(detail)")
            }
        }
    }
}
