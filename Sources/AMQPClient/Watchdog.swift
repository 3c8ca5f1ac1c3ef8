import Synchronization

/// Cuts the publisher's connection when its thread has been inside one C call for too long.
///
/// A broker in alarm stops reading; a write then waits for room in the socket without a
/// time-out, and neither heartbeats nor the call time-out help. Shutting the socket down does.
final class Watchdog: Sendable {
    private let stop = Mailbox<Never>()
    private let thread: DedicatedThread

    init(_ core: PublisherCore) {
        let stop = stop
        thread = DedicatedThread(name: "amqp-watchdog", stackSize: 256 << 10) {
            Self.watch(core, until: stop)
        }
    }

    func end() {
        stop.close()
        thread.join()
    }

    private static func watch(_ core: PublisherCore, until stop: Mailbox<Never>) {
        let limit = Duration.seconds(core.settings.stallLimitSeconds).clampedNanoseconds
        var seen: UInt64 = 0
        var since = Monotonic.now()
        while !stop.isClosed {
            stop.wait(.milliseconds(250))
            let call = core.calls.load(ordering: .relaxed)
            let now = Monotonic.now()
            guard call == seen, call % 2 == 1 else {
                seen = call
                since = now
                continue
            }
            guard now - since >= limit else { continue }
            core.logger.warning("the broker has stopped reading: cutting the connection")
            core.cutConnection()
            since = now
        }
    }
}
