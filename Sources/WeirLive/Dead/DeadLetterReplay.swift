import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirCore
import WeirTopology
import WeirWire

/// One run that sends dead letters again, the oldest first, each to its SKU's own partition under its own token.
///
/// A letter is marked only after the broker's confirm; what is interrupted in between is sent again by the next run,
/// which its token makes safe. A letter that comes back lies behind the run's place and is not sent again by it.
public final class DeadLetterReplay: Sendable {
    /// How far a run has come.
    public struct Progress: Sendable, Hashable {
        /// The run's number; 0 before it has one.
        public var id: Int64 = 0
        /// How many letters it is about.
        public var total = 0
        /// How many were looked at.
        public var done = 0
        /// How many the broker took.
        public var published = 0
        /// What it waits for, when it does not get on.
        public var trouble: String?
    }

    /// What to do.
    public enum Work: Sendable {
        /// A new run.
        case begin(ReplayOrder)
        /// A run that was stopped, from where it stopped.
        case resume(Int64)
    }

    static let batch = 100

    let databaseURL: String
    let amqpURL: String
    let logger: Logger
    let stopSignal = StopSignal()
    private let state = Mutex(Progress())
    private let onBegin: @Sendable (Int64) -> Void

    /// A run that does nothing yet; `onBegin` is called once it has its number.
    public init(
        databaseURL: String, amqpURL: String, logger: Logger,
        onBegin: @escaping @Sendable (Int64) -> Void = { _ in }
    ) {
        self.databaseURL = databaseURL
        self.amqpURL = amqpURL
        self.logger = logger
        self.onBegin = onBegin
    }

    /// How far it has come.
    public var progress: Progress { state.withLock { $0 } }

    /// Asks it to stop: what is on its way is still confirmed and marked.
    public func stop() { stopSignal.stop() }

    /// Does the work and returns where the run stands then. Blocks, on a `DedicatedThread`.
    public func perform(_ work: Work) throws -> ReplayView {
        let book = try ReplayLedger(databaseURL: databaseURL)
        defer { book.close() }
        let id: Int64
        switch work {
        case .begin(let order): id = try book.begin(order)
        case .resume(let known): id = known
        }
        guard let before = try book.run(id) else {
            throw DeadLetterError(.missing, "there is no replay \(id); `weir dead replays` lists them")
        }
        guard try book.take(id) else { throw DeadLetterError(.state, "replay \(id) is running already") }
        guard before.state != .done else { throw DeadLetterError(.state, "replay \(id) is done") }
        if case .resume = work { try book.reopen(id) }
        update {
            $0.id = id
            $0.total = before.total
            $0.done = before.published + before.skipped
            $0.published = before.published
        }
        onBegin(id)
        do {
            if before.isDryRun {
                try predict(before, book)
            } else {
                var run = try ReplayRun(self, before, book)
                try run.go()
            }
        } catch {
            let (done, findings) = place.withLock { $0 ?? (before.doneID, before.findings) }
            _ = try? book.note(
                id, done: done, published: progress.published, findings: findings, ended: true,
                trouble: "\(error)")
            throw error
        }
        guard let after = try book.run(id) else { throw DeadLetterError(.missing, "replay \(id) is gone") }
        return after
    }

    // MARK: For the run

    private let place = Mutex<(id: Int64, findings: ReplayFindings)?>(nil)

    func update(_ change: (inout Progress) -> Void) { state.withLock { change(&$0) } }

    func remember(_ id: Int64, _ findings: ReplayFindings) { place.withLock { $0 = (id, findings) } }
}

/// The state of a run that publishes, on its thread.
struct ReplayRun {
    private let replay: DeadLetterReplay
    private let order: ReplayView
    private let book: ReplayLedger
    private let shelf: DeadLetterShelf
    private let filter: DeadLetterFilter
    private let publisher: Publisher
    /// When the next letter may go.
    private var due = ContinuousClock.now
    private var findings: ReplayFindings
    private var published: Int
    private var after: Int64

    init(_ replay: DeadLetterReplay, _ order: ReplayView, _ book: ReplayLedger) throws {
        self.replay = replay
        self.order = order
        self.book = book
        shelf = try DeadLetterShelf(book.session)
        filter = try DeadLetterFilter(json: order.filter)
        findings = order.findings
        published = order.published
        after = order.doneID
        publisher = Publisher(
            settings: .init(amqp: AMQPSettings(url: replay.amqpURL, connectionName: "weir replay")),
            logger: replay.logger)
    }

    mutating func go() throws {
        defer { publisher.stop(drain: .zero) }
        guard publisher.waitUntilReady(timeout: .seconds(10)) else {
            // The connection of its own says why.
            let probe = try Connection(AMQPSettings(url: replay.amqpURL, connectionName: "weir replay"))
            probe.close()
            throw AMQPError(.away, "the broker does not accept messages")
        }
        var left = order.total - order.published - order.skipped
        var wasStopped = false
        while left > 0, !wasStopped {
            let size =
                order.rate.map { max(1, min(DeadLetterReplay.batch, Int($0))) } ?? DeadLetterReplay.batch
            let taken = try book.takeLetters(filter, after: after, upTo: order.lastID, limit: min(size, left))
            guard let last = taken.all.last else { break }
            let isWhole = try send(taken.mine)
            try book.giveBack(taken.mine)
            if isWhole {
                findings.note(.elsewhere, taken.all.count - taken.mine.count)
                after = last
                left -= taken.all.count
                replay.update {
                    $0.done += taken.all.count
                    $0.published = published
                }
            }
            replay.remember(after, findings)
            wasStopped =
                try book.note(order.id, done: after, published: published, findings: findings)
                || replay.stopSignal.isStopping
        }
        if wasStopped, left > 0 { _ = try book.askToStop(order.id) }
        _ = try book.note(order.id, done: after, published: published, findings: findings, ended: true)
    }

    /// Sends letters that are ours and marks what the broker confirmed; false when it was stopped in between, and
    /// some of them have to be looked at again.
    private mutating func send(_ ids: [Int64]) throws -> Bool {
        guard !ids.isEmpty else { return true }
        var filter = DeadLetterFilter(ids: ids)
        filter.state = .open
        var parcels: [Parcel] = []
        var skipped = ReplayFindings()
        // A prune may have begun meanwhile.
        let horizon = order.asNew ? nil : try book.horizon()
        for letter in try shelf.list(filter, limit: ids.count, bodies: true) {
            if let horizon, letter.firstSeen < horizon {
                skipped.note(.tooOld)
                continue
            }
            do throws(WireRefusal) {
                let command = try letter.command()
                let key = ReplayKey.random()
                parcels.append(
                    Parcel(
                        id: letter.id, key: key,
                        message: letter.message(command, key: key, of: book.partitioning)))
            } catch {
                skipped.note(.unreadable)
            }
        }
        if !parcels.isEmpty {
            try book.noteSending(parcels.map { ($0.id, $0.key) }, order.id, order.signature)
            let confirmed = try publish(&parcels)
            if !confirmed.isEmpty { try book.mark(confirmed) }
            published += confirmed.count
            findings.note(.published, confirmed.count)
        }
        guard parcels.isEmpty else { return false }
        // Letters that are looked at again are counted then.
        findings.add(skipped)
        return true
    }

    private struct Parcel {
        let id: Int64
        let key: String
        let message: OutgoingMessage
        var attempts = 0
    }

    /// Publishes at the chosen rate, again and again what the broker did not take, until all are confirmed or somebody
    /// wants to stop; leaves what is neither confirmed nor given up.
    private mutating func publish(_ parcels: inout [Parcel]) throws -> [String] {
        var confirmed: [String] = []
        while !parcels.isEmpty, !replay.stopSignal.isStopping {
            let outcomes = publishOnce(parcels)
            var rest: [Parcel] = []
            var trouble: String?
            for (position, parcel) in parcels.enumerated() {
                switch outcomes[position] {
                case .confirmed: confirmed.append(parcel.key)
                case nil: rest.append(parcel)
                case .nacked?:
                    trouble = "the partition's queue is full"
                    rest.append(parcel)
                case .unavailable(let reason)?, .refused(let reason)?:
                    trouble = reason
                    rest.append(parcel)
                case .timedOut?:
                    trouble = "the broker did not confirm in time"
                    rest.append(parcel)
                case .returned(let code, let text)?:
                    // What the others' confirms say must not be lost with this error.
                    if !confirmed.isEmpty { try book.mark(confirmed) }
                    throw DeadLetterError(
                        .broker,
                        "the broker has no queue for a letter (\(code) \(text)); run `weir topology apply`")
                }
            }
            replay.update { $0.trouble = trouble }
            parcels = rest.compactMap { parcel in
                var again = parcel
                again.attempts += 1
                return again
            }
            if let patient = parcels.map(\.attempts).max(), patient >= 120 {
                if !confirmed.isEmpty { try book.mark(confirmed) }
                throw AMQPError(.away, "the broker did not take a letter: \(trouble ?? "no confirm")")
            }
            if trouble != nil {
                replay.stopSignal.wait(.milliseconds(500))
                // Keeps the session, and with it the letters, while the broker is away.
                _ = try book.session.run([])
            }
        }
        return confirmed
    }

    /// One attempt at each, one behind the other; nil for those that a stop came before.
    private mutating func publishOnce(_ parcels: [Parcel]) -> [Publisher.Outcome?] {
        let ledger = OutcomeLedger(parcels.count)
        for (position, parcel) in parcels.enumerated() {
            if let rate = order.rate {
                if due > .now { replay.stopSignal.wait(due - .now) }
                // What a stop of the broker has held up is not sent in a burst afterwards.
                due = max(due, .now) + .seconds(1 / rate)
            }
            if replay.stopSignal.isStopping {
                ledger.skip(from: position)
                break
            }
            publisher.publish([parcel.message]) { _, outcome in ledger.note(position, outcome) }
        }
        return ledger.wait()
    }
}

/// Collects the outcomes of messages, on whichever thread they come, for the thread that waits for all of them.
final class OutcomeLedger: Sendable {
    private let outcomes: Mutex<[Publisher.Outcome?]>
    private let missing: Mutex<Int>
    private let bell = Mailbox<Never>()

    init(_ count: Int) {
        outcomes = Mutex(Array(repeating: nil, count: count))
        missing = Mutex(count)
    }

    func note(_ position: Int, _ outcome: Publisher.Outcome) {
        outcomes.withLock { $0[position] = outcome }
        countDown(1)
    }

    /// Nothing will come for these.
    func skip(from position: Int) { countDown(outcomes.withLock { $0.count } - position) }

    /// Waits until everything has come; the publisher completes each message by a deadline.
    func wait() -> [Publisher.Outcome?] {
        while missing.withLock({ $0 }) > 0 { bell.wait(.seconds(1)) }
        return outcomes.withLock { $0 }
    }

    private func countDown(_ count: Int) {
        let isComplete = missing.withLock { missing in
            missing -= count
            return missing <= 0
        }
        if isComplete { bell.wake() }
    }
}
