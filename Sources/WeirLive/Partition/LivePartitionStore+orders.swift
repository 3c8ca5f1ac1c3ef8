import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

extension LivePartitionStore {
    public func forwarding() throws(StoreError) -> Forwarding {
        let rows = try run(Query(Queries.readForwarding, [.int2(key)]))
        guard rows.count == 1 else {
            throw StoreError(.otherDatabase, "the database has no partition \(partition); run `weir migrate`")
        }
        return Forwarding(forwarded: rows.int8(0, 0), last: rows.int8(0, 1))
    }

    public func readMessages(after seq: Int64, limit: Int) throws(StoreError) -> [AddressedEvent] {
        let rows = try run(
            Query(Queries.readMessages, [.int2(key), .int8(seq), .int4(Int32(clamping: limit))]))
        return (0..<rows.count).map { row in
            AddressedEvent(
                LoggedEvent(rows, row), to: PartitionSet(bits: UInt64(bitPattern: rows.int8(row, 9))))
        }
    }

    public func nextOrderDeadline() throws(StoreError) -> WeirCore.Timestamp? {
        let rows = try run(Query(Queries.readNextOrderDeadline, [.int2(key)]))
        return rows.moment(0, 0)
    }

    public func dueOrders(until: WeirCore.Timestamp, limit: Int) throws(StoreError) -> [Token] {
        let rows = try run(
            Query(
                Queries.readOrdersDue,
                [.int2(key), .timestamp(until.microseconds), .int4(Int32(clamping: limit))]))
        var seen: Set<Token> = []
        return (0..<rows.count).map { Token(unchecked: rows.text($0, 0)) }.filter { seen.insert($0).inserted }
    }

    // MARK: The snapshot

    /// The queries that read orders: in this order, the orders, the parts, their lines, the SKUs of these.
    func orderQueries(_ tokens: [Token]) -> [Query] {
        let texts = Bind.texts(tokens.map(\.text))
        return [
            Query(Queries.readOrders, [texts]), Query(Queries.readOrderParts, [texts]),
            Query(Queries.readOrderLines, [.int2(key), texts]),
            Query(Queries.readOrderSkus, [.int2(key), texts]),
        ]
    }

    /// Puts the answers to ``orderQueries(_:)`` into a snapshot.
    func addOrders(_ answers: ArraySlice<Rows>, to snapshot: inout Snapshot) throws(StoreError) {
        let answers = Array(answers)
        for row in 0..<answers[0].count {
            let order = try orderRow(answers[0], row)
            snapshot.orders.rows[order.order.token] = order
        }
        var lines: [Token: [Int]] = [:]
        for intent in try readIntents(in: answers[2]) {
            snapshot.intents[intent.token] = intent
            if let line = intent.token.line { lines[line.order, default: []].append(line.number) }
        }
        for row in 0..<answers[1].count {
            let order = Token(unchecked: answers[1].text(row, 0))
            var part = OrderPart(
                order: order, coordinator: answers[1].int(row, 1), lines: [],
                version: answers[1].int8(row, 2),
                guardAt: answers[1].moment(row, 3), asked: answers[1].int(row, 4),
                lastSeq: answers[1].int8(row, 5))
            let home = answers[1].int(row, 6)
            guard home == partition else {
                snapshot.orders.otherParts[order, default: [:]][home] = part
                continue
            }
            part.lines = (lines[order] ?? []).sorted()
            snapshot.orders.parts[order] = part
        }
        for row in 0..<answers[3].count {
            let sku = SKU(unchecked: answers[3].text(row, 0))
            snapshot.stocks[sku] = Stock(sku, answers[3], row)
        }
    }

    private func orderRow(_ rows: Rows, _ row: Int) throws(StoreError) -> OrderRow {
        let found: Order?
        do throws(WireRefusal) {
            found = try Order(rows, row)
        } catch {
            throw StoreError(.bug, "the lines of an order cannot be read: \(error.detail)")
        }
        guard let order = found else {
            throw StoreError(.bug, "an order has a state that this binary does not know: it is too old")
        }
        return OrderRow(
            order: order, awaited: PartitionSet(bits: UInt64(bitPattern: rows.int8(row, 9))),
            dueAt: rows.moment(row, 10),
            changedAt: WeirCore.Timestamp(microseconds: rows.timestamp(row, 11)),
            holdSeconds: Int64(rows.int(row, 12)), maxHoldSeconds: Int64(rows.int(row, 13)),
            sender: rows.optionalText(row, 14).map {
                Sender(replyTo: $0, correlationID: rows.optionalText(row, 15))
            },
            confirmID: rows.optionalText(row, 16).map(CommandID.init(unchecked:)), lastSeq: rows.int8(row, 17)
        )
    }

    // MARK: The commit

    /// What a batch writes for orders, in the order of its statements.
    func orderWrites(_ batch: BatchWrite) -> [Query] {
        var queries: [Query] = []
        if let forwarded = batch.forwarded {
            queries.append(Query(Queries.commitMoveForwarded, [.int2(key), .int8(forwarded)]))
        }
        let decision = batch.decision.orders
        guard !decision.isEmpty else { return queries }
        let recorded = decision.rows.filter { $0.versionBefore == nil }.map(\.after)
        if !recorded.isEmpty { queries.append(insert(recorded)) }
        let changed = decision.rows.filter { $0.versionBefore != nil }
        if !changed.isEmpty { queries.append(update(changed)) }
        let newParts = decision.parts.filter(\.isNew).map(\.after)
        if !newParts.isEmpty { queries.append(insert(newParts)) }
        let knownParts = decision.parts.filter { !$0.isNew }.map(\.after)
        if !knownParts.isEmpty { queries.append(update(knownParts)) }
        if !decision.addresses.isEmpty {
            queries.append(
                Query(
                    Queries.commitInsertAddresses,
                    [
                        .int2(key), .int8s(decision.addresses.map(\.seq)),
                        .int8s(decision.addresses.map { Int64(bitPattern: $0.to.bits) }),
                    ]))
        }
        return queries
    }

    private func insert(_ rows: [OrderRow]) -> Query {
        Query(
            Queries.commitInsertOrders,
            [.int2(key)] + counters(rows) + [
                .texts(rows.map(\.order.token.text)), .texts(rows.map(\.order.buyer.text)),
            ] + texts(rows))
    }

    private func update(_ changes: [OrderRowChange]) -> Query {
        let rows = changes.map(\.after)
        return Query(
            Queries.commitUpdateOrders,
            [.int4(Int32(changes.count)), .int8s(changes.map { $0.versionBefore ?? 0 })] + counters(rows)
                + [.texts(rows.map(\.order.token.text))] + texts(rows) + [.int2(key)])
    }

    private func counters(_ rows: [OrderRow]) -> [Bind] {
        [
            .int8s(rows.map(\.order.version)), .int8s(rows.map { Int64(bitPattern: $0.awaited.bits) }),
            .timestamps(rows.map(\.changedAt.microseconds)),
            .optionalTimestamps(rows.map { $0.dueAt?.microseconds }),
            .optionalTimestamps(rows.map { $0.order.holdUntil?.microseconds }),
            .optionalTimestamps(rows.map { $0.order.decidedAt?.microseconds }),
            .int4s(rows.map { Int32(clamping: $0.holdSeconds) }),
            .int4s(rows.map { Int32(clamping: $0.maxHoldSeconds) }), .texts(rows.map(\.order.state.rawValue)),
            .optionalTexts(rows.map { $0.order.reason?.rawValue }),
        ]
    }

    private func texts(_ rows: [OrderRow]) -> [Bind] {
        [
            .texts(rows.map(\.order.storedLines)), .optionalTexts(rows.map { $0.sender?.replyTo }),
            .optionalTexts(rows.map { $0.sender?.correlationID }),
            .optionalTexts(rows.map { $0.confirmID?.text }), .int8s(rows.map(\.lastSeq)),
        ]
    }

    private func insert(_ parts: [OrderPart]) -> Query {
        Query(
            Queries.commitInsertOrderParts,
            [.int2(key)] + columns(parts) + [
                .int4s(parts.map { Int32($0.coordinator) }), .texts(parts.map(\.order.text)),
            ])
    }

    private func update(_ parts: [OrderPart]) -> Query {
        Query(
            Queries.commitUpdateOrderParts,
            [.int4(Int32(parts.count)), .int2(key)] + columns(parts) + [.texts(parts.map(\.order.text))])
    }

    private func columns(_ parts: [OrderPart]) -> [Bind] {
        [
            .int8s(parts.map(\.version)), .optionalTimestamps(parts.map { $0.guardAt?.microseconds }),
            .int4s(parts.map { Int32(clamping: $0.asked) }), .int8s(parts.map(\.lastSeq)),
        ]
    }
}

extension Order {
    /// Reads the columns token, buyer, partition, lines, status, reason, version, hold_until, decided_at.
    ///
    /// Nil when the row has a state that this binary does not know; throws when its lines cannot be read.
    public init?(_ rows: Rows, _ row: Int) throws(WireRefusal) {
        guard let state = OrderState(rawValue: rows.text(row, 4)) else { return nil }
        self.init(
            token: Token(unchecked: rows.text(row, 0)), buyer: Buyer(unchecked: rows.text(row, 1)),
            coordinator: rows.int(row, 2), lines: try Order.storedLines(rows.text(row, 3), state),
            state: state,
            reason: rows.optionalText(row, 5).flatMap(RejectionReason.init), version: rows.int8(row, 6),
            holdUntil: rows.moment(row, 7),
            decidedAt: rows.moment(row, 8))
    }
}
