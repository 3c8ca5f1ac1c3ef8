import WeirCore
import WeirPipeline

/// The database in memory: the same rows, constraints and locks, and nothing of its own.
///
/// It belongs to one thread, like everything in a simulation.
public final class SimulatedDatabase {
    /// The rows.
    public internal(set) var heads: [Int: (head: Int64, published: Int64)] = [:]
    public internal(set) var intents: [Token: Intent] = [:]
    public internal(set) var stocks: [SKU: Stock] = [:]
    public internal(set) var results: [CommandID: StoredResult] = [:]
    /// What each buyer has of the SKUs that count it.
    public internal(set) var buyerTotals: [BuyerKey: Int64] = [:]
    public internal(set) var orders: [Token: OrderRow] = [:]
    /// The parts of orders, by partition.
    public internal(set) var parts: [Int: [Token: OrderPart]] = [:]
    /// Which events of the logs are messages.
    public internal(set) var addresses: [Int: [EventAddress]] = [:]
    /// The cursors of the messages.
    public internal(set) var forwarded: [Int: Int64] = [:]
    public internal(set) var logs: [Int: [LoggedEvent]] = [:]
    public internal(set) var deadLetters: [DeadLetter] = []
    var suspects: [Int: [[UInt8]: Int]] = [:]
    /// How often each body is noted, over all partitions.
    var suspectCounts: [[UInt8]: Int] {
        suspects.values.reduce(into: [:]) { $0.merge($1) { max($0, $1) } }
    }

    /// The database's clock.
    public var now = Timestamp(microseconds: 1_800_000_000_000_000)
    /// What is broken on purpose, to see that the checks notice.
    public var sabotage: Sabotage?
    /// Looks at the rows after each commit.
    var afterCommit: (BatchWrite, Int) -> Void = { _, _ in }
    /// Looks at the rows before a commit that will take effect.
    var beforeCommit: (_ batch: BatchWrite, _ partition: Int) -> Void = { _, _ in }
    /// The buyer whose intents this database refuses to write, as it does a text with a zero byte.
    static let unwritable = Buyer(unchecked: "unwritable")
    /// The bodies of all dead letters.
    private(set) var deadBodies: Set<[UInt8]> = []

    private let partitioning: Partitioning
    private var owners: [Int: Int] = [:]
    private var sessions: Set<Int> = []
    private var lastSession = 0

    /// An empty database.
    public init(partitioning: Partitioning) {
        self.partitioning = partitioning
        for partition in 0..<partitioning.count { heads[partition] = (0, 0) }
    }

    func home(of sku: SKU) -> Int { partitioning.partition(of: sku) }

    // MARK: Sessions and locks

    /// Connects and takes a partition's lock.
    public func openSession(partition: Int) throws(StoreError) -> SimulatedStore {
        if owners[partition] != nil {
            throw StoreError(.notOwner, "partition \(partition) has an owner")
        }
        lastSession += 1
        sessions.insert(lastSession)
        owners[partition] = lastSession
        return SimulatedStore(self, session: lastSession, partition: partition)
    }

    func isOpen(_ session: Int) -> Bool { sessions.contains(session) }

    func close(_ session: Int) {
        sessions.remove(session)
        freeLocks(of: session)
    }

    /// The lock goes, the session stays: what happens to a frozen owner after a failover.
    func freeLocks(of session: Int) { owners = owners.filter { $0.value != session } }

    /// Every session ends, as when the server restarts.
    func restart() {
        sessions = []
        owners = [:]
    }

    // MARK: A transaction

    func commit(_ batch: BatchWrite, partition: Int) throws(StoreError) {
        try check(batch, partition)
        beforeCommit(batch, partition)
        heads[partition] = (batch.decision.head, batch.published)
        for intent in batch.decision.decided { intents[intent.token] = intent }
        for transition in batch.decision.changed { intents[transition.after.token] = transition.after }
        for change in batch.decision.stocks { stocks[change.after.sku] = change.after }
        for result in batch.decision.results { results[result.id] = result }
        for change in batch.decision.buyers { buyerTotals[change.key, default: 0] += change.units }
        for sku in batch.decision.countedFromNow { sumUp(sku) }
        writeOrders(batch.decision.orders, batch, partition)
        logs[partition, default: []] += sabotage == .gapInLog ? batch.events.dropLast() : batch.events
        // The same message again is the same row.
        for letter in batch.deadLetters where !deadLetters.contains(where: letter.isSameMessage) {
            deadLetters.append(letter)
        }
        for letter in batch.deadLetters { deadBodies.insert(letter.delivery.body) }
        for body in batch.clearedSuspects { suspects[partition]?[body] = nil }
        afterCommit(batch, partition)
    }

    private func sumUp(_ sku: SKU) {
        for intent in intents.values where intent.sku == sku && intent.state.counts {
            buyerTotals[BuyerKey(sku, intent.buyer), default: 0] += intent.units
        }
    }

    private func check(_ batch: BatchWrite, _ partition: Int) throws(StoreError) {
        guard heads[partition]?.head == batch.headBefore || sabotage == .headCheckSkipped else {
            throw StoreError(.notOwner, "the head of partition \(partition) moved")
        }
        guard (0...batch.decision.head).contains(batch.published) || sabotage == .headCheckSkipped else {
            throw StoreError(.bug, "the cursor is ahead of the head")
        }
        guard !batch.decision.decided.contains(where: { $0.buyer == Self.unwritable }) else {
            throw StoreError(.data, "invalid byte sequence")
        }
        let isTaken = batch.decision.decided.contains { intents[$0.token] != nil }
        guard !isTaken || sabotage != nil else {
            throw StoreError(.retry, "a token was decided by another partition")
        }
        guard batch.decision.results.allSatisfy({ results[$0.id] == nil }) || sabotage != nil else {
            throw StoreError(.retry, "a command id is known")
        }
        for transition in batch.decision.changed
        where intents[transition.after.token]?.state != transition.stateBefore && sabotage == nil {
            throw StoreError(.retry, "an intent is not as it was read")
        }
        let written = batch.decision.decided + batch.decision.changed.map(\.after)
        guard written.allSatisfy(\.isPermitted) || sabotage != nil else {
            throw StoreError(.bug, "an intent breaks a constraint")
        }
        for change in batch.decision.stocks where sabotage == nil {
            guard stocks[change.after.sku]?.version == change.versionBefore else {
                throw StoreError(.retry, "a SKU is not as it was read")
            }
            guard change.after.isBalanced, change.after.isPermitted else {
                throw StoreError(.bug, "a SKU is out of balance")
            }
        }
        if sabotage == nil { try checkOrders(batch.decision.orders, batch, partition) }
    }
}

/// One promise's safeguard, taken away on purpose.
public enum Sabotage: String, Sendable, CaseIterable {
    /// Deliveries are acknowledged as soon as they are filled.
    case acknowledgeBeforeCommit
    /// Events count as confirmed although they were not.
    case cursorBeforeConfirm
    /// Known tokens are not found.
    case tokenCheckSkipped
    /// Two owners may both commit.
    case headCheckSkipped
    /// Holds that have ended are due again.
    case holdReleasedTwice
    /// The last event of a batch is not stored.
    case gapInLog
    /// More is available than there is.
    case oversell
    /// A delivery is filled out of its order.
    case orderSwapped
    /// Lines of orders are released when their guard is due.
    case lineOnItsOwnClock
    /// A coordinator does not store that it has confirmed an order.
    case decisionForgotten
    /// Messages count as forwarded although they were not.
    case messagesNotForwarded
    /// A participant does not know which version of an order it has followed.
    case versionForgotten
    /// A part has no guard.
    case guardForgotten
    /// Who stands in line is read from its end.
    case lineSwapped
    /// What buyers have is not found.
    case totalsForgotten
    /// Another policy is read than the one that is in force.
    case policyForgotten
}

extension Stock {
    /// What the constraints of the table say beside the balance.
    fileprivate var isPermitted: Bool {
        (policy.maxPerBuyer == nil || countsBuyers) && policy.contradiction == nil
    }
}

extension Intent {
    /// What the constraints of the table say.
    fileprivate var isPermitted: Bool {
        (state == .reserved && !token.isLine) == (holdUntil != nil) && (state == .rejected) == (reason != nil)
            && (0..<quantity.units).contains(returned)
            && (returned == 0 || state == .confirmed || state == .cancelled)
            && (!state.isInLine || place != nil && grantedAt == nil)
    }
}

extension DeadLetter {
    fileprivate func isSameMessage(as other: DeadLetter) -> Bool {
        delivery.exchange == other.delivery.exchange && delivery.routingKey == other.delivery.routingKey
            && delivery.body == other.delivery.body
            && delivery.details().properties == other.delivery.details().properties
    }
}
