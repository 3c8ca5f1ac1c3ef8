import Dispatch
import Logging

/// Publishes with confirms: a thread and a connection of its own, a mailbox, an outcome for every message.
///
/// It connects in the background, for ever. Messages go out in the order in which they were accepted, many at
/// a time; each is completed exactly once. Its connection consumes nothing, because a broker alarm stops
/// everything that happens on a connection that publishes.
public final class Publisher: Sendable {
    /// What became of a message.
    public enum Outcome: Sendable, Equatable {
        /// The broker has taken charge of it.
        case confirmed
        /// The broker refused it (`basic.nack`), as a full queue with `reject-publish` does.
        case nacked
        /// It was mandatory and reached no queue (`basic.return`): the broker's code and text, mostly
        /// 312 `NO_ROUTE`.
        case returned(code: Int, text: String)
        /// Not connected, blocked by an alarm, mailbox full, stopping: it was not sent. Or the connection was
        /// lost before the confirm: its fate is unknown.
        case unavailable(String)
        /// No confirm in time: its fate is unknown.
        case timedOut
        /// Nobody can ever publish this message, for example because a property has more than 255 bytes.
        case refused(String)
    }

    /// How a publisher works.
    public struct Settings: Sendable {
        /// Its broker.
        public var amqp: AMQPSettings
        /// The most unconfirmed messages on the wire, at least 1. Throughput needs hundreds.
        public var window = 2048
        /// The most messages that wait to be sent; further ones are `.unavailable` at once.
        public var mailboxLimit = 50_000
        /// Seconds from `publish` until a message without a confirm is `.timedOut`.
        public var confirmTimeoutSeconds = 10
        /// Seconds in one C call until the connection is cut: a broker in alarm may stop reading for hours.
        public var stallLimitSeconds = 5

        /// Settings with the default limits.
        public init(amqp: AMQPSettings) { self.amqp = amqp }
    }

    private let core: PublisherCore
    private let thread: DedicatedThread

    /// Starts the thread, which connects; returns at once. See `waitUntilReady`.
    public init(settings: Settings, logger: Logger) {
        let core = PublisherCore(settings: settings, logger: logger)
        self.core = core
        thread = DedicatedThread(name: "amqp-publisher") { PublisherLoop(core).run() }
    }

    deinit { core.requestStop(drain: .zero) }

    /// Publishes one message and waits for its outcome.
    ///
    /// It comes within `confirmTimeoutSeconds`, or `stallLimitSeconds` later if the broker has stopped
    /// reading. A cancelled task gets `.unavailable` at once; its message is not sent if it still can be held
    /// back.
    public func publish(_ message: OutgoingMessage) async -> Outcome {
        let result = OneShot<Outcome>()
        if let known = core.submit(message, .task(result)) { return known }
        return await result.value(
            ifCancelled: .unavailable("the waiting task was cancelled; the message may still be published"))
    }

    /// Publishes messages one behind the other; `completion` is called once for each, with its index.
    ///
    /// On the publisher's thread, in which it must not wait for anything. Only what is not accepted at all
    /// (`.refused`, `.unavailable`) is reported on the caller's thread, before this returns.
    public func publish(_ messages: [OutgoingMessage], completion: @escaping @Sendable (Int, Outcome) -> Void)
    {
        core.submit(messages, completion)
    }

    /// Publishes one message and blocks the thread until its outcome. Never from a task or a completion.
    public func publishAndWait(_ message: OutgoingMessage) -> Outcome {
        let result = OneShot<Outcome>()
        if let known = core.submit(message, .task(result)) { return known }
        return result.blockingValue()
    }

    /// What it can do at the moment.
    public var state: State { core.board.state }

    /// How often it has lost its connection.
    public var reconnects: Int { core.board.reconnects }

    /// How many messages wait to be sent.
    public var backlog: Int { core.mailbox.count }

    /// Blocks until it is ready; false when the time is over or it was stopped.
    @available(*, noasync, message: "this blocks the thread; a task uses the asynchronous one")
    public func waitUntilReady(timeout: Duration) -> Bool {
        let result = OneShot<Bool>()
        let waiter = core.board.whenReady { result.finish($0) }
        defer { core.board.forget(waiter) }
        return result.blockingValue(timeout: timeout) ?? false
    }

    /// Waits until it is ready; false when the time is over, it was stopped or the task is cancelled.
    public func waitUntilReady(timeout: Duration) async -> Bool {
        let result = OneShot<Bool>()
        let waiter = core.board.whenReady { result.finish($0) }
        defer { core.board.forget(waiter) }
        let alarm = Task {
            try? await Task.sleep(for: timeout)
            result.finish(false)
        }
        defer { alarm.cancel() }
        return await result.value(ifCancelled: false)
    }

    /// Accepts nothing more, waits for what was accepted at most `drain`, completes the rest `.unavailable`,
    /// closes the connection and joins the thread. Blocks; can be called again, from any thread.
    public func stop(drain: Duration) {
        core.requestStop(drain: drain)
        thread.join()
    }

    /// Shuts the socket down as a failing network would (for fault tests); it reconnects.
    public func cutConnection() { core.cutConnection() }
}
