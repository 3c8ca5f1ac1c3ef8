import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

/// A piece of a partition's log that is to go, between two batches: followed as the audit follows it, from the checkpoint
/// before it to how everything stands behind it.
struct LogFold {
    /// The last event of the piece.
    let end: Int64
    /// How many events it has.
    let count: Int

    /// What the log may leave out.
    struct Rules {
        /// Whether an untold crossing of a threshold is a problem.
        let requiresCrossings: Bool
        /// See ``Checkpoints/horizonOfPrune``.
        let horizon: Timestamp?
    }

    private let partition: Int
    private var stocks: [SKU: StockTrail] = [:]
    private var intents: [Token: (trail: IntentTrail, at: Timestamp)] = [:]
    private var rows: [Token: Intent] = [:]
    private var orders: [Token: OrderTrail] = [:]
    private var orderRows: [Token: Order] = [:]

    /// Follows the first `count` rows of ``Queries/pruneLog``.
    init(_ log: Rows, count: Int, partition: Int, _ rules: Rules, _ session: Session) throws {
        self.partition = partition
        self.count = count
        end = log.int8(count - 1, 0)
        var (skus, tokens) = (Set<SKU>(), Set<Token>())
        for row in 0..<count {
            skus.insert(SKU(unchecked: log.text(row, 3)))
            if let token = log.optionalText(row, 4) { tokens.insert(Token(unchecked: token)) }
        }
        stocks = try Checkpoints.trails(
            of: Array(skus), session, requiresCrossings: rules.requiresCrossings)
        for sku in skus where stocks[sku] == nil {
            stocks[sku] = StockTrail(requiresCrossings: rules.requiresCrossings)
        }
        let names = Bind.texts(tokens.map(\.text))
        let known = try session.run([
            Query(Queries.pruneIntents, [names]), Query(Queries.readIntents, [names]),
            Query(Queries.pruneOrderImages, [names]), Query(Queries.readOrders, [names]),
        ])
        var images: [Token: Intent] = [:]
        for row in 0..<known[0].count {
            if let intent = Intent(known[0], row) { images[intent.token] = intent }
        }
        for row in 0..<known[1].count {
            if let intent = Intent(known[1], row) { rows[intent.token] = intent }
        }
        var orderImages: [Token: Order] = [:]
        for row in 0..<known[2].count {
            if let order = try Order(known[2], row) { orderImages[order.token] = order }
        }
        for row in 0..<known[3].count {
            if let order = try Order(known[3], row) { orderRows[order.token] = order }
        }
        for row in 0..<count { try follow(log, row, images, orderImages, rules.horizon) }
        for (sku, trail) in stocks {
            if let problem = trail.untoldCrossing {
                throw PruneError.broken(partition: partition, "\(sku): \(problem)")
            }
        }
        try checkRows()
    }

    private mutating func follow(
        _ log: Rows, _ row: Int, _ images: [Token: Intent], _ orderImages: [Token: Order],
        _ horizon: Timestamp?
    ) throws {
        func broken(_ problem: String) -> PruneError {
            .broken(partition: partition, "event \(partition)-\(log.int8(row, 0)): \(problem)")
        }
        let happening: Happening
        do throws(WireRefusal) {
            happening = try Happening(type: log.text(row, 2), body: log.bytes(row, 5))
        } catch {
            throw broken("it cannot be read: \(error.detail)")
        }
        if case .order(let told) = happening {
            var trail = orders[told.order] ?? OrderTrail(from: orderImages[told.order])
            if let problem = trail.follow(told) { throw broken("order \(told.order): \(problem)") }
            if trail.image != nil { orders[told.order] = trail }
            return
        }
        if let problem = stocks[SKU(unchecked: log.text(row, 3))]?.follow(happening) { throw broken(problem) }
        guard let token = log.optionalText(row, 4).map(Token.init(unchecked:)) else { return }
        var trail = intents[token]?.trail ?? IntentTrail(from: images[token], horizon: horizon)
        if let problem = trail.follow(happening) { throw broken("intent \(token): \(problem)") }
        // What changed nothing of it leaves it as old as it was; a late payment keeps it as long as the log tells of it.
        let isLatePayment = if case .shortfall = happening { true } else { false }
        guard isLatePayment || trail.image != (intents[token]?.trail.image ?? images[token]) else { return }
        intents[token] = (trail, Timestamp(microseconds: log.timestamp(row, 1)))
    }

    /// What came to its end has the row that its last event shows; everything else at least has a row.
    private func checkRows() throws {
        for (token, entry) in intents {
            guard let image = entry.trail.image else { continue }
            if let row = rows[token], !image.state.isFinal || row == image { continue }
            let problem = entry.trail.finish(rows[token]) ?? ""
            throw PruneError.broken(partition: partition, "intent \(token): \(problem)")
        }
        for (token, trail) in orders {
            guard let image = trail.image else { continue }
            if let row = orderRows[token], !image.state.isFinal || row == image { continue }
            let problem = trail.finish(orderRows[token]) ?? ""
            throw PruneError.broken(partition: partition, "order \(token): \(problem)")
        }
    }

    // MARK: What is left of it

    /// What the transaction writes that lets the piece go.
    func queries(after start: Int64, _ order: PruneOrder) -> [Query] {
        let key = Bind.int2(Int16(partition))
        let skus = stocks.values.compactMap(\.image).sorted { $0.sku < $1.sku }
        let images = intents.values.compactMap { entry in entry.trail.image.map { ($0, entry.at) } }
            .sorted { $0.0.token < $1.0.token }
        let final = images.filter { isForgettable($0.0, at: $0.1, order) }.map(\.0)
        let expired = final.filter { $0.state == .expired }.map(\.token.text)
        // The units of what is forgotten are noted with its SKU, whose row has to be there.
        var queries = [
            Query(Queries.prunePutSkus, [key] + skus.columns),
            Query(Queries.pruneLatePayments, [key, .int8(end), .texts(expired)]),
        ]
        queries.append(
            Query(
                Queries.pruneForget,
                [
                    .texts(final.map(\.token.text)), .texts(final.map(\.state.rawValue)),
                    .int4s(final.map { Int32(clamping: $0.returned) }),
                    .timestamps(final.map(\.decidedAt.microseconds)),
                ]))
        if !expired.isEmpty { queries.append(Query(Queries.pruneRequireUntold, [.texts(expired)])) }
        if !images.isEmpty {
            let kept = images.map(\.0)
            queries.append(
                Query(
                    Queries.prunePutIntents,
                    [key] + kept.columns + kept.specialColumns + [.timestamps(images.map(\.1.microseconds))]))
        }
        let orders = orders.values.compactMap(\.image).sorted { $0.token < $1.token }
        if !orders.isEmpty { queries.append(Query(Queries.prunePutOrders, [key] + orders.columns)) }
        queries.append(
            Query(
                Queries.pruneMove,
                [key, .int8(start), .int8(end), .timestamp(order.before.microseconds)]))
        return queries
    }

    /// Which of ``queries(after:_:)`` says what was forgotten.
    static let forgettingQuery = 2

    /// Whether nothing can become of an intent any more, or nothing that the shop still waits for: a live one is kept,
    /// and a sale that can still be cancelled. An expired one may only be paid too late. A line goes with its order.
    private func isForgettable(_ intent: Intent, at moment: Timestamp, _ order: PruneOrder) -> Bool {
        // The row may be further than the log up to here.
        guard rows[intent.token] == intent, !intent.token.isLine else { return false }
        switch intent.state {
        case .rejected, .cancelled, .expired: return true
        case .confirmed: return order.soldBefore.map { moment < $0 } ?? false
        case .reserved, .waitlisted, .backordered: return false
        }
    }
}

extension IntentState {
    /// Whether an intent in this state stays as it is for ever.
    fileprivate var isFinal: Bool { self == .rejected || self == .cancelled }
}

extension OrderState {
    /// Whether an order in this state stays as it is for ever.
    fileprivate var isFinal: Bool { self == .rejected || self == .cancelled }
}

extension [Order] {
    /// version, hold_until, decided_at, status, reason, token, buyer, lines.
    fileprivate var columns: [Bind] {
        [
            .int8s(map(\.version)), .optionalTimestamps(map { $0.holdUntil?.microseconds }),
            .optionalTimestamps(map { $0.decidedAt?.microseconds }), .texts(map(\.state.rawValue)),
            .optionalTexts(map { $0.reason?.rawValue }), .texts(map(\.token.text)), .texts(map(\.buyer.text)),
            .texts(map(\.storedLines)),
        ]
    }
}
