/// What the core answers to a batch: everything that one transaction has to write, and nothing else.
public struct Decision: Sendable, Hashable {
    /// The number of the last event after this batch.
    public var head: Int64
    /// Stock rows that changed, in order of their SKU.
    public var stocks: [StockChange] = []
    /// Intents that were decided for the first time, in order of their token, so that two partitions
    /// that insert the same tokens cannot deadlock.
    public var decided: [Intent] = []
    /// Known intents that changed, in order of their token.
    public var changed: [IntentTransition] = []
    /// Results of command ids seen for the first time, in order of their id.
    public var results: [StoredResult] = []
    /// The entries of the log, numbered without a gap up to ``head``.
    public var events: [Event] = []
    /// What buyers' claims changed by, in order of SKU and buyer.
    public var buyers: [BuyerChange] = []
    /// SKUs whose buyers are counted from this batch on: their totals are made of the rows as this batch leaves them.
    public var countedFromNow: [SKU] = []
    /// SKUs whose line the next batch has to go on serving, even if no command comes.
    public var unserved: [SKU] = []
    /// What changes about orders.
    public var orders = OrderDecision()
    /// What the snapshot did not hold. Unless it is empty, nothing of this decision counts: read it, decide again.
    public var lacking = Lacking()

    /// An empty decision at this head.
    public init(head: Int64) { self.head = head }
}

/// Rows that a decision turned out to need: most batches need none of them, so they are not read before.
public struct Lacking: Sendable, Hashable {
    /// How many intents from the beginning of a SKU's line.
    public var lines: [SKU: Int] = [:]
    /// What these buyers have a claim on, of SKUs that count it.
    public var buyers: Set<BuyerKey> = []
    /// The same of SKUs that do not count it yet: the sum of the intents.
    public var uncountedBuyers: Set<BuyerKey> = []

    /// Nothing.
    public init() {}

    /// Whether nothing is lacking.
    public var isEmpty: Bool { lines.isEmpty && buyers.isEmpty && uncountedBuyers.isEmpty }
}

/// What one buyer's claim on a SKU changed by.
public struct BuyerChange: Sendable, Hashable {
    /// Whose claim on what.
    public let key: BuyerKey
    /// Units more, or less when negative; never 0.
    public let units: Int64

    /// A change of a buyer's claim.
    public init(_ key: BuyerKey, by units: Int64) {
        self.key = key
        self.units = units
    }
}

/// A stock row before and after a batch.
public struct StockChange: Sendable, Hashable {
    /// The version that the row must still have when it is written; nil for a SKU that is created.
    public let versionBefore: Int64?
    /// The row to write.
    public let after: Stock
    /// Whether the policy of a known SKU changed, which is rare.
    public let changesPolicy: Bool

    /// A change from `versionBefore` to `after`.
    public init(versionBefore: Int64?, after: Stock, changesPolicy: Bool = false) {
        self.versionBefore = versionBefore
        self.after = after
        self.changesPolicy = changesPolicy
    }
}

/// An intent before and after a batch.
public struct IntentTransition: Sendable, Hashable {
    /// The state that the row must still have when it is written.
    public let stateBefore: IntentState
    /// The row to write.
    public let after: Intent

    /// A transition from `stateBefore` to `after`.
    public init(stateBefore: IntentState, after: Intent) {
        self.stateBefore = stateBefore
        self.after = after
    }
}

/// One entry of a partition's log.
public struct Event: Sendable, Hashable {
    /// Its number in the partition: 1, 2, 3 … with no gap.
    public let seq: Int64
    /// When it was decided.
    public let at: Timestamp
    /// The position in the batch of the command whose outcome it is; nil for what nobody asked for: a hold that
    /// expired, a grant to the next in line, a threshold of the stock, an intent that was replaced.
    public let cause: Int?
    /// What happened.
    public let happening: Happening

    /// An entry of the log.
    public init(seq: Int64, at: Timestamp, cause: Int?, happening: Happening) {
        self.seq = seq
        self.at = at
        self.cause = cause
        self.happening = happening
    }
}

/// What an event tells, with the images after it.
public enum Happening: Sendable, Hashable {
    /// An intent came into a state. `from` is nil when it was queued; `stock` is nil when its SKU is unknown.
    case intent(Intent, from: IntentState?, stock: Stock?)
    /// A payment came after the hold expired and found too few units: the money must go back.
    case shortfall(Intent, stock: Stock)
    /// A hold got a later deadline; stock is as it was.
    case extended(Intent, stock: Stock)
    /// Some units of a sale were given back.
    case returned(Intent, units: Int64, stock: Stock)
    /// A known token came with another payload; nothing changed.
    case conflict(Token, sku: SKU)
    /// A command changed nothing, or a known one came again: this is its result.
    case answered(kind: CommandKind, id: String, sku: SKU, result: CommandResult)
    /// A SKU was created, or its policy changed.
    case defined(Stock)
    /// Units were added or taken.
    case adjusted(Stock, delta: Int64, reason: String)
    /// The units on offer went through a threshold.
    case crossed(Crossing, Stock)
    /// Something about an order.
    case order(OrderHappening)

    /// The SKU that the event is about; nil when it is about an order.
    public var sku: SKU? {
        switch self {
        case .intent(let intent, _, _), .shortfall(let intent, _), .extended(let intent, _),
            .returned(let intent, _, _):
            intent.sku
        case .conflict(_, let sku), .answered(_, _, let sku, _): sku
        case .defined(let stock), .adjusted(let stock, _, _), .crossed(_, let stock): stock.sku
        case .order: nil
        }
    }

    /// The order that the event is about, if it is about one.
    public var order: Token? {
        if case .order(let happening) = self { happening.order } else { nil }
    }

    /// The intent that the event is about, if it is about one.
    public var token: Token? {
        switch self {
        case .intent(let intent, _, _), .shortfall(let intent, _), .extended(let intent, _),
            .returned(let intent, _, _):
            intent.token
        case .conflict(let token, _): token
        case .answered(_, _, _, let result):
            if case .intent(let intent) = result.subject { intent.token } else { nil }
        case .defined, .adjusted, .crossed, .order: nil
        }
    }
}
