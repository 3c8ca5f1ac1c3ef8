import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

extension LiveAudit {
    /// An order's row may be large: fewer at a time.
    private static var orderBatch: Int { 500 }

    /// Follows each order through its coordinator's log, to its row.
    func walkOrders(_ session: Session, _ report: inout AuditReport) throws {
        var walk = Walk<OrderWalk> { OrderWalk() }
        func finish(_ token: String, _ state: OrderWalk, _ row: Order?) {
            report.once.note(
                state.recordings == 1 ? nil : "order \(token) has \(state.recordings) recording events")
            report.log.noteProblem("order \(token)", state.trail.finish(row))
        }
        try session.stream(Query(Queries.auditOrders), batch: Self.orderBatch) { rows in
            for row in 0..<rows.count {
                let token = rows.text(row, 0)
                if let left = walk.begin(token) { finish(left.key, left.state, nil) }
                if rows.bool(row, 1) {
                    finish(token, walk.state, try Order(audited: rows, row))
                    walk.end()
                } else if rows.optionalText(row, 4) == nil {
                    // The checkpoint stands for the events before it, of which one recorded the order.
                    walk.state = OrderWalk(
                        trail: OrderTrail(from: try Order(audited: rows, row)), recordings: 1)
                } else if let problem = Self.follow(&walk.state, rows, row) {
                    report.log.noteProblem("event \(rows.int(row, 2))-\(rows.int(row, 3))", problem)
                }
            }
        }
        if let left = walk.begin(nil) { finish(left.key, left.state, nil) }
    }

    /// Compares every order with the lines that its participants have.
    func checkLines(
        _ session: Session, _ partitioning: Partitioning, _ report: inout AuditReport
    ) throws {
        var order: (order: Order, audit: LineAudit)?
        try session.stream(Query(Queries.auditOrderLines), batch: Self.orderBatch) { rows in
            for row in 0..<rows.count {
                let number = rows.int(row, 1)
                guard number > 0 else {
                    let read = try Order(audited: rows, row, buyer: 2, from: 3)
                    let awaited = PartitionSet(bits: UInt64(bitPattern: rows.int8(row, 10)))
                    order = read.map { ($0, LineAudit($0, awaited: awaited, partitioning: partitioning)) }
                    if !awaited.isEmpty { report.orders.underWay += 1 }
                    continue
                }
                guard let order, number <= order.order.lines.count else { continue }
                let intent = Intent(audited: order.order.lineToken(number), rows, row)
                report.orders.note(
                    order.audit.problem(of: number, intent, isGuarded: rows.bool(row, 13)))
            }
        }
        let strays = try session.run(Query(Queries.auditLinesWithoutOrder))
        for row in 0..<strays.count {
            report.orders.note("line \(strays.text(row, 0)) has units, and there is no order that names it")
        }
    }
}

/// An order's trail, and how often it was recorded.
private struct OrderWalk: Trail {
    var trail = OrderTrail()
    var recordings = 0

    mutating func follow(_ happening: Happening) -> String? {
        guard case .order(let told) = happening else { return "it is no event of an order" }
        if case .state(_, nil) = told { recordings += 1 }
        return trail.follow(told)
    }
}

extension Order {
    /// Reads the columns of ``Queries/auditOrders``: token, and from the seventh on buyer, lines, status, reason, version,
    /// hold_until, decided_at; the partition stands in the third.
    fileprivate init?(audited rows: Rows, _ row: Int) throws {
        guard let state = OrderState(rawValue: rows.text(row, 8)) else { return nil }
        self.init(
            token: Token(unchecked: rows.text(row, 0)), buyer: Buyer(unchecked: rows.text(row, 6)),
            coordinator: rows.int(row, 2), lines: try Order.storedLines(rows.text(row, 7), state),
            state: state,
            reason: rows.optionalText(row, 9).flatMap(RejectionReason.init), version: rows.int8(row, 10),
            holdUntil: rows.moment(row, 11), decidedAt: rows.moment(row, 12))
    }

    /// Reads the columns of ``Queries/auditOrderLines``: from `first` on partition, lines, status, reason, version,
    /// hold_until, decided_at.
    fileprivate init?(audited rows: Rows, _ row: Int, buyer: Int, from first: Int) throws {
        guard let state = OrderState(rawValue: rows.text(row, first + 2)) else { return nil }
        self.init(
            token: Token(unchecked: rows.text(row, 0)), buyer: Buyer(unchecked: rows.text(row, buyer)),
            coordinator: rows.int(row, first), lines: try Order.storedLines(rows.text(row, first + 1), state),
            state: state, reason: rows.optionalText(row, first + 3).flatMap(RejectionReason.init),
            version: rows.int8(row, first + 4), holdUntil: rows.moment(row, first + 5),
            decidedAt: rows.moment(row, first + 6))
    }
}

extension Intent {
    /// Reads what ``Queries/auditOrderLines`` says of a line: nil when its partition has none.
    fileprivate init?(audited token: Token, _ rows: Rows, _ row: Int) {
        guard let sku = rows.optionalText(row, 11),
            let state = rows.optionalText(row, 5).flatMap(IntentState.init)
        else { return nil }
        self.init(
            token: token, sku: SKU(unchecked: sku), quantity: Quantity(unchecked: Int64(rows.int(row, 12))),
            buyer: Buyer(unchecked: rows.text(row, 2)), state: state, decidedAt: Timestamp(microseconds: 0))
    }
}
