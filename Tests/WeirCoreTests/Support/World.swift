import WeirCore

/// What a partition's tables hold, in memory: it reads snapshots and writes decisions.
struct World: Hashable {
    var now: Timestamp
    var head: Int64 = 0
    var stocks: [SKU: Stock] = [:]
    var intents: [Token: Intent] = [:]
    var results: [CommandID: StoredResult] = [:]
    /// What buyers have of the SKUs that count it.
    var totals: [BuyerKey: Int64] = [:]
    /// SKUs whose line the next batch goes on serving.
    var unserved: [SKU] = []

    init(at seconds: Int64, _ rows: [Stock]) {
        now = Timestamp(microseconds: seconds * 1_000_000)
        for row in rows { stocks[row.sku] = row }
    }

    /// What a batch needs and nothing more, so that a rule that looks further is found out.
    func snapshot(for commands: [Command], withDue: Bool) -> Snapshot {
        var snapshot = Snapshot(now: now, head: head, due: withDue ? due : [])
        for command in commands {
            if let sku = command.sku { snapshot.stocks[sku] = stocks[sku] }
            if let token = command.token { snapshot.intents[token] = intents[token] }
            if case .submit(let wish) = command, let older = wish.replaces {
                snapshot.intents[older] = intents[older]
            }
            if let id = command.id { snapshot.results[id] = results[id] }
        }
        for intent in snapshot.due { snapshot.stocks[intent.sku] = stocks[intent.sku] }
        snapshot.unserved = unserved
        for sku in unserved { snapshot.stocks[sku] = stocks[sku] }
        return snapshot
    }

    /// Holds whose deadline has come, the oldest first.
    var due: [Intent] {
        let now = now
        return intents.values.filter { $0.state == .reserved && $0.holdUntil! <= now }
            .sorted { ($0.holdUntil!, $0.token) < ($1.holdUntil!, $1.token) }
    }

    /// Who stands in line for a SKU, in the order of their turn.
    func line(of sku: SKU) -> [Intent] {
        ([.backordered, .waitlisted] as [IntentState]).flatMap { state in
            intents.values.filter { $0.sku == sku && $0.state == state }.sorted { $0.place! < $1.place! }
        }
    }

    func claims(of key: BuyerKey) -> Int64 {
        intents.values.filter { $0.sku == key.sku && $0.buyer == key.buyer && $0.state.counts }
            .reduce(0) { $0 + $1.quantity.units - $1.returned }
    }

    /// Decides a batch and writes it; throws the first promise that the decision breaks.
    @discardableResult
    mutating func run(
        _ commands: [Command], withDue: Bool, grantLimit: Int = Line.grantLimit
    ) throws(Broken) -> [Event] {
        let decision = try complete(commands, snapshot(for: commands, withDue: withDue), grantLimit)
        try Audit(of: commands.count, before: self).check(decision)
        write(decision)
        try Audit.checkRows(of: self)
        return decision.events
    }

    /// Reads what the decision lacks until it lacks nothing.
    private func complete(
        _ commands: [Command], _ first: Snapshot, _ grantLimit: Int
    ) throws(Broken) -> Decision {
        var snapshot = first
        for _ in 0..<20 {
            let decision = decide(commands, in: snapshot, grantLimit: grantLimit)
            if decision.lacking.isEmpty { return decision }
            for (sku, count) in decision.lacking.lines {
                let whole = line(of: sku)
                try promise(count > snapshot.lines[sku]?.intents.count ?? 0, "\(sku): asked for no more")
                try promise(count <= 3 * grantLimit, "\(sku): asked for \(count) of its line")
                snapshot.lines[sku] = Line(Array(whole.prefix(count)), isWhole: whole.count < count)
            }
            for key in decision.lacking.buyers {
                try promise(
                    stocks[key.sku]?.countsBuyers == true, "\(key): asked for a total that is not kept")
                snapshot.buyerUnits[key] = totals[key] ?? 0
            }
            for key in decision.lacking.uncountedBuyers { snapshot.buyerUnits[key] = claims(of: key) }
        }
        throw Broken("the decision never had enough")
    }

    private mutating func write(_ decision: Decision) {
        head = decision.head
        for change in decision.stocks { stocks[change.after.sku] = change.after }
        for intent in decision.decided { intents[intent.token] = intent }
        for transition in decision.changed { intents[transition.after.token] = transition.after }
        for result in decision.results { results[result.id] = result }
        for change in decision.buyers { totals[change.key, default: 0] += change.units }
        for sku in decision.countedFromNow {
            for intent in intents.values where intent.sku == sku && intent.state.counts {
                let key = BuyerKey(sku, intent.buyer)
                totals[key] = claims(of: key)
            }
        }
        // A total of nothing is as good as none.
        totals = totals.filter { $0.value != 0 }
        unserved = decision.unserved
    }
}

/// A promise that did not hold.
struct Broken: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Stops at a promise that does not hold. The text is built only then: millions of steps are checked.
func promise(_ holds: Bool, _ text: @autoclosure () -> String) throws(Broken) {
    if !holds { throw Broken(text()) }
}
