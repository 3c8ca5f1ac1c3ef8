import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology

extension Prune {
    /// How many orders one transaction forgets at most.
    static let orderStep = 500

    /// Forgets the orders whose last event is gone, in the log of each partition that has a line of one. `note` gets the
    /// answers of ``Queries/pruneForgetOrders``.
    func forgetOrders(
        _ order: PruneOrder, _ partitioning: Partitioning, _ session: Session, _ note: (Rows) -> Void
    ) throws {
        try forgetOrders(order, partitioning, session, note) { behind, limit in
            Query(Queries.pruneEndedOrders, [behind, limit])
        }
        guard order.soldBefore != nil else { return }
        try forgetOrders(order, partitioning, session, note) { behind, limit in
            Query(Queries.pruneSoldOrders, [behind, limit, order.sold])
        }
    }

    private func forgetOrders(
        _ order: PruneOrder, _ partitioning: Partitioning, _ session: Session, _ note: (Rows) -> Void,
        _ candidates: (Bind, Bind) -> Query
    ) throws {
        var (behind, seen) = ("", 0)
        while !isStopping {
            let rows = try session.run(candidates(.text(behind), .int4(Int32(Self.orderStep))))
            guard rows.count > 0 else { return }
            let tokens = (0..<rows.count).map { rows.text($0, 0) }
            show("orders: \(seen)")
            try check(tokens, partitioning, session)
            let forget = Query(Queries.pruneForgetOrders, [.texts(tokens), order.sold])
            note(try retrying { try session.run(forget) })
            behind = tokens[tokens.count - 1]
            seen += tokens.count
        }
    }

    /// An order that has ended has the lines that its end says, as the audit compares them.
    private func check(_ tokens: [String], _ partitioning: Partitioning, _ session: Session) throws {
        let names = Bind.texts(tokens)
        let answers = try session.transaction([
            Query(Queries.ownOneMoment), Query(Queries.readOrders, [names]),
            Query(Queries.pruneOrderLines, [names]),
        ])
        var lines: [Token: Intent] = [:]
        for row in 0..<answers[2].count {
            if let intent = Intent(answers[2], row) { lines[intent.token] = intent }
        }
        for row in 0..<answers[1].count {
            let awaited = PartitionSet(bits: UInt64(bitPattern: answers[1].int8(row, 9)))
            guard awaited.isEmpty, let order = try Order(answers[1], row) else { continue }
            let audit = LineAudit(order, awaited: awaited, partitioning: partitioning)
            for number in order.lines.indices.map({ $0 + 1 }) {
                let line = lines[order.lineToken(number)]
                guard let problem = audit.problem(of: number, line, isGuarded: true) else { continue }
                throw PruneError.broken(partition: order.coordinator, problem)
            }
        }
    }
}
