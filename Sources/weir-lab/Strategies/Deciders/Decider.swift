import WeirCore

/// What an intent was told.
enum Verdict: String, Sendable {
    case confirmed
    case rejected
}

/// Decides intents with sessions of its own. One thread makes it and uses it.
protocol Decider {
    /// The verdict, once it is as durable as the strategy makes it; the first one again for a known token.
    /// Throws when nothing is known to have been decided: the client asks again with the same token.
    func decide(_ submit: Submit) throws -> Verdict
}

/// What the deciders of one server process share.
protocol Shop: Sendable {
    /// Puts in order what a killed server has left behind; before the first request.
    func recover() throws
    /// A decider for the calling thread.
    func makeDecider() throws -> any Decider
    /// Ends the threads that it has started.
    func stop()
}

extension Shop {
    func recover() throws {}
    func stop() {}
}

/// A shop without anything in common but the servers.
struct PlainShop: Shop {
    let make: @Sendable () throws -> any Decider
    func makeDecider() throws -> any Decider { try make() }
}

/// Where the servers are that a strategy uses.
struct Places: Sendable {
    var databaseURL: String
    /// The other database, for two-phase commit.
    var otherDatabaseURL = ""
    var redisPort = 0
    var redisPassword = ""
}

extension Strategy {
    /// The shop that decides this way; nil for Weir, which has a server of its own.
    func makeShop(_ places: Places) -> (any Shop)? {
        let url = places.databaseURL
        return switch self {
        case .naive: PlainShop { try NaiveDecider(url) }
        case .conditional: PlainShop { try ConditionalDecider(url) }
        case .conditionalInSteps: PlainShop { try SteppedDecider(url) }
        case .optimistic: PlainShop { try OptimisticDecider(url) }
        case .forUpdate: PlainShop { try LockingDecider(url) }
        case .serializable: PlainShop { try SerializableDecider(url) }
        case .twoPhase: TwoPhaseShop(places)
        case .redisLock: PlainShop { try RedisLockDecider(places) }
        case .redisDeduction: DeductionShop(places)
        case .tokenBucket: BucketShop(url)
        case .weir: nil
        }
    }
}
