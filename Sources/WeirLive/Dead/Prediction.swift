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
            remember(after, forecast.findings)
            if try book.note(order.id, done: after, published: 0, findings: forecast.findings) { break }
        }
        if left > 0, stopSignal.isStopping { _ = try book.askToStop(order.id) }
        try session.execute(script: Queries.auditEnd.text)
        _ = try book.note(order.id, done: after, published: 0, findings: forecast.findings, ended: true)
    }
}

/// What the core says to letters, one batch after the other, each as the ones before have left things.
private struct Forecast {
    private(set) var findings = ReplayFindings()
    private let stores: [LivePartitionStore]
    private let partitioning: Partitioning
    private var stocks: [SKU: Stock] = [:]
    private var intents: [Token: Intent] = [:]
    private var results: [CommandID: StoredResult] = [:]

    init(_ session: Session, _ partitioning: Partitioning) {
        self.partitioning = partitioning
        stores = (0..<partitioning.count).map { LivePartitionStore(reading: session, partition: $0) }
    }

    mutating func add(_ letters: [DeadLetterView], olderThan horizon: Timestamp?) throws {
        var commands: [Int: [Command]] = [:]
        for letter in letters {
            if let horizon, letter.firstSeen < horizon {
                findings.note(.tooOld)
                continue
            }
            do throws(WireRefusal) {
                let command = try letter.command()
                commands[partitioning.partition(of: command.sku), default: []].append(command)
            } catch {
                findings.note(.unreadable)
            }
        }
        for (partition, batch) in commands.sorted(by: { $0.key < $1.key }) {
            try decide(batch, stores[partition])
        }
    }

    private mutating func decide(_ commands: [Command], _ store: LivePartitionStore) throws {
        var snapshot = try store.read(SnapshotRequest(for: commands, dueUntil: nil))
        snapshot.stocks.merge(stocks) { _, later in later }
        snapshot.intents.merge(intents) { _, later in later }
        snapshot.results.merge(results) { _, later in later }
        let decision = WeirCore.decide(commands, in: snapshot)
        for change in decision.stocks { stocks[change.after.sku] = change.after }
        for intent in decision.decided + decision.changed.map(\.after) { intents[intent.token] = intent }
        for result in decision.results { results[result.id] = result }
        var first: [Int: Happening] = [:]
        for event in decision.events {
            if let cause = event.cause, first[cause] == nil { first[cause] = event.happening }
        }
        for position in commands.indices {
            if let happening = first[position] { findings.note(.init(happening)) }
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
        case .defined: self.init("defined")
        case .adjusted: self.init("adjusted")
        case .answered(let kind, _, _, let result):
            switch result.verdict {
            case .done: self = .known
            case .unchanged: self = kind == .submit || kind == .discard ? .known : .init("unchanged")
            case .refused(let refusal): self.init("refused_\(refusal.rawValue)")
            }
        }
    }
}
