/// One message on its way through the publisher, and who wants to know what becomes of it.
///
/// A class, because it moves through three queues and its message is large to move. It is completed once: it
/// is always in exactly one place, and whoever takes it out completes it.
final class Job: Sendable {
    enum Listener: Sendable {
        case task(OneShot<Publisher.Outcome>)
        case closure(Int, @Sendable (Int, Publisher.Outcome) -> Void)
    }

    let message: OutgoingMessage
    let headerSize: Int
    /// Monotonic nanoseconds after which nobody waits for its confirm any more.
    let deadline: UInt64
    private let listener: Listener

    init(_ message: OutgoingMessage, headerSize: Int, deadline: UInt64, listener: Listener) {
        self.message = message
        self.headerSize = headerSize
        self.deadline = deadline
        self.listener = listener
    }

    /// Whether nobody is interested any more, so that it need not be sent.
    var isAbandoned: Bool {
        if case .task(let result) = listener { result.isDone } else { false }
    }

    func complete(_ outcome: Publisher.Outcome) {
        switch listener {
        case .task(let result): result.finish(outcome)
        case .closure(let index, let closure): closure(index, outcome)
        }
    }
}
