import WeirCore
import WeirWire

/// What a prune shall do.
public struct PruneOrder: Sendable, Hashable {
    /// Events of before this moment go, and tokens of which the last event goes, an order's with those of all of its lines;
    /// at most the database's clock.
    public var before: Timestamp
    /// Sales confirmed before this moment are final and go too; nil keeps every sale, because it can be cancelled. At
    /// most ``before``.
    public var soldBefore: Timestamp?

    /// A prune of what is older than a moment.
    public init(before: Timestamp, soldBefore: Timestamp? = nil) {
        self.before = before
        self.soldBefore = soldBefore
    }
}

/// What a prune did, or would do.
public struct PruneReport: Sendable, Hashable {
    /// One partition's log.
    public struct Part: Sendable, Hashable {
        /// Which one.
        public let partition: Int
        /// The last event that was gone before.
        public let from: Int64
        /// The last one that is gone now, or would be.
        public var to: Int64
    }

    /// What was asked for.
    public let order: PruneOrder
    /// Every partition.
    public internal(set) var parts: [Part] = []
    /// How many events went.
    public internal(set) var events = 0
    /// How many intents were forgotten, by their state.
    public internal(set) var intents: [IntentState: Int] = [:]
    /// How many orders were forgotten, by their state.
    public internal(set) var orders: [OrderState: Int] = [:]
    /// How many lines they had.
    public internal(set) var lines = 0
    /// How many results of commands were forgotten.
    public internal(set) var commands = 0
    /// False when somebody stopped it before its end.
    public internal(set) var isWhole = false

    init(_ order: PruneOrder) { self.order = order }

    /// How many intents were forgotten, apart from the lines of orders.
    public var forgotten: Int { intents.values.reduce(0, +) }
    /// How many orders were forgotten.
    public var forgottenOrders: Int { orders.values.reduce(0, +) }

    /// Writes the members of the report's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("before", order.before.rfc3339)
        if let sold = order.soldBefore { json.member("sold_before", sold.rfc3339) }
        json.member("events", Int64(events))
        json.member("intents") { json in
            for state in IntentState.allCases {
                if let count = intents[state] { json.member(named: state.rawValue, .integer(Int64(count))) }
            }
        }
        json.member("orders") { json in
            for state in OrderState.allCases {
                if let count = orders[state] { json.member(named: state.rawValue, .integer(Int64(count))) }
            }
        }
        json.member("lines", Int64(lines))
        json.member("commands", Int64(commands))
        json.member("whole", isWhole)
        json.member("partitions", array: parts) { json, part in
            json.member("partition", Int64(part.partition))
            json.member("pruned_before", part.from)
            json.member("pruned", part.to)
        }
    }
}

/// Why nothing was pruned, or nothing more.
public enum PruneError: Error, CustomStringConvertible, Sendable {
    /// What was asked for makes no sense.
    case order(String)
    /// Another prune of this database is at work.
    case running
    /// What is to go does not hold what was promised, and it would be the last witness.
    case broken(partition: Int, String)

    public var description: String {
        switch self {
        case .order(let text): text
        case .running: "another prune of this database is running; wait for it, or stop it"
        case .broken(let partition, let problem):
            "partition \(partition) cannot be pruned: \(problem). What is pruned can never be looked into again, so"
                + " nothing more was; run `weir audit`"
        }
    }
}
