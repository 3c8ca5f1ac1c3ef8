import AMQPClient

/// Asks a thread to stop, and lets it wait for that.
public final class StopSignal: Sendable {
    private let mailbox = Mailbox<Never>()

    /// A signal that was not given yet.
    public init() {}

    /// Asks.
    public func stop() { mailbox.close() }

    /// Whether it was asked.
    public var isStopping: Bool { mailbox.isClosed }

    /// Waits, but no longer than until it is asked.
    public func wait(_ duration: Duration) {
        guard !isStopping else { return }
        mailbox.wait(duration)
    }
}
