import PostgresClient
import Synchronization
import WeirCore
import WeirPipeline
import WeirTopology

/// Lets go of events and tokens that are older than a retention, in small transactions, while workers go on deciding.
///
/// It owns no partition, and takes nothing from an owner. The events that it deletes are published, and nobody writes
/// or reads those again: the head stands behind them, the cursor never goes back. Intents it deletes only as they stand
/// (`forget_intents` says why that is safe beside a batch that has them in hand), and no count of a SKU or a buyer that
/// a batch reads changes by it: sales become totals in the transaction that deletes them. Orders go whole, when every
/// partition that has a line of one has let go of its log so far (`forget_orders`). Everything else is in tables that only
/// a prune writes, one at a time, under a lock of its own.
public final class Prune: Sendable {
    /// How far it has come.
    public struct Progress: Sendable, Hashable {
        /// Events that have to go.
        public var total: Int64 = 0
        /// Events that went.
        public var done: Int64 = 0
        /// Intents that were forgotten.
        public var forgotten = 0
        /// Orders that were forgotten.
        public var orders = 0
        /// What it walks through when the events are gone.
        public var walk: String?
    }

    /// How many events one transaction lets go, unless a batch alone has more.
    public static let step = 5_000
    /// How many pages one transaction of a walk looks at.
    static let pages: Int64 = 128

    private let databaseURL: String
    private let stepSize: Int
    private let stopSignal = StopSignal()
    private let state = Mutex(Progress())

    /// A prune of this database that does nothing yet.
    public init(databaseURL: String, step: Int = Prune.step) {
        self.databaseURL = databaseURL
        stepSize = max(1, step)
    }

    /// How far it has come.
    public var progress: Progress { state.withLock { $0 } }

    /// Asks it to stop behind the transaction that it is in; what was done stays, and another one goes on from there.
    public func stop() { stopSignal.stop() }

    /// Says what ``perform(_:)`` would do, and does nothing. Blocks.
    public func foresee(_ order: PruneOrder) throws -> PruneReport {
        try withSession(order) { session, _ in
            var report = PruneReport(order)
            let plans = try PartitionPlan.read(order, session)
            for plan in plans {
                report.parts.append(plan.part(to: plan.end))
                report.events += Int(plan.end - plan.start)
                report.note(try session.run(plan.dryRun(order)))
            }
            if let sold = order.soldBefore {
                let rows = try session.run(Query(Queries.pruneCountSales, [.timestamp(sold.microseconds)]))
                report.intents[.confirmed, default: 0] += rows.int(0, 0)
            }
            report.note(orders: try session.run(Query(Queries.pruneDryOrders, plans.ends + [order.sold])))
            report.commands = try session.run(
                Query(Queries.pruneCountCommands, plans.moments(order))
            ).int(0, 0)
            report.isWhole = true
            return report
        }
    }

    /// Does it. Blocks, for as long as there is something to let go.
    public func perform(_ order: PruneOrder) throws -> PruneReport {
        try withSession(order) { session, partitioning in
            try takeLock(session)
            // Each of its pieces is small, however large the tables are.
            try session.execute(script: Queries.pruneSessionSettings.text)
            var report = PruneReport(order)
            let plans = try PartitionPlan.read(order, session)
            state.withLock { $0.total = plans.reduce(0) { $0 + $1.end - $1.start } }
            let rules = LogFold.Rules(
                requiresCrossings: try session.run(Query(Queries.auditThresholds)).bool(0, 0),
                horizon: try Checkpoints(session).horizonOfPrune)
            for plan in plans { try prune(plan, order, rules, session, &report) }
            try forgetOrders(order, partitioning, session) { rows in
                report.note(orders: rows)
                state.withLock { $0.orders = report.forgottenOrders }
            }
            if let sold = order.soldBefore {
                try walk("old sales", try pages(session).sales, session) { from, to in
                    report.note(
                        try session.run(
                            Query(
                                Queries.pruneSales,
                                [.int8(from), .int8(to), .timestamp(sold.microseconds)])))
                    state.withLock { $0.forgotten = report.forgotten }
                }
            }
            try walk("results of commands", try pages(session).commands, session) { from, to in
                report.commands += try session.run(
                    Query(Queries.pruneCommands, [.int8(from), .int8(to)] + plans.moments(order))
                ).int(0, 0)
            }
            state.withLock { $0.walk = nil }
            report.isWhole = !stopSignal.isStopping
            return report
        }
    }

    /// One at a time; a prune that has just ended may not have left the database yet.
    private func takeLock(_ session: Session) throws {
        let lock = Query(Queries.ownTryLock, [.int4(LockClass.prune), .int4(0)])
        for _ in 0..<10 {
            if try session.run(lock).bool(0, 0) { return }
            stopSignal.wait(.milliseconds(100))
        }
        throw PruneError.running
    }

    // MARK: One partition

    private func prune(
        _ plan: PartitionPlan, _ order: PruneOrder, _ rules: LogFold.Rules, _ session: Session,
        _ report: inout PruneReport
    ) throws {
        var place = plan.start
        while place < plan.end, !stopSignal.isStopping {
            let fold = try nextPiece(of: plan, after: place, rules, session)
            let answers = try retrying {
                try session.transaction(fold.queries(after: place, order))
            }
            place = fold.end
            report.events += fold.count
            report.note(answers[LogFold.forgettingQuery])
            state.withLock {
                $0.done += Int64(fold.count)
                $0.forgotten = report.forgotten
            }
        }
        report.parts.append(plan.part(to: place))
    }

    /// The next events, up to the end of a batch, all of whose events have one time.
    private func nextPiece(
        of plan: PartitionPlan, after place: Int64, _ rules: LogFold.Rules, _ session: Session
    ) throws -> LogFold {
        var limit = stepSize
        while true {
            let log = try session.run(
                Query(
                    Queries.pruneLog,
                    [
                        .int2(Int16(plan.partition)), .int8(place), .int8(plan.end),
                        .int4(Int32(clamping: limit)),
                    ]))
            guard log.count > 0, log.int8(0, 0) == place + 1,
                log.int8(log.count - 1, 0) == place + Int64(log.count)
            else {
                throw PruneError.broken(partition: plan.partition, "events behind \(place) are missing")
            }
            var count = log.count
            if log.int8(count - 1, 0) < plan.end {
                let last = log.timestamp(count - 1, 1)
                while count > 0, log.timestamp(count - 1, 1) == last { count -= 1 }
            }
            if count > 0 {
                return try LogFold(log, count: count, partition: plan.partition, rules, session)
            }
            limit *= 2
        }
    }

    // MARK: Walks

    /// Whether somebody has asked it to stop.
    var isStopping: Bool { stopSignal.isStopping }

    /// Says what it walks through.
    func show(_ walk: String) { state.withLock { $0.walk = walk } }

    private func pages(_ session: Session) throws -> (sales: Int64, commands: Int64) {
        let rows = try session.run(Query(Queries.prunePages))
        return (rows.int8(0, 0), rows.int8(0, 1))
    }

    private func walk(
        _ what: String, _ pages: Int64, _ session: Session, _ look: (Int64, Int64) throws -> Void
    ) throws {
        for page in stride(from: Int64(0), to: pages, by: Int64.Stride(Self.pages)) {
            guard !stopSignal.isStopping else { return }
            state.withLock { $0.walk = "\(what): page \(page) of \(pages)" }
            try retrying { try look(page, page + Self.pages) }
        }
    }

    // MARK: The session

    private func withSession<Value>(
        _ order: PruneOrder, _ body: (Session, Partitioning) throws -> Value
    ) throws -> Value {
        var settings = SessionSettings(url: databaseURL, applicationName: "weir prune")
        // To find the end of what is old may take long, and so may a walk.
        settings.statementTimeoutSeconds = 0
        settings.answerTimeoutSeconds = 3_600
        let session = try Session(settings)
        defer { session.close() }
        let partitioning = try Installation.read(session).partitioning
        let now = Timestamp(microseconds: try session.run(Query(Queries.prunePages)).timestamp(0, 2))
        guard order.before <= now else {
            throw PruneError.order(
                "--before is \(order.before.rfc3339), which has not come yet on the database's clock")
        }
        guard order.soldBefore.map({ $0 <= order.before }) ?? true else {
            throw PruneError.order("--sold-before must not be later than --before")
        }
        return try body(session, partitioning)
    }

    /// Tries again what lost against a worker.
    func retrying<Value>(_ body: () throws -> Value) throws -> Value {
        var attempts = 1
        while true {
            do {
                return try body()
            } catch let error as PostgresError {
                guard error.kind == .retry, attempts < 20 else { throw error }
                attempts += 1
            }
        }
    }
}

/// How far one partition can be pruned.
private struct PartitionPlan {
    let partition: Int
    /// The last event that is gone, and the last one that can go.
    let start, end: Int64
    /// When the first event that stays was decided.
    let firstLeft: Timestamp?

    static func read(_ order: PruneOrder, _ session: Session) throws -> [PartitionPlan] {
        let rows = try session.run(Query(Queries.prunePlan, [.timestamp(order.before.microseconds)]))
        return (0..<rows.count).map { row in
            PartitionPlan(
                partition: rows.int(row, 0), start: rows.int8(row, 1), end: rows.int8(row, 2),
                firstLeft: rows.moment(row, 3))
        }
    }

    func part(to place: Int64) -> PruneReport.Part { .init(partition: partition, from: start, to: place) }

    func dryRun(_ order: PruneOrder) -> Query {
        Query(
            Queries.pruneDryRun,
            [
                .int2(Int16(partition)), .int8(start), .int8(end),
                order.sold,
            ])
    }
}

extension PruneOrder {
    /// Null where sales are kept.
    var sold: Bind { soldBefore.map { .timestamp($0.microseconds) } ?? .null }
}

extension [PartitionPlan] {
    /// By partition the last event that can go.
    fileprivate var ends: [Bind] { [.int2s(map { Int16($0.partition) }), .int8s(map(\.end))] }

    /// By partition the moment before which commands may be forgotten: the answers of older ones are published.
    fileprivate func moments(_ order: PruneOrder) -> [Bind] {
        [
            .int2s(map { Int16($0.partition) }),
            .timestamps(map { Swift.min($0.firstLeft ?? order.before, order.before).microseconds }),
        ]
    }
}

extension PruneReport {
    /// Adds rows of a status and how many intents of it were forgotten.
    fileprivate mutating func note(_ rows: Rows) {
        for row in 0..<rows.count {
            guard let state = IntentState(rawValue: rows.text(row, 0)) else { continue }
            intents[state, default: 0] += rows.int(row, 1)
        }
    }

    /// Adds rows of a status, how many orders of it were forgotten, and how many lines they had.
    fileprivate mutating func note(orders rows: Rows) {
        for row in 0..<rows.count {
            guard let state = OrderState(rawValue: rows.text(row, 0)) else { continue }
            orders[state, default: 0] += rows.int(row, 1)
            lines += rows.int(row, 2)
        }
    }
}
