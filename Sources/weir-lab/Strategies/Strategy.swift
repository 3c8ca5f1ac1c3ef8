import ArgumentParser

/// The ways of not overselling (and the one of overselling) that are measured side by side.
enum Strategy: String, CaseIterable, ExpressibleByArgument {
    case naive
    case conditional
    case conditionalInSteps = "conditional-steps"
    case optimistic
    case forUpdate = "for-update"
    case serializable
    case twoPhase = "two-phase"
    case redisLock = "redis-lock"
    case redisDeduction = "redis-lua"
    case tokenBucket = "token-bucket"
    case weir

    /// As the table and the picture name it.
    var title: String {
        switch self {
        case .naive: "naive read, then write"
        case .conditional: "conditional UPDATE, one statement"
        case .conditionalInSteps: "conditional UPDATE, in steps"
        case .optimistic: "optimistic version, retries"
        case .forUpdate: "SELECT … FOR UPDATE"
        case .serializable: "SERIALIZABLE, retries"
        case .twoPhase: "two-phase commit, two databases"
        case .redisLock: "Redis lock around the database"
        case .redisDeduction: "Redis Lua, stored afterwards"
        case .tokenBucket: "token bucket, pre-deduct table"
        case .weir: "Weir"
        }
    }

    /// Whether it needs a Redis beside PostgreSQL.
    var usesRedis: Bool { self == .redisLock || self == .redisDeduction }

    /// Whether its table of orders lets a token in twice.
    var allowsDoubles: Bool { self == .naive }
}
