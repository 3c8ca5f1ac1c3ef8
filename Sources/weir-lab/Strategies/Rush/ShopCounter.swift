import PostgresClient

/// Reads what is on record after a rush.
struct ShopCounter {
    let strategy: Strategy
    let places: Places

    /// Every SKU's books. Where Redis decides, its stock is the strategy's own account.
    func books() throws -> [SKUBooks] {
        let session = try Session(SessionSettings(url: places.databaseURL, applicationName: "lab"))
        defer { session.close() }
        let rows = try session.run(Query(strategy == .weir ? LabQueries.weirBooks : LabQueries.books))
        var books = (0..<rows.count).map {
            SKUBooks(
                sku: rows.text($0, 0), stocked: rows.int($0, 1), available: rows.int($0, 2),
                sold: rows.int($0, 3))
        }
        switch strategy {
        case .redisDeduction:
            let redis = try RedisConnection(port: places.redisPort, password: places.redisPassword)
            books = try books.map { book in
                guard case .text(let text) = try redis.run("HGET", DeductionShop.stock, book.sku),
                    let available = Int(text)
                else { throw LabError("Redis has lost the stock of \(book.sku)") }
                return SKUBooks(sku: book.sku, stocked: book.stocked, available: available, sold: book.sold)
            }
        case .twoPhase:
            // The orders are in the other database.
            let sold = try soldElsewhere()
            books = books.map {
                SKUBooks(sku: $0.sku, stocked: $0.stocked, available: $0.available, sold: sold[$0.sku] ?? 0)
            }
        default: break
        }
        return books
    }

    /// Every decision on record.
    func record() throws -> [(token: String, verdict: Verdict)] {
        let url = strategy == .twoPhase ? places.otherDatabaseURL : places.databaseURL
        let session = try Session(SessionSettings(url: url, applicationName: "lab"))
        defer { session.close() }
        let query = Query(strategy == .weir ? LabQueries.weirOrders : LabQueries.orders)
        let rows = try session.run(query)
        return try (0..<rows.count).map {
            guard let verdict = Verdict(rawValue: rows.text($0, 1)) else {
                throw LabError("an intent was left \(rows.text($0, 1))")
            }
            return (rows.text($0, 0), verdict)
        }
    }

    private func soldElsewhere() throws -> [String: Int] {
        let session = try Session(SessionSettings(url: places.otherDatabaseURL, applicationName: "lab"))
        defer { session.close() }
        let rows = try session.run(Query(LabQueries.books))
        return Dictionary(
            (0..<rows.count).map { (rows.text($0, 0), rows.int($0, 3)) },
            uniquingKeysWith: { first, _ in first })
    }
}
