import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

extension DeadLetterReplay {
    /// Says what would become of letters: reads one moment of the database, decides with the core, writes nothing.
    func predict(_ order: ReplayView, _ book: ReplayLedger) throws {
        let filter = try DeadLetterFilter(json: order.filter)
        let horizon = order.asNew ? nil : try book.horizon()
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "weir replay --dry-run"))
        defer { session.close() }
        let shelf = try DeadLetterShelf(session)
        try session.execute(script: Queries.auditSnapshot.text)
        var forecast = Forecast(session, book.partitioning)
        var (after, left) = (Int64(0), order.total)
        while left > 0, !stopSignal.isStopping {
            let letters = try shelf.list(
                filter, after: after, upTo: order.lastID, limit: min(Self.batch, left), bodies: true)
            guard let last = letters.last else { break }
            try forecast.add(letters, olderThan: horizon)
            after = last.id
            left -= letters.count
            update { $0.done += letters.count }
            if try book.note(order.id, done: after, published: 0, findings: forecast.findings) { break }
        }
        if left > 0, stopSignal.isStopping { _ = try book.askToStop(order.id) }
        try forecast.decide()
        try session.execute(script: Queries.auditEnd.text)
        _ = try book.note(order.id, done: after, published: 0, findings: forecast.findings, ended: true)
    }
}

/// What the core says to letters: each partition's decided as one batch, so that each letter sees what the ones before
/// it would have taken. It holds the commands and what they touch in memory, and no bodies.
private struct Forecast {
    private(set) var findings = ReplayFindings()
    private let stores: [LivePartitionStore]
    private let partitioning: Partitioning
    private var commands: [[Command]]
    private var snapshots: [Snapshot?]

    init(_ session: Session, _ partitioning: Partitioning) {
        self.partitioning = partitioning
        stores = (0..<partitioning.count).map { LivePartitionStore(reading: session, partition: $0) }
        commands = Array(repeating: [], count: partitioning.count)
        snapshots = Array(repeating: nil, count: partitioning.count)
    }

    /// Reads letters and what is known of what they name.
    mutating func add(_ letters: [DeadLetterView], olderThan horizon: Timestamp?) throws {
        var fresh: [Int: [Command]] = [:]
        for letter in letters {
            if let horizon, letter.firstSeen < horizon {
                findings.note(.tooOld)
                continue
            }
            do throws(WireRefusal) {
                let command = try letter.command()
                fresh[letter.home(of: command, in: partitioning), default: []].append(command)
            } catch {
                findings.note(.unreadable)
            }
        }
        for (partition, batch) in fresh {
            commands[partition] += batch
            var read = try stores[partition].read(
                SnapshotRequest(toForecast: batch, in: partition, of: partitioning))
            read.orders.partition = partition
            read.orders.partitioning = partitioning
            guard var snapshot = snapshots[partition] else {
                snapshots[partition] = read
                continue
            }
            snapshot.stocks.merge(read.stocks) { $1 }
            snapshot.intents.merge(read.intents) { $1 }
            snapshot.results.merge(read.results) { $1 }
            snapshot.buyerUnits.merge(read.buyerUnits) { $1 }
            snapshot.orders.rows.merge(read.orders.rows) { $1 }
            snapshot.orders.parts.merge(read.orders.parts) { $1 }
            snapshots[partition] = snapshot
        }
    }

    /// Decides everything that was added.
    mutating func decide() throws {
        for partition in stores.indices {
            guard var snapshot = snapshots[partition] else { continue }
            let decision = try forecast(commands[partition], &snapshot, stores[partition])
            var outcomes: [Happening?] = Array(repeating: nil, count: commands[partition].count)
            for event in decision.events {
                if let cause = event.cause { outcomes[cause] = event.happening }
            }
            for happening in outcomes { if let happening { findings.note(.init(happening)) } }
        }
    }
}

extension ReplayFindings.Finding {
    /// What became of a command, as one word.
    fileprivate init(_ happening: Happening) {
        switch happening {
        case .intent(let intent, nil, _):
            self.init(intent.reason?.rawValue ?? intent.state.rawValue)
        case .intent(let intent, .some, _): self.init(intent.state.rawValue)
        case .shortfall: self.init("refused_shortfall")
        case .conflict: self = .conflict
        case .extended: self.init("extended")
        case .returned: self.init("returned")
        case .defined: self.init("defined")
        case .adjusted: self.init("adjusted")
        case .crossed(let crossing, _): self.init(crossing.rawValue)
        case .answered(let kind, _, _, let result): self.init(kind, result)
        case .order(let told): self.init(told)
        }
    }

    private init(_ told: OrderHappening) {
        switch told {
        case .state(let order, _): self.init(order.reason?.rawValue ?? order.state.rawValue)
        case .shortfall: self.init("refused_shortfall")
        case .conflict: self = .conflict
        case .answered(let kind, _, _, let result): self.init(kind, result)
        case .part, .inquired, .told: self = .known
        }
    }

    private init(_ kind: CommandKind, _ result: CommandResult) {
        switch result.verdict {
        case .done: self = .known
        case .unchanged:
            self =
                [.submit, .discard, .submitOrder, .discardOrder].contains(kind) ? .known : .init("unchanged")
        case .refused(let refusal): self.init("refused_\(refusal.rawValue)")
        }
    }
}
