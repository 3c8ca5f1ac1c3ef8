import AMQPClient
import Logging

/// The sold-out gate with the two threads that keep it: one hears events, one reads rows.
final class GateKeeper: Sendable {
    let gate: SoldOutGate
    let listener: GateListener
    private let reader: GateReader

    init(_ settings: IngressSettings, logger: Logger) {
        let bell = Mailbox<Never>()
        gate = SoldOutGate { bell.wake() }
        listener = GateListener(gate, settings, logger: logger)
        reader = GateReader(gate, settings, bell: bell, logger: logger)
    }

    func start() {
        reader.start()
        listener.start()
    }

    /// Ends both threads and waits for them. Blocks as long as a query or a login takes.
    func stop() {
        listener.stop()
        reader.stop()
    }
}
