import Logging

/// The publisher's thread: connects, serves the connection until it ends, and again, until it is stopped.
struct PublisherLoop {
    private let core: PublisherCore
    private var backoff = Backoff()
    private var random = SystemRandomNumberGenerator()

    init(_ core: PublisherCore) { self.core = core }

    func run() {
        var copy = self
        copy.runUntilStopped()
    }

    private mutating func runUntilStopped() {
        let watchdog = Watchdog(core)
        while !core.isStopping {
            do throws(AMQPError) {
                try serveOneConnection()
            } catch {
                note(error)
            }
            core.attach(nil)
            guard !core.isStopping else { break }
            core.mailbox.wait(backoff.next(using: &random))
        }
        core.mailbox.close()
        core.board.set(.stopped)
        complete(core.mailbox.take(), "the publisher has stopped")
        watchdog.end()
    }

    /// Returns when stopped; throws when the connection could not be made or has ended.
    private mutating func serveOneConnection() throws(AMQPError) {
        let core = core
        let connection = try Connection(core.settings.amqp, onSocket: { core.attach($0) })
        try connection.selectConfirms()
        core.logger.info("publisher connected")
        let session = PublisherSession(core, connection)
        defer {
            if session.hasWorked { backoff.reset() }
        }
        do throws(AMQPError) {
            try session.serve()
            session.finish("the publisher has stopped")
            _ = try? core.watched { () throws(AMQPError) in connection.close() }
        } catch {
            // Callers fail from here on, before those who wait are told: none can slip in between.
            core.board.countReconnect()
            session.finish(error.message)
            connection.abandon()
            throw error
        }
    }

    private func note(_ error: AMQPError) {
        guard !core.isStopping else { return }
        core.logger.warning("publisher not connected", metadata: ["reason": "\(error.message)"])
    }

    private func complete(_ jobs: [Job], _ why: String) {
        for job in jobs { job.complete(.unavailable(why)) }
    }
}
