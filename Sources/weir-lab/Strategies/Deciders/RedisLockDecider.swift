import Foundation
import PostgresClient
import WeirCore

/// A lock a SKU in Redis, which expires by itself, around a plain read and write in the database.
struct RedisLockDecider: Decider {
    private let shop: ShopSession
    private let lock: RedisLock

    init(_ places: Places) throws {
        shop = try ShopSession(places.databaseURL)
        lock = try RedisLock(RedisConnection(port: places.redisPort, password: places.redisPassword))
    }

    func decide(_ submit: Submit) throws -> Verdict {
        let (key, owner) = ("lab:lock:\(submit.sku.text)", UUID().uuidString)
        try lock.take(key, owner)
        defer { _ = try? lock.release(key, owner) }
        return try shop.once(submit.token) {
            try shop.inTransaction {
                guard let available = try shop.available(submit.sku), available >= submit.quantity.units
                else { return try shop.order(submit, .rejected) }
                try shop.write(submit.sku, available - submit.quantity.units)
                return try shop.order(submit, .confirmed)
            }
        }
    }
}

/// A lock that names its owner.
struct RedisLock {
    /// In milliseconds. A holder that takes longer has lost the lock without noticing: nothing in the database checks it.
    private static let lifetime = 3_000
    /// How long a request waits for the lock.
    private static let patience = Duration.seconds(10)

    private let redis: RedisConnection
    private let giveUp: RedisScript

    init(_ redis: RedisConnection) throws {
        self.redis = redis
        // A lock that has expired may be somebody else's by now, and stays.
        giveUp = try RedisScript(
            "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
            redis)
    }

    /// Waits for the lock.
    func take(_ key: String, _ owner: String) throws {
        let deadline = ContinuousClock.now + Self.patience
        var attempt = 0
        while try redis.run("SET", key, owner, "NX", "PX", "\(Self.lifetime)") == .nothing {
            guard ContinuousClock.now < deadline else { throw LabError("the lock was never free") }
            attempt += 1
            pause(attempt: attempt)
        }
    }

    /// Gives the lock back; false when it was not this owner's any more.
    func release(_ key: String, _ owner: String) throws -> Bool {
        try giveUp.run(redis, keys: [key], [owner]) == .integer(1)
    }
}
