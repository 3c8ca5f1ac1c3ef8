import Logging
import Synchronization

/// A thread that connects to a server, serves until the connection ends, pauses, and begins again, until it is
/// stopped.
package final class ReconnectingThread: Sendable {
    private let name: String
    /// What a failure means to a person who reads the log.
    private let complaint: Logger.Message
    private let logger: Logger
    private let connected = Atomic(false)
    private let connections = Atomic(0)
    private let stopping = Atomic(false)
    private let bell: Mailbox<Never>
    private let thread = Mutex<DedicatedThread?>(nil)

    /// - Parameters:
    ///   - name: the thread's, for the debugger.
    ///   - complaint: what is logged, with the reason, when it cannot connect or its connection has ended.
    ///   - bell: what wakes it out of a pause, and is closed by ``stop()``; for somebody who sleeps on it himself.
    package init(
        name: String, complaint: Logger.Message, bell: Mailbox<Never> = Mailbox(), logger: Logger
    ) {
        self.name = name
        self.complaint = complaint
        self.bell = bell
        self.logger = logger
    }

    /// Whether it has said ``noteConnected()`` and its connection has not ended since.
    package var isConnected: Bool { connected.load(ordering: .acquiring) }

    /// Whether `serve` should return.
    package var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// Starts the thread.
    ///
    /// - Parameter serve: connects, says ``noteConnected()``, works until ``isStopping``, and closes what it has
    ///   opened; throws when the connection could not be made or has ended.
    package func start(_ serve: @escaping @Sendable () throws -> Void) {
        thread.withLock { $0 = DedicatedThread(name: name) { self.run(serve) } }
    }

    /// For `serve`, when it is connected: failures before are forgotten.
    package func noteConnected() {
        connections.wrappingAdd(1, ordering: .relaxed)
        connected.store(true, ordering: .releasing)
    }

    /// How often its connection was lost and made again.
    package var reconnects: Int { max(0, connections.load(ordering: .relaxed) - 1) }

    /// Makes `serve` stop, without waiting for it.
    package func requestStop() {
        stopping.store(true, ordering: .releasing)
        bell.close()
    }

    /// Ends the thread and waits for it: as long as `serve` takes to notice, or a login takes.
    package func stop() {
        requestStop()
        thread.withLock { $0 }?.join()
    }

    private func run(_ serve: () throws -> Void) {
        var backoff = Backoff()
        while !isStopping {
            do {
                try serve()
                connected.store(false, ordering: .releasing)
            } catch {
                if connected.exchange(false, ordering: .acquiringAndReleasing) { backoff.reset() }
                guard !isStopping else { break }
                logger.warning(complaint, metadata: ["reason": "\(error)"])
                bell.wait(backoff.next())
            }
        }
    }
}
