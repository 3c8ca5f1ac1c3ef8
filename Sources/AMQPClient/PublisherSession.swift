import CRabbitMQ
import Glibc
import Logging

/// One connection's life as a publisher: drains the mailbox into it and the confirms out of it.
final class PublisherSession {
    /// Messages between two looks at the socket, so that a returned or refused one is noticed early.
    private static let burst = 256

    /// The longest sleep: heartbeats are sent and missed only inside calls.
    private static let longestSleep: UInt64 = 1_000_000_000

    /// The longest sleep while the mailbox is not polled, because there is no room for what is inside.
    private static let sleepWhenFull: UInt64 = 200_000_000

    private let core: PublisherCore
    private let connection: Connection
    private var outstanding = Outstanding()
    private var refusals = Refusals()
    private var isBlocked = false

    /// Whether the broker has confirmed anything on this connection.
    private(set) var hasWorked = false

    init(_ core: PublisherCore, _ connection: Connection) {
        self.core = core
        self.connection = connection
    }

    /// Serves until the publisher is stopped and drained; throws when the connection has ended.
    func serve() throws(AMQPError) {
        open()
        while true {
            let sent = try sendBurst()
            let heard = try hearAll()
            let now = Monotonic.now()
            expire(now)
            if let route = refusals.hopeless(at: now, isBusy: outstanding.count > 0) {
                throw AMQPError(
                    .away, "the broker refuses everything for \(route); a new connection asks anew")
            }
            if let stopAt = core.stopAt {
                let isDrained = outstanding.count == 0 && core.mailbox.count == 0
                guard !isDrained, now < stopAt else { return }
            }
            if !sent && !heard { sleep(now) }
        }
    }

    /// Fails new messages from now on and completes all that are here.
    func finish(_ why: String) {
        core.mailbox.close()
        core.board.set(.connecting)
        for job in outstanding.removeAll() {
            job.complete(.unavailable("no confirm, it may have arrived: \(why)"))
        }
        for job in core.mailbox.take() { job.complete(.unavailable("not sent: \(why)")) }
    }

    private var room: Int { isBlocked ? 0 : max(1, core.settings.window) - outstanding.count }

    private func open() {
        core.mailbox.reopen()
        // A stop that came in between has closed it for good.
        if core.isStopping { core.mailbox.close() }
        core.board.set(.ready)
    }

    /// Lays out what waits and writes it together.
    private func sendBurst() throws(AMQPError) -> Bool {
        let room = min(room, Self.burst)
        guard room > 0 else { return false }
        let jobs = core.mailbox.take(upTo: room)
        for (index, job) in jobs.enumerated() where !job.isAbandoned {
            do throws(AMQPError) {
                let connection = connection
                try core.watched { () throws(AMQPError) in
                    try connection.send(job.message, headerSize: job.headerSize)
                }
                outstanding.append(job)
            } catch {
                guard connection.endedBecause != nil else {
                    job.complete(.refused(error.message))
                    continue
                }
                for unsent in jobs[index...] { outstanding.append(unsent) }
                throw error
            }
        }
        let connection = connection
        try core.watched { () throws(AMQPError) in try connection.flush() }
        return !jobs.isEmpty
    }

    private func hearAll() throws(AMQPError) -> Bool {
        let connection = connection
        var heard = false
        while let event = try core.watched({ () throws(AMQPError) in try connection.nextEvent(until: 0) }) {
            heard = true
            switch event {
            case .confirm(let tag, let multiple, let positive):
                hasWorked = true
                let now = positive ? 0 : Monotonic.now()
                for job in try outstanding.confirm(tag, multiple: multiple) {
                    refusals.note(job.message, isConfirmed: positive, at: now)
                    job.complete(positive ? .confirmed : .nacked)
                }
            case .returned(let message):
                guard let job = outstanding.returned(message) else {
                    // It may have timed out before. If none has, one of those that wait did not arrive and we
                    // cannot say which: none may count as confirmed.
                    if outstanding.hasExpired { continue }
                    throw AMQPError(.protocolViolation, "the broker returned a message that nobody waits for")
                }
                job.complete(.returned(code: message.code, text: message.text))
            case .alarmChanged: noteAlarm()
            case .delivery:
                throw AMQPError(.protocolViolation, "the broker sent a delivery that nobody asked for")
            }
        }
        return heard
    }

    private func noteAlarm() {
        if let reason = connection.blockedReason {
            guard !isBlocked else { return }
            isBlocked = true
            core.mailbox.close()
            core.board.set(.blocked(reason))
            core.logger.warning("the broker has blocked the publisher", metadata: ["reason": "\(reason)"])
            for job in core.mailbox.take() {
                job.complete(.unavailable("the broker does not accept messages for now: \(reason)"))
            }
        } else if isBlocked {
            isBlocked = false
            core.logger.info("the broker accepts messages again")
            open()
        }
    }

    /// Completes what has waited too long, on the wire or for its turn.
    private func expire(_ now: UInt64) {
        for job in outstanding.expire(now) { job.complete(.timedOut) }
        guard room == 0 else { return }
        for job in core.mailbox.take(while: { $0.deadline <= now }) { job.complete(.timedOut) }
    }

    /// Sleeps until the broker says something, there is something to send, or something is due.
    private func sleep(_ now: UInt64) {
        guard !connection.hasInput else { return }
        let hasRoom = room > 0 || isBlocked
        var until = min(now + (hasRoom ? Self.longestSleep : Self.sleepWhenFull), outstanding.nextDeadline)
        if let stopAt = core.stopAt { until = min(until, stopAt) }
        var descriptors = [
            pollfd(fd: connection.fileDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: core.mailbox.fileDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        poll(&descriptors, hasRoom ? 2 : 1, Monotonic.milliseconds(until: until, now: now))
        // A close while nothing could be taken leaves the descriptor readable: do not spin on it.
        if isBlocked { _ = core.mailbox.take(upTo: 0) }
    }
}
