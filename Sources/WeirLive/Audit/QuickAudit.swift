import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology

/// The audit of a database in which everything is as it should be, as fast as the log can be read.
///
/// The log is read once, in its own order, which nobody has to sort; then every table once. Of each intent a few bytes
/// are kept, one partition's at a time. Where anything does not follow there is a ``Doubt``, and nothing is said about
/// promises: which one is broken, and by what, the thorough walk finds out.
struct QuickAudit {
    /// Something that does not follow, or is too much to keep in memory.
    struct Doubt: Error {
        let reason: String
    }

    /// How many intents and how many SKUs of a partition are kept in memory: at most some 130 and some 30 megabytes.
    struct Limits {
        var intents = 1_500_000
        var skus = 20_000
    }

    static let batch = 1_000

    private let session: Session
    private let audit: LiveAudit
    private let limits: Limits
    private var report = AuditReport()
    private var books = StockBooks()
    private var seesOrders = false

    init(_ session: Session, _ audit: LiveAudit, _ limits: Limits = Limits()) {
        self.session = session
        self.audit = audit
        self.limits = limits
    }

    /// What the thorough audit would report, in the transaction that is open; throws a ``Doubt``.
    mutating func run(_ partitioning: Partitioning, _ checkpoints: Checkpoints) throws -> AuditReport {
        let tells = try session.run(Query(Queries.auditThresholds)).bool(0, 0)
        let rest = try session.run(Query(Queries.auditRest))
        seesOrders = rest.bool(0, 5)
        guard rest.int(0, 3) >= 0, rest.int(0, 4) < partitioning.count else {
            throw Doubt(reason: "there are events of a partition that there is not")
        }
        let heads = try session.run(Query(Queries.auditPartitions))
        guard heads.count == partitioning.count else { throw Doubt(reason: "a partition has no row") }
        var (decided, kept) = (IntentSum(), (skus: 0, intents: 0))
        var ledger = IntentLedger(horizon: checkpoints.horizon)
        for partition in 0..<heads.count {
            guard heads.int(partition, 0) == partition else { throw Doubt(reason: "a partition has no row") }
            ledger.removeAll()
            var walk = PartitionWalk(
                partition, partitioning, after: checkpoints.seqs[partition] ?? 0, ledger, limits,
                requiresCrossings: tells)
            // One table at a time: it is not copied while only one has it.
            ledger = IntentLedger()
            try walk.run(session, to: heads.int8(partition, 1), &books)
            decided += walk.ledger.sum
            kept.skus += walk.keptSKUs
            kept.intents += walk.keptIntents
            report.log.checked += walk.events
            report.numbering.checked += 1
            seesOrders = seesOrders || walk.seesOrders
            swap(&ledger, &walk.ledger)
        }
        guard books.count == rest.int(0, 0), kept.skus == rest.int(0, 1), kept.intents == rest.int(0, 2)
        else { throw Doubt(reason: "rows stand in a partition that there is not") }
        report.stock.checked += books.count
        report.once.checked += decided.count
        ledger = IntentLedger()
        guard try readRows() == decided else { throw Doubt(reason: "the intents are not as the log ends") }
        if let problem = books.problem { throw Doubt(reason: problem) }
        try audit.checkBuyers(session, &report)
        if seesOrders {
            try audit.walkOrders(session, &report)
            try audit.checkLines(session, partitioning, &report)
        }
        guard report.holds else { throw Doubt(reason: "buyers or orders") }
        return report
    }

    /// Reads every intent's row, and puts it down in the books of its SKU.
    private mutating func readRows() throws -> IntentSum {
        var (sum, lines) = (IntentSum(), false)
        var books = StockBooks()
        swap(&books, &self.books)
        try session.stream(Query(Queries.auditRows), batch: Self.batch, ahead: true) { rows in
            for row in 0..<rows.count {
                guard let intent = Intent(rows, row) else { throw Doubt(reason: "an intent's status") }
                IntentLedger.add(intent, to: &sum)
                guard books.count(intent) else {
                    throw Doubt(reason: "intent \(intent.token) claims units of a SKU that does not exist")
                }
                if intent.state.isClaim, intent.token.isLine { lines = true }
            }
        }
        swap(&books, &self.books)
        seesOrders = seesOrders || lines
        return sum
    }
}
