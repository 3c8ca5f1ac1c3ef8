/// What a partition read to decide a batch: only what the batch touches, and nothing that can change meanwhile,
/// because the commit fails when the partition's head moved.
public struct Snapshot: Sendable {
    /// The database's clock when the snapshot was read; the only time that a decision knows.
    public var now: Timestamp
    /// The number of the partition's last event; 0 before the first.
    public var head: Int64
    /// The stock of every SKU that the batch or a due hold names, where it is defined.
    public var stocks: [SKU: Stock]
    /// The intent of every token that the batch names, where it was decided before.
    public var intents: [Token: Intent]
    /// The result of every command id that the batch names, where it is known.
    public var results: [CommandID: StoredResult]
    /// Holds whose deadline has come, the oldest first.
    public var due: [Intent]
    /// The beginning of the lines of which units may come free; a decision says which it lacks.
    public var lines: [SKU: Line] = [:]
    /// What buyers have a claim on, of SKUs that count it; 0 where there is no row. A decision says which it lacks.
    public var buyerUnits: [BuyerKey: Int64] = [:]
    /// SKUs whose line an earlier batch could not serve to its end.
    public var unserved: [SKU] = []
    /// What was read of orders.
    public var orders = OrderSnapshot()

    /// A snapshot; empty where nothing is said.
    public init(
        now: Timestamp, head: Int64, stocks: [SKU: Stock] = [:], intents: [Token: Intent] = [:],
        results: [CommandID: StoredResult] = [:], due: [Intent] = []
    ) {
        self.now = now
        self.head = head
        self.stocks = stocks
        self.intents = intents
        self.results = results
        self.due = due
    }
}

/// The intents that stand in line for a SKU, in the order of their turn: whom units are promised first, then the
/// waitlist, each by its place.
public struct Line: Sendable {
    /// The first of them.
    public var intents: [Intent]
    /// Whether these are all.
    public var isWhole: Bool

    /// The beginning of a line.
    public init(_ intents: [Intent], isWhole: Bool) {
        self.intents = intents
        self.isWhole = isWhole
    }
}

/// Names what one buyer has of one SKU.
public struct BuyerKey: Hashable, Sendable {
    /// The item.
    public let sku: SKU
    /// Who buys it.
    public let buyer: Buyer

    /// A buyer of a SKU.
    public init(_ sku: SKU, _ buyer: Buyer) {
        self.sku = sku
        self.buyer = buyer
    }
}

/// What became of a command.
public enum Verdict: Hashable, Sendable {
    /// It took effect.
    case done
    /// All was as it asked already.
    case unchanged
    /// It was refused, and nothing changed.
    case refused(Refusal)
}

/// What a command's result is about, as it was then.
public enum Subject: Hashable, Sendable {
    case intent(Intent)
    case stock(Stock)
    case order(Order)
    case nothing
}

/// The result of a command, kept with its id.
public struct CommandResult: Hashable, Sendable {
    /// What became of it.
    public let verdict: Verdict
    /// What it was about, as it was then.
    public let subject: Subject
    /// Whether it repeats what was answered before to the same id or token; never so where it is stored.
    public private(set) var isReplayed = false

    /// A result.
    public init(_ verdict: Verdict, _ subject: Subject) {
        self.verdict = verdict
        self.subject = subject
    }

    /// The same result, as an answer to whoever asks again.
    public func replayed() -> CommandResult {
        var result = self
        result.isReplayed = true
        return result
    }
}

/// A row of the table `command`: whoever sends the id again gets this result again.
public struct StoredResult: Hashable, Sendable {
    /// The command's own name.
    public let id: CommandID
    /// ``Command/payload`` of the command that came first.
    public let payload: String
    /// What became of it.
    public let result: CommandResult

    /// A result under its id.
    public init(id: CommandID, payload: String, result: CommandResult) {
        self.id = id
        self.payload = payload
        self.result = result
    }
}
