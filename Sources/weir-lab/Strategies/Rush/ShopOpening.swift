import PostgresClient
import WeirSandbox

/// Makes the tables of a strategy and puts SKUs on sale.
enum ShopOpening {
    /// Rooms of the sandbox, with the shop's tables in them.
    static func places(of strategy: Strategy, in sandbox: Sandbox) async throws -> Places {
        var places = Places(databaseURL: try await sandbox.makeRoom().databaseURL)
        if strategy == .twoPhase { places.otherDatabaseURL = try await sandbox.makeRoom().databaseURL }
        if strategy.usesRedis, let redis = sandbox.redis {
            (places.redisPort, places.redisPassword) = (redis.port, sandbox.redisPassword)
        }
        return places
    }

    /// Makes the tables; in Redis, removes everything.
    static func open(_ strategy: Strategy, _ places: Places, stock: [(sku: String, units: Int)]) throws {
        let order = strategy.allowsDoubles ? LabQueries.orderIndex : LabQueries.orderOnce
        let (skus, units) = (stock.map(\.sku), stock.map { Int64($0.units) })
        for url in [places.databaseURL, places.otherDatabaseURL] where !url.isEmpty {
            let session = try Session(SessionSettings(url: url, applicationName: "lab"))
            defer { session.close() }
            try session.execute(script: LabQueries.shop + order)
            _ = try session.run(Query(LabQueries.stockUp, [.texts(skus), .int8s(units)]))
        }
        guard strategy.usesRedis else { return }
        let redis = try RedisConnection(port: places.redisPort, password: places.redisPassword)
        try redis.run("FLUSHALL")
        for (sku, units) in stock { try redis.run("HSET", DeductionShop.stock, sku, "\(units)") }
    }
}
