import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirCore
import WeirLive
import WeirProducer
import WeirTopology

extension LogTail {
    /// The thread's work, until the mailbox is closed.
    func run() {
        var session: Session?
        var backoff = Backoff()
        while !mailbox.isClosed {
            let isWanted = streams.value > 0
            let questions = mailbox.take(upTo: 64, waiting: isWanted ? Self.interval : .seconds(1))
            guard isWanted || !questions.isEmpty else {
                state.withLock { $0.window = nil }
                session?.close()
                session = nil
                continue
            }
            do throws(PostgresError) {
                let open: Session
                if let session { open = session } else { open = try connect() }
                session = open
                try answer(questions, in: open)
                try read(in: open)
                backoff.reset()
            } catch {
                questions.forEach { $0.answerAway() }
                logger.warning("the log cannot be read", metadata: ["reason": "\(error)"])
                session?.close()
                session = nil
                mailbox.wait(backoff.next())
            }
            ring()
        }
        mailbox.take().forEach { $0.answerAway() }
        session?.close()
    }

    private func connect() throws(PostgresError) -> Session {
        let session = try Session(settings)
        try session.execute(script: Queries.lookSessionSettings.text)
        let head = try extent(in: session).end
        state.withLock { state in
            guard let window = state.window, window.end.isAhead(of: head) else { return }
            // Other events would come under the numbers that were seen already.
            state.window = nil
            state.losses += 1
            state.version += 1
        }
        return session
    }

    private func answer(_ questions: [Question], in session: Session) throws(PostgresError) {
        for question in questions {
            switch question {
            case .extent(let answer): answer.finish(.found(try extent(in: session)))
            case .page(let place, let partitions, let answer):
                answer.finish(.found(try entries(after: place, partitions, in: session)))
            }
        }
    }

    /// Reads what is new, until nothing is.
    private func read(in session: Session) throws(PostgresError) {
        guard let end = state.withLock({ $0.window?.end }) else {
            let head = try extent(in: session).end
            return state.withLock {
                $0.window = LogWindow(at: head)
                $0.version += 1
            }
        }
        let new = try entries(after: end, Array(end.seqs.indices), in: session)
        guard !new.isEmpty else { return }
        state.withLock {
            $0.window?.append(new)
            $0.version += 1
        }
        // There may be more: it should not wait for the next interval, but those who ask come first.
        if new.count >= limit(end.seqs.count) { mailbox.wake() }
    }

    private func extent(in session: Session) throws(PostgresError) -> LogExtent {
        let rows = try session.run(Query(Statement(Queries.lookHeads)))
        guard rows.count == partitioning.count else {
            throw PostgresError(
                .away, "the database has \(rows.count) partitions, not \(partitioning.count)")
        }
        return LogExtent(
            begin: LogPosition(seqs: (0..<rows.count).map { rows.int8($0, 1) }),
            end: LogPosition(seqs: (0..<rows.count).map { rows.int8($0, 0) }))
    }

    private func entries(
        after place: LogPosition, _ partitions: [Int], in session: Session
    ) throws(PostgresError) -> [LogEntry] {
        let rows = try session.run(
            Query(
                Statement(Queries.lookEvents),
                [
                    .int2s(partitions.map(Int16.init)), .int8s(partitions.map { place.seqs[$0] }),
                    .int4(Int32(limit(partitions.count))),
                ]))
        return (0..<rows.count).map { LogEntry(rows, $0) }
    }

    /// How many events of each of so many partitions are read at once.
    private func limit(_ partitions: Int) -> Int { max(16, Self.pageSize / max(1, partitions)) }

    /// Wakes those who wait for something that has come, or whose time has come.
    private func ring() {
        let now = monotonicNanoseconds()
        let bells: [Awaited<Void>] = state.withLock { state in
            let isNew = state.version != state.lastRung
            state.lastRung = state.version
            let due = state.waiting.filter { isNew || $0.until <= now }
            state.waiting.removeAll { isNew || $0.until <= now }
            return due.map(\.bell)
        }
        for bell in bells { bell.finish(()) }
    }
}

extension LogTail.Question {
    func answerAway() {
        switch self {
        case .extent(let answer): answer.finish(.away)
        case .page(_, _, let answer): answer.finish(.away)
        }
    }
}
