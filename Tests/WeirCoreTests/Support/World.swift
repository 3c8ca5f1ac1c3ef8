import WeirCore

/// What a partition's tables hold, in memory: it reads snapshots and writes decisions.
struct World: Hashable {
    var now: Timestamp
    var head: Int64 = 0
    var stocks: [SKU: Stock] = [:]
    var intents: [Token: Intent] = [:]
    var results: [CommandID: StoredResult] = [:]

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
            if let id = command.id { snapshot.results[id] = results[id] }
        }
        for intent in snapshot.due { snapshot.stocks[intent.sku] = stocks[intent.sku] }
        return snapshot
    }

    /// Holds whose deadline has come, the oldest first.
    var due: [Intent] {
        let now = now
        return intents.values.filter { $0.state == .reserved && $0.holdUntil! <= now }
            .sorted { ($0.holdUntil!, $0.token) < ($1.holdUntil!, $1.token) }
    }

    /// Decides a batch and writes it; throws the first promise that the decision breaks.
    @discardableResult
    mutating func run(_ commands: [Command], withDue: Bool) throws(Broken) -> [Event] {
        let decision = decide(commands, in: snapshot(for: commands, withDue: withDue))
        try Audit(of: commands.count, before: self).check(decision)
        write(decision)
        try Audit.checkRows(of: self)
        return decision.events
    }

    private mutating func write(_ decision: Decision) {
        head = decision.head
        for change in decision.stocks { stocks[change.after.sku] = change.after }
        for intent in decision.decided { intents[intent.token] = intent }
        for transition in decision.changed { intents[transition.after.token] = transition.after }
        for result in decision.results { results[result.id] = result }
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
