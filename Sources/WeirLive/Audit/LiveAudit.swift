import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

/// Checks on a live database what the database can show of the promises, in bounded memory.
///
/// One read-only transaction sees one moment, so that a moving target is not taken for a broken promise. First it looks
/// whether everything is as it should be, as fast as it can (``QuickAudit``). Only where something does not follow, the
/// database sorts (on disk where it must), and the audit walks: per SKU, then per token, only one at a time.
public struct LiveAudit {
    private let settings: SessionSettings
    private static let batch = 5_000

    /// An audit of this database.
    public init(databaseURL: String) {
        var settings = SessionSettings(url: databaseURL, applicationName: "weir audit")
        settings.statementTimeoutSeconds = 0
        settings.idleInTransactionTimeoutSeconds = 0
        settings.answerTimeoutSeconds = 3600
        self.settings = settings
    }

    /// Walks through the database; throws when it cannot be read.
    ///
    /// - Parameter thoroughly: goes the long way at once, which otherwise is for a database in which something does not
    ///   follow.
    public func run(thoroughly: Bool = false) throws -> AuditReport {
        try inSnapshot { session, partitioning, checkpoints in
            if !thoroughly {
                var quick = QuickAudit(session, self)
                do { return try quick.run(partitioning, checkpoints) } catch is QuickAudit.Doubt {}
            }
            return try walk(session, partitioning, checkpoints)
        }
    }

    /// Looks at one moment.
    func inSnapshot<Result>(_ look: (Session, Partitioning, Checkpoints) throws -> Result) throws -> Result {
        let session = try Session(settings)
        defer { session.close() }
        let partitioning = try Installation.read(session).partitioning
        try session.execute(script: Queries.auditSnapshot.text)
        let result = try look(session, partitioning, try Checkpoints(session))
        try session.execute(script: Queries.auditEnd.text)
        return result
    }

    func walk(
        _ session: Session, _ partitioning: Partitioning, _ checkpoints: Checkpoints
    ) throws -> AuditReport {
        var report = AuditReport()
        try checkNumbering(session, &report)
        try walkSKUs(session, partitioning, &report)
        try checkClaims(session, &report)
        try checkBuyers(session, &report)
        try walkIntents(session, checkpoints, &report)
        try walkOrders(session, &report)
        try checkLines(session, partitioning, &report)
        return report
    }

    private func checkNumbering(_ session: Session, _ report: inout AuditReport) throws {
        let rows = try session.run(Query(Queries.auditNumbering))
        for row in 0..<rows.count {
            let head = rows.int(row, 1)
            let (count, first, last) = (rows.int(row, 3), rows.int(row, 4), rows.int(row, 5))
            let pruned = rows.int(row, 6)
            let isWhole =
                count == head - pruned && (head == pruned || (first == pruned + 1 && last == head))
            report.numbering.note(
                isWhole
                    ? nil
                    : "partition \(rows.int(row, 0)) has \(count) events from \(first) to \(last), its head is \(head)"
                        + (pruned == 0 ? "" : ", and it is pruned up to \(pruned)"))
        }
    }

    private func walkSKUs(
        _ session: Session, _ partitioning: Partitioning, _ report: inout AuditReport
    ) throws {
        let tells = try session.run(Query(Queries.auditThresholds)).bool(0, 0)
        var walk = Walk<StockTrail> { StockTrail(requiresCrossings: tells) }
        try session.stream(Query(Queries.auditSkus), batch: Self.batch) { rows in
            for row in 0..<rows.count {
                let name = rows.text(row, 0)
                if let trail = walk.begin(name) { report.log.noteProblem(trail.key, trail.state.finish(nil)) }
                let sku = SKU(unchecked: name)
                if partitioning.partition(of: sku) != rows.int(row, 2) {
                    report.log.noteProblem(
                        name, "it stands in partition \(rows.int(row, 2)), where it does not live")
                }
                switch rows.int(row, 1) {
                case 0: walk.state = try Checkpoints.trail(of: sku, session, requiresCrossings: tells)
                case 2:
                    let stock = Stock(sku, rows, row, from: 6)
                    report.stock.note(Self.problem(of: stock, Sums(rows, row, from: 27)))
                    if let problem = walk.state.finish(stock) { report.log.noteProblem(name, problem) }
                    walk.end()
                default:
                    report.log.note(
                        Self.follow(&walk.state, rows, row).map {
                            "event \(rows.int(row, 2))-\(rows.int(row, 3)): \($0)"
                        })
                }
            }
        }
        if let trail = walk.begin(nil) { report.log.noteProblem(trail.key, trail.state.finish(nil)) }
    }

    private static func problem(of stock: Stock, _ sums: Sums) -> String? {
        if !stock.isBalanced {
            return "\(stock.sku): stocked \(stock.stocked) is not available \(stock.available) + held"
                + " \(stock.held) + sold \(stock.sold)"
        }
        if stock.held != sums.reserved || stock.sold != sums.confirmed {
            return "\(stock.sku): its row counts \(stock.held) held and \(stock.sold) sold, its intents"
                + " \(sums.reserved) and \(sums.confirmed)"
        }
        if stock.waitlisted != sums.waitlisted || stock.backordered != sums.backordered {
            return "\(stock.sku): its row counts \(stock.waitlisted) waitlisted and \(stock.backordered)"
                + " backordered, its intents \(sums.waitlisted) and \(sums.backordered)"
        }
        return stock.lastPlace == sums.lastPlace
            ? nil
            : "\(stock.sku): its row gave out \(stock.lastPlace) places in line, its intents have \(sums.lastPlace)"
    }

    func checkBuyers(_ session: Session, _ report: inout AuditReport) throws {
        let rows = try session.run(Query(Queries.auditBuyers))
        let (checked, broken) = (rows.int(0, 0), rows.int(0, 1))
        report.stock.checked += checked
        report.stock.broken += broken
        if broken > 0 { report.stock.examples.append(rows.text(0, 2)) }
    }

    private func checkClaims(_ session: Session, _ report: inout AuditReport) throws {
        let rows = try session.run(Query(Queries.auditClaimsWithoutStock))
        for row in 0..<rows.count {
            report.stock.note("intent \(rows.text(row, 0)) claims units of a SKU that does not exist")
        }
    }

    private func walkIntents(
        _ session: Session, _ checkpoints: Checkpoints, _ report: inout AuditReport
    ) throws {
        var walk = Walk<IntentWalk> { IntentWalk(trail: IntentTrail(horizon: checkpoints.horizon)) }
        func finish(_ token: String, _ state: IntentWalk, _ row: Intent?) {
            // Of a token that was forgotten the log may still tell that somebody paid too late.
            if state.decisions == 0, row == nil, state.trail.image == nil { return }
            report.once.note(
                state.decisions == 1 ? nil : "token \(token) has \(state.decisions) deciding events")
            if let problem = state.trail.finish(row) { report.log.noteProblem(token, problem) }
        }
        try session.stream(Query(Queries.auditIntents), batch: Self.batch) { rows in
            for row in 0..<rows.count {
                let token = rows.text(row, 0)
                if let trail = walk.begin(token) { finish(trail.key, trail.state, nil) }
                switch rows.int(row, 1) {
                case 0:
                    // The checkpoint stands for the events before it, of which one decided the token.
                    walk.state.decisions = 1
                    walk.state.trail = IntentTrail(
                        from: Intent(rows, row, from: 6), horizon: checkpoints.horizon)
                case 2:
                    let intent = Intent(rows, row, from: 6)
                    finish(token, walk.state, intent)
                    walk.end()
                default:
                    if let problem = Self.follow(&walk.state, rows, row) {
                        report.log.noteProblem("event \(rows.int(row, 2))-\(rows.int(row, 3))", problem)
                    }
                }
            }
        }
        if let trail = walk.begin(nil) { finish(trail.key, trail.state, nil) }
    }

    static func follow(_ state: inout some Trail, _ rows: Rows, _ row: Int) -> String? {
        do throws(WireRefusal) {
            return state.follow(try Happening(type: rows.text(row, 4), body: rows.bytes(row, 5)))
        } catch {
            return "it cannot be read: \(error.detail)"
        }
    }
}

/// What follows a thing through its events.
protocol Trail {
    mutating func follow(_ happening: Happening) -> String?
}

extension StockTrail: Trail {}

/// An intent's trail, and how often it was decided.
private struct IntentWalk: Trail {
    var trail = IntentTrail()
    var decisions = 0

    mutating func follow(_ happening: Happening) -> String? {
        if case .intent(_, nil, _) = happening { decisions += 1 }
        return trail.follow(happening)
    }
}

/// A walk over rows that are sorted by a key: the state of the key that it stands on.
struct Walk<State> {
    private let initial: () -> State
    private var key: String?
    var state: State

    init(_ initial: @escaping () -> State) {
        self.initial = initial
        state = initial()
    }

    /// Steps on to a key; returns the one before if it was left without its row.
    mutating func begin(_ next: String?) -> (key: String, state: State)? {
        guard key != next else { return nil }
        let left = key.map { ($0, state) }
        key = next
        state = initial()
        return left
    }

    /// The key's row was seen: nothing is left of it.
    mutating func end() {
        key = nil
        state = initial()
    }
}

extension AuditLine {
    mutating func noteProblem(_ what: String, _ problem: String?) {
        if let problem { note("\(what): \(problem)") }
    }
}

/// What the intents of a SKU add up to.
private struct Sums {
    let reserved, confirmed, waitlisted, backordered, lastPlace: Int64

    init(_ rows: Rows, _ row: Int, from first: Int) {
        reserved = rows.int8(row, first)
        confirmed = rows.int8(row, first + 1)
        waitlisted = rows.int8(row, first + 2)
        backordered = rows.int8(row, first + 3)
        lastPlace = rows.int8(row, first + 4)
    }
}
