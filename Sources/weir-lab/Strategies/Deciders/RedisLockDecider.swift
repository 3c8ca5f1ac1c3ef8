import Foundation
import PostgresClient
import WeirCore

/// A lock a SKU in Redis, which expires by itself, around a plain read and write in the database.
struct RedisLockDecider: Decider {
    /// A holder that takes longer than this has lost the lock without noticing: nothing in the database checks it.
    private static let lifetime = "3000"
    /// How long a request waits for the lock.
    private static let patience = Duration.seconds(10)

    private let shop: ShopSession
    private let redis: RedisConnection
    private let release: RedisScript

    init(_ places: Places) throws {
        shop = try ShopSession(places.databaseURL)
        redis = try RedisConnection(port: places.redisPort, password: places.redisPassword)
        // A lock that has expired may be somebody else's by now, and stays.
        release = try RedisScript(
            "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
            redis)
    }

    func decide(_ submit: Submit) throws -> Verdict {
        let (key, owner) = ("lab:lock:\(submit.sku.text)", UUID().uuidString)
        try take(key, owner)
        defer { _ = try? release.run(redis, keys: [key], [owner]) }
        return try shop.once(submit.token) {
            try shop.inTransaction {
                guard let available = try shop.available(submit.sku), available >= submit.quantity.units
                else { return try shop.order(submit, .rejected) }
                try shop.write(submit.sku, available - submit.quantity.units)
                return try shop.order(submit, .confirmed)
            }
        }
    }

    private func take(_ key: String, _ owner: String) throws {
        let deadline = ContinuousClock.now + Self.patience
        var attempt = 0
        while try redis.run("SET", key, owner, "NX", "PX", Self.lifetime) == .nothing {
            guard ContinuousClock.now < deadline else { throw LabError("the lock was never free") }
            attempt += 1
            pause(attempt: attempt)
        }
    }
}
