import WeirCore

/// What a worker remembers of lines and buyers between batches, so that a batch reads no more than it needs. All of it
/// can be lost: a new owner asks the database once, and a decision says what it lacks.
struct LineMemory: Sendable {
    /// SKUs whose line has to be served on, even if no command comes.
    private(set) var unserved: [SKU]
    /// SKUs that count what each buyer has.
    private(set) var counting: Set<SKU> = []
    /// The most lines that one batch goes on serving.
    private static let unservedLimit = 16
    private static let countingLimit = 100_000

    init(unserved: [SKU] = []) { self.unserved = unserved }

    /// The lines that the next batch goes on serving.
    var turn: ArraySlice<SKU> { unserved.prefix(Self.unservedLimit) }

    /// Decides a batch. Rows that the decision turns out to lack are read, and it is made again: only batches in
    /// which units come free for somebody in line pay for that.
    func decide(
        _ commands: [Command], _ snapshot: inout Snapshot, _ store: some PartitionStore
    ) throws(StoreError) -> Decision {
        snapshot.unserved = Array(turn)
        var decision = WeirCore.decide(commands, in: snapshot)
        while !decision.lacking.isEmpty {
            var request = SnapshotRequest()
            request.lines = decision.lacking.lines
            request.buyers = decision.lacking.buyers
            request.uncountedBuyers = decision.lacking.uncountedBuyers
            let more = try store.read(request)
            guard more.head == snapshot.head else {
                throw StoreError(.notOwner, "the head moved from \(snapshot.head) to \(more.head) meanwhile")
            }
            snapshot.lines.merge(more.lines) { $1 }
            snapshot.buyerUnits.merge(more.buyerUnits) { $1 }
            decision = WeirCore.decide(commands, in: snapshot)
        }
        return decision
    }

    /// A batch was committed.
    mutating func committed(_ decision: Decision, _ snapshot: Snapshot) {
        unserved.removeFirst(snapshot.unserved.count)
        for sku in decision.unserved where !unserved.contains(sku) { unserved.append(sku) }
        if counting.count > Self.countingLimit { counting = [] }
        for change in decision.stocks where change.after.countsBuyers { counting.insert(change.after.sku) }
        for (sku, stock) in snapshot.stocks where stock.countsBuyers { counting.insert(sku) }
    }
}

extension SnapshotRequest {
    init(
        for commands: [Command], dueUntil: Timestamp?, _ memory: LineMemory = LineMemory(),
        dueOrders: [Token] = [], isHome: (SKU) -> Bool = { _ in true }
    ) {
        self.init()
        orders = dueOrders
        var seenOrders = Set(dueOrders)
        var (seenSKUs, seenTokens, seenIDs) = (Set<SKU>(), Set<Token>(), Set<CommandID>())
        for sku in memory.turn where seenSKUs.insert(sku).inserted { skus.append(sku) }
        for command in commands {
            if let sku = command.sku, seenSKUs.insert(sku).inserted { skus.append(sku) }
            if let token = command.token, seenTokens.insert(token).inserted { tokens.append(token) }
            if let id = command.id, seenIDs.insert(id).inserted { commandIDs.append(id) }
            if case .order(let order) = command { add(order, &seenOrders, &seenSKUs, isHome: isHome) }
            guard case .submit(let submit) = command else { continue }
            if let older = submit.replaces, seenTokens.insert(older).inserted { tokens.append(older) }
            if !memory.counting.isEmpty, memory.counting.contains(submit.sku) {
                buyers.insert(BuyerKey(submit.sku, submit.buyer))
            }
        }
        self.dueUntil = dueUntil
        dueLimit = dueUntil == nil ? 0 : PartitionWorker.dueLimit
    }
}
