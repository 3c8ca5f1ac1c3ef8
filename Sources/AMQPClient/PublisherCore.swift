import Logging
import Synchronization

/// What callers, the publisher's thread and its watchdog share.
final class PublisherCore: Sendable {
    private struct Control {
        var socket: SocketHandle?
        /// Monotonic nanoseconds until which a stopping publisher waits for confirms; `nil` while it runs.
        var stopAt: UInt64?
    }

    let settings: Publisher.Settings
    let logger: Logger
    let board = StateBoard()
    /// Open only while the connection is ready: closing it is what makes callers fail at once.
    let mailbox: Mailbox<Job>
    /// Odd while the thread is inside a C call that may block for ever, and different for each such call.
    let calls = Atomic<UInt64>(0)
    private let control = Mutex(Control())
    private let user: String

    init(settings: Publisher.Settings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        mailbox = Mailbox(limit: max(1, settings.mailboxLimit), closed: true)
        // With a URL that cannot be read there will be no connection either.
        user = (try? AMQPAddress(settings.amqp.url))?.user ?? ""
    }

    /// Takes a message in, or says at once why not.
    func submit(_ message: OutgoingMessage, _ listener: Job.Listener) -> Publisher.Outcome? {
        switch MessageLimits.headerSize(of: message, user: user) {
        case .failure(let flaw): return .refused(flaw.text)
        case .success(let size):
            let job = Job(message, headerSize: size, deadline: newDeadline(), listener: listener)
            switch mailbox.put(job) {
            case .accepted: return nil
            case .full: return .unavailable("\(mailbox.limit) messages already wait to be published")
            case .closed: return .unavailable(whyClosed)
            }
        }
    }

    /// The same for many, which stay together.
    func submit(
        _ messages: [OutgoingMessage], _ completion: @escaping @Sendable (Int, Publisher.Outcome) -> Void
    ) {
        let deadline = newDeadline()
        var jobs: [Job] = []
        jobs.reserveCapacity(messages.count)
        for (index, message) in messages.enumerated() {
            switch MessageLimits.headerSize(of: message, user: user) {
            case .failure(let flaw): completion(index, .refused(flaw.text))
            case .success(let size):
                jobs.append(
                    Job(message, headerSize: size, deadline: deadline, listener: .closure(index, completion)))
            }
        }
        let accepted = mailbox.put(contentsOf: jobs)
        guard accepted < jobs.count else { return }
        let why = mailbox.isClosed ? whyClosed : "\(mailbox.limit) messages already wait to be published"
        for job in jobs[accepted...] { job.complete(.unavailable(why)) }
    }

    private func newDeadline() -> UInt64 {
        Monotonic.after(.seconds(settings.confirmTimeoutSeconds))
    }

    private var whyClosed: String {
        switch board.state {
        case .blocked(let reason): "the broker does not accept messages for now: \(reason)"
        case .stopped: "the publisher has stopped"
        case .connecting, .ready: isStopping ? "the publisher is stopping" : "not connected to the broker"
        }
    }

    var isStopping: Bool { stopAt != nil }

    var stopAt: UInt64? { control.withLock { $0.stopAt } }

    /// Ends the thread: at the latest after `drain` and the time-outs of a connection that is being made.
    func requestStop(drain: Duration) {
        let deadline = Monotonic.after(drain)
        control.withLock { $0.stopAt = min($0.stopAt ?? .max, deadline) }
        mailbox.close()
        // A login need not be waited for; what is sent on an established connection is.
        if board.state == .connecting { cutConnection() }
    }

    /// Notes the socket to be cut, `nil` when there is none.
    func attach(_ socket: SocketHandle?) {
        control.withLock { $0.socket = socket }
        // A stop that came before there was a socket could not cut it.
        if isStopping { socket?.cut() }
    }

    func cutConnection() {
        control.withLock { $0.socket }?.cut()
    }

    /// Makes a C call that the watchdog may have to end.
    func watched<Result>(_ call: () throws(AMQPError) -> Result) throws(AMQPError) -> Result {
        calls.wrappingAdd(1, ordering: .relaxed)
        defer { calls.wrappingAdd(1, ordering: .relaxed) }
        return try call()
    }
}
