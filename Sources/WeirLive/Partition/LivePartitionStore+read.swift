import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

extension LivePartitionStore {
    /// Reads a snapshot in one round trip. Only this owner writes what it reads, so that statements which each see
    /// their own moment still fit together; the head, read last, would tell. Orders are forgotten by others, each with all
    /// of its rows at once: a batch that names some reads everything at one moment.
    public func read(_ request: SnapshotRequest) throws(StoreError) -> Snapshot {
        var queries: [Query] = []
        var due, dueStocks, intents, results, stocks, lines, buyers, uncounted: Int?
        func add(_ query: Query) -> Int {
            queries.append(query)
            return queries.count - 1
        }
        if let until = request.dueUntil {
            let binds: [Bind] = [
                .int2(key), .timestamp(until.microseconds), .int4(Int32(clamping: request.dueLimit)),
            ]
            due = add(Query(Queries.readDue, binds))
            dueStocks = add(Query(Queries.readDueSkus, binds))
        }
        if !request.tokens.isEmpty {
            intents = add(Query(Queries.readIntents, [.texts(request.tokens.map(\.text))]))
        }
        if !request.commandIDs.isEmpty {
            results = add(Query(Queries.readCommands, [.texts(request.commandIDs.map(\.text))]))
        }
        if !request.skus.isEmpty {
            stocks = add(Query(Queries.readSkus, [.texts(request.skus.map(\.text))]))
        }
        if !request.lines.isEmpty {
            let wanted = request.lines.sorted { $0.key < $1.key }
            lines = add(
                Query(
                    Queries.readLines,
                    [.texts(wanted.map(\.key.text)), .int4s(wanted.map { Int32(clamping: $0.value) })]))
        }
        if !request.buyers.isEmpty { buyers = add(Query(Queries.readBuyers, Self.binds(request.buyers))) }
        if !request.uncountedBuyers.isEmpty {
            uncounted = add(Query(Queries.readUncountedBuyers, Self.binds(request.uncountedBuyers)))
        }
        let orders = queries.count
        if !request.orders.isEmpty { queries += orderQueries(request.orders) }
        let clock = add(Query(Queries.readClock, [.int2(key)]))

        let isOfOneMoment = !request.orders.isEmpty && !isReader
        let answers = try asStoreError { [queries] () throws(PostgresError) in
            guard isOfOneMoment else { return try session.run(queries) }
            return Array(try session.transaction([Query(Queries.ownOneMoment)] + queries).dropFirst())
        }
        guard answers[clock].count == 1 else {
            throw StoreError(.otherDatabase, "the database has no partition \(partition); run `weir migrate`")
        }
        var snapshot = Snapshot(
            now: Timestamp(microseconds: answers[clock].timestamp(0, 0)), head: answers[clock].int8(0, 1))
        if let due { snapshot.due = try readIntents(in: answers[due]) }
        if let intents {
            for intent in try readIntents(in: answers[intents]) { snapshot.intents[intent.token] = intent }
        }
        if let results {
            for result in try storedResults(in: answers[results]) { snapshot.results[result.id] = result }
        }
        if let lines { snapshot.lines = try self.lines(in: answers[lines], asked: request.lines) }
        // A buyer without a row has a claim on nothing.
        for key in request.buyers.union(request.uncountedBuyers) { snapshot.buyerUnits[key] = 0 }
        for rows in [buyers, uncounted].compactMap({ $0.map { answers[$0] } }) {
            for row in 0..<rows.count {
                let key = BuyerKey(
                    SKU(unchecked: rows.text(row, 0)), Buyer(unchecked: rows.text(row, 1)))
                snapshot.buyerUnits[key] = rows.int8(row, 2)
            }
        }
        for rows in [dueStocks, stocks].compactMap({ $0.map { answers[$0] } }) {
            for row in 0..<rows.count {
                let sku = SKU(unchecked: rows.text(row, 0))
                snapshot.stocks[sku] = Stock(sku, rows, row)
            }
        }
        if !request.orders.isEmpty { try addOrders(answers[orders..<clock], to: &snapshot) }
        return snapshot
    }

    private static func binds(_ keys: Set<BuyerKey>) -> [Bind] {
        let sorted = keys.sorted()
        return [.texts(sorted.map(\.sku.text)), .texts(sorted.map(\.buyer.text))]
    }

    private func lines(in rows: Rows, asked: [SKU: Int]) throws(StoreError) -> [SKU: Line] {
        var lines = asked.mapValues { _ in Line([], isWhole: true) }
        for intent in try readIntents(in: rows) { lines[intent.sku]?.intents.append(intent) }
        for (sku, count) in asked {
            let isWhole = (lines[sku]?.intents.count ?? 0) < count
            lines[sku]?.isWhole = isWhole
        }
        return lines
    }

    func readIntents(in rows: Rows) throws(StoreError) -> [Intent] {
        var intents: [Intent] = []
        intents.reserveCapacity(rows.count)
        for row in 0..<rows.count {
            guard let intent = Intent(rows, row) else {
                throw StoreError(.bug, "an intent has a state that this binary does not know: it is too old")
            }
            intents.append(intent)
        }
        return intents
    }

    private func storedResults(in rows: Rows) throws(StoreError) -> [StoredResult] {
        var results: [StoredResult] = []
        for row in 0..<rows.count {
            let id = CommandID(unchecked: rows.text(row, 0))
            do throws(WireRefusal) {
                let result = try CommandResult(stored: rows.text(row, 2))
                results.append(StoredResult(id: id, payload: rows.text(row, 1), result: result))
            } catch {
                throw StoreError(.bug, "the stored result of command \(id) cannot be read: \(error.detail)")
            }
        }
        return results
    }
}
