import WeirCore
import WeirPipeline

/// A session of the database in memory.
public final class SimulatedStore: PartitionStore {
    let database: SimulatedDatabase
    let session: Int
    let partition: Int
    /// Asked before each call; may end the session there, or behind the call's effect.
    var disturb: (StoreCall) -> Disturbance = { _ in .none }
    /// Told what a batch asks for, before it is read.
    var onRead: (SnapshotRequest) -> Void = { _ in }
    /// Told that the session ended under a call.
    var onLoss: () -> Void = {}
    /// The suspect that was noted and not decided since.
    private(set) var suspect: [UInt8]?
    /// Refuses a commit, as a deadlock does.
    var refuse: () -> StoreError? = { nil }

    init(_ database: SimulatedDatabase, session: Int, partition: Int) {
        self.database = database
        self.session = session
        self.partition = partition
    }

    public func position() throws(StoreError) -> Position {
        try perform(.position) { () throws(StoreError) in
            let row = database.heads[partition] ?? (0, 0)
            return Position(head: row.head, published: row.published, now: database.now)
        }
    }

    public func read(_ request: SnapshotRequest) throws(StoreError) -> Snapshot {
        onRead(request)
        return try perform(.read) { () throws(StoreError) in
            var snapshot = Snapshot(now: database.now, head: database.heads[partition]?.head ?? 0)
            if database.sabotage != .tokenCheckSkipped {
                for token in request.tokens { snapshot.intents[token] = database.intents[token] }
            }
            for id in request.commandIDs { snapshot.results[id] = database.results[id] }
            if let until = request.dueUntil {
                snapshot.due = Array(due(until: until).prefix(request.dueLimit))
            }
            for sku in request.skus + snapshot.due.map(\.sku) {
                snapshot.stocks[sku] = database.stocks[sku]
                if database.sabotage == .oversell { snapshot.stocks[sku]?.available += 1 }
                if database.sabotage == .policyForgotten {
                    snapshot.stocks[sku]?.policy = SKUPolicy(onShortage: .waitlist)
                }
            }
            addOrders(request.orders, to: &snapshot)
            if database.sabotage == .lineOnItsOwnClock {
                // An order that has come due brings its lines along; without the rule they have a deadline there too.
                for line in snapshot.due where line.token.isLine { snapshot.intents[line.token] = line }
            }
            for (sku, count) in request.lines {
                var line = database.line(of: sku)
                if database.sabotage == .lineSwapped { line.reverse() }
                snapshot.lines[sku] = Line(Array(line.prefix(count)), isWhole: line.count < count)
            }
            for key in request.buyers { snapshot.buyerUnits[key] = total(of: key) }
            for key in request.uncountedBuyers { snapshot.buyerUnits[key] = claims(of: key) }
            return snapshot
        }
    }

    public func unservedLines() throws(StoreError) -> [SKU] {
        try perform(.read) { () throws(StoreError) in
            database.stocks.values.filter {
                $0.sku.isHome(partition, database) && $0.hasLine && $0.grantable > 0
            }.map(\.sku).sorted()
        }
    }

    private func total(of key: BuyerKey) -> Int64 {
        database.sabotage == .totalsForgotten ? 0 : database.buyerTotals[key] ?? 0
    }

    private func claims(of key: BuyerKey) -> Int64 {
        database.intents.values
            .filter { $0.sku == key.sku && $0.buyer == key.buyer && $0.state.counts }
            .reduce(0) { $0 + $1.units }
    }

    private func due(until: Timestamp) -> [Intent] {
        let held = database.intents.values.filter {
            $0.sku.isHome(partition, database) && $0.state == .reserved
                && $0.holdUntil.map { $0 <= until } ?? false
        }.sorted { ($0.holdUntil ?? until, $0.token.text) < ($1.holdUntil ?? until, $1.token.text) }
        if database.sabotage == .lineOnItsOwnClock { return held + linesOnTheirOwnClock(until: until) }
        guard database.sabotage == .holdReleasedTwice, let again = anyExpired() ?? held.first else {
            return held
        }
        var revived = again
        revived.state = .reserved
        revived.holdUntil = until
        return held + [revived]
    }

    private func anyExpired() -> Intent? {
        database.intents.values.filter { $0.sku.isHome(partition, database) && $0.state == .expired }
            .min { $0.token < $1.token }
    }

    public func nextDeadline() throws(StoreError) -> Timestamp? {
        try perform(.position) { () throws(StoreError) in
            database.intents.values.filter { $0.sku.isHome(partition, database) }.compactMap(\.holdUntil)
                .min()
        }
    }

    public func commit(_ batch: BatchWrite) throws(StoreError) {
        try perform(.commit) { () throws(StoreError) in
            if let error = refuse() { throw error }
            try database.commit(batch, partition: partition)
            if batch.clearedSuspects.contains(where: { $0 == suspect }) { suspect = nil }
        }
    }

    public func noteSuspect(_ body: [UInt8]) throws(StoreError) -> Int {
        suspect = body
        return try perform(.read) { () throws(StoreError) in
            database.suspects[partition, default: [:]][body, default: 0] += 1
            return database.suspects[partition]?[body] ?? 1
        }
    }

    public func readLog(after seq: Int64, limit: Int) throws(StoreError) -> [LoggedEvent] {
        try perform(.read) { () throws(StoreError) in
            let log = database.logs[partition] ?? []
            return Array(log[(log.firstIndex { $0.seq > seq } ?? log.endIndex)...].prefix(limit))
        }
    }

    public func ping() throws(StoreError) { try perform(.read) { () throws(StoreError) in } }

    public func close() { database.close(session) }

    func perform<Value>(
        _ call: StoreCall, _ effect: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        guard database.isOpen(session) else {
            onLoss()
            throw StoreError(.away, "the session was lost")
        }
        let disturbance = disturb(call)
        let lost = StoreError(call == .commit ? .commitUncertain : .away, "the session was lost")
        if disturbance != .none { onLoss() }
        if disturbance == .before {
            database.close(session)
            throw lost
        }
        let value = try effect()
        if disturbance == .after {
            database.close(session)
            throw lost
        }
        return value
    }
}

/// What is asked of a session.
public enum StoreCall: Sendable { case position, read, commit }

/// Where a call is disturbed.
public enum Disturbance: Sendable {
    case none
    /// Nothing has happened, and the caller does not know.
    case before
    /// It has happened, and the caller does not know.
    case after
}

extension SKU {
    fileprivate func isHome(_ partition: Int, _ database: SimulatedDatabase) -> Bool {
        database.home(of: self) == partition
    }
}
