import WeirCore
import WeirWire

/// Where a partition's rows are: one database session, which holds the partition's lock.
public protocol PartitionStore: OrderStore {
    /// Where the partition's log stands; read after the lock was taken.
    func position() throws(StoreError) -> Position
    /// What a batch needs to be decided.
    func read(_ request: SnapshotRequest) throws(StoreError) -> Snapshot
    /// SKUs of the partition with units that may belong to those in line; read once by a new owner.
    func unservedLines() throws(StoreError) -> [SKU]
    /// The end of the hold that comes due next; nil when nothing is held.
    func nextDeadline() throws(StoreError) -> Timestamp?
    /// Writes a batch in one transaction, whose first statement moves the head.
    func commit(_ batch: BatchWrite) throws(StoreError)
    /// The same; `meanwhile` is called once, at any time before it returns, and best while the database works.
    func commit(_ batch: BatchWrite, meanwhile: () -> Void) throws(StoreError)
    /// Counts a delivery that may kill its worker, in a transaction of its own; returns how often it was counted.
    func noteSuspect(_ body: [UInt8]) throws(StoreError) -> Int
    /// The log after an event, in order, at most `limit` entries.
    func readLog(after seq: Int64, limit: Int) throws(StoreError) -> [LoggedEvent]
    /// Shows the database that this session is alive.
    func ping() throws(StoreError)
    /// Ends the session, and with it the lock.
    func close()
}

extension PartitionStore {
    public func commit(_ batch: BatchWrite, meanwhile: () -> Void) throws(StoreError) {
        meanwhile()
        try commit(batch)
    }
}

/// Where a partition's log stands.
public struct Position: Sendable, Hashable {
    /// The number of the last event.
    public var head: Int64
    /// Every event up to this one was confirmed by the broker.
    public var published: Int64
    /// The database's clock.
    public var now: Timestamp

    /// A position.
    public init(head: Int64, published: Int64, now: Timestamp) {
        self.head = head
        self.published = published
        self.now = now
    }
}

/// What a snapshot shall hold.
public struct SnapshotRequest: Sendable {
    /// The SKUs that the batch names, each once.
    public var skus: [SKU] = []
    /// The tokens that the batch names, each once.
    public var tokens: [Token] = []
    /// The command ids that the batch names, each once.
    public var commandIDs: [CommandID] = []
    /// Holds with a deadline up to this moment; nil asks for none.
    public var dueUntil: Timestamp?
    /// The most due holds to read.
    public var dueLimit = 0
    /// How many intents from the beginning of which lines.
    public var lines: [SKU: Int] = [:]
    /// Buyers of SKUs that count what each has.
    public var buyers: Set<BuyerKey> = []
    /// Buyers of SKUs that do not count it yet: their intents are summed up.
    public var uncountedBuyers: Set<BuyerKey> = []
    /// Orders of which the rows, the parts and the lines of the partition are asked for, each once.
    public var orders: [Token] = []

    /// An empty request.
    public init() {}
}

/// Everything that one transaction writes.
public struct BatchWrite: Sendable {
    /// The head that the partition must still have.
    public var headBefore: Int64
    /// The rows and the head after the batch.
    public var decision: Decision
    /// The database's clock at which the batch was decided.
    public var at: Timestamp
    /// The decision's events as they are stored and published.
    public var events: [LoggedEvent] = []
    /// The publisher's cursor as far as it is known now.
    public var published: Int64
    /// What could not be decided.
    public var deadLetters: [DeadLetter] = []
    /// How far messages were forwarded, if that has to be written.
    public var forwarded: Int64?
    /// The bodies of suspects that this batch decides.
    public var clearedSuspects: [[UInt8]] = []

    /// A batch that writes a decision.
    public init(headBefore: Int64, decision: Decision, at: Timestamp, published: Int64) {
        self.headBefore = headBefore
        self.decision = decision
        self.at = at
        self.published = published
    }
}

/// A delivery that could not be decided, with the reason.
public struct DeadLetter: Sendable {
    /// The kind of reason, one word.
    public var reason: String
    /// The group of letters that failed in the same way: the reason and the field concerned.
    public var fault: String
    /// One sentence for a person.
    public var detail: String
    /// The intent's token, as far as the body could be read.
    public var token: String?
    /// The SKU, as far as the body could be read.
    public var sku: String?
    /// What arrived.
    public var delivery: Delivery

    /// A dead letter; without a field its fault is its reason.
    public init(
        reason: String, field: String? = nil, detail: String, token: String?, sku: String?, delivery: Delivery
    ) {
        self.reason = reason
        fault = field.map { "\(reason) \($0)" } ?? reason
        self.detail = detail
        self.token = token
        self.sku = sku
        self.delivery = delivery
    }
}

/// Why the database did not do what it was asked.
public struct StoreError: Error, CustomStringConvertible, Sendable {
    /// What follows from it.
    public enum Kind: Sendable, Hashable {
        /// It cannot be reached, or the session was lost: connect again and start anew.
        case away
        /// The answer to COMMIT was lost: whether it took effect is unknown.
        case commitUncertain
        /// The data's fault (SQLSTATE class 22): one delivery of the batch cannot be written.
        case data
        /// Somebody was faster (40001, 40P01, a token of another partition, a row changed by hand): read again.
        case retry
        /// Somebody else owns the partition: the head, the log's key or the lock says so.
        case notOwner
        /// Another cluster or WAL timeline than the one that was accepted, or another number of partitions.
        case otherDatabase
        /// A constraint said no: our own bug.
        case bug
    }

    /// What follows from it.
    public let kind: Kind
    /// One sentence, safe for a log.
    public let message: String

    /// An error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}
