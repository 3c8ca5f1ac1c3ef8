import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

extension LivePartitionStore {
    /// Reads a snapshot in one round trip. Only this owner writes what it reads, so that statements which each see
    /// their own moment still fit together; the head, read last, would tell.
    public func read(_ request: SnapshotRequest) throws(StoreError) -> Snapshot {
        var queries: [Query] = []
        var due, dueStocks, intents, results, stocks: Int?
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
        let clock = add(Query(Queries.readClock, [.int2(key)]))

        let answers = try asStoreError { [queries] () throws(PostgresError) in try session.run(queries) }
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
        for rows in [dueStocks, stocks].compactMap({ $0.map { answers[$0] } }) {
            for row in 0..<rows.count {
                let sku = SKU(unchecked: rows.text(row, 0))
                snapshot.stocks[sku] = Stock(sku, rows, row)
            }
        }
        return snapshot
    }

    private func readIntents(in rows: Rows) throws(StoreError) -> [Intent] {
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
