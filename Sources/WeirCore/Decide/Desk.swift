/// Where a batch is decided: the snapshot as the commands so far have changed it, and what they did.
struct Desk {
    let now: Timestamp
    /// The position of the command being decided; nil while lines are served and holds expire.
    var cause: Int?
    let snapshot: Snapshot
    /// How many intents may still get their turn in this batch.
    var grantsLeft: Int
    /// The most that may get their turn in a batch.
    let grantLimit: Int
    var turns: [SKU: Turns] = [:]
    var unserved: [SKU] = []
    var lacking = Lacking()
    var buyerChanges: [BuyerKey: Int64] = [:]
    /// Whether an intent is being replaced: thresholds are looked at behind it.
    var isReplacing = false
    /// SKUs that begin to count their buyers in this batch.
    var beginsCounting: Set<SKU> = []

    /// Due holds and intents in line need not be named by the batch, so they are looked up apart from its tokens.
    private var unnamed: [Token: Intent] = [:]
    private(set) var head: Int64
    /// Everything about orders; empty in a batch without any.
    var orders: OrderDesk
    private var stocks: [SKU: Stock] = [:]
    private var intents: [Token: Intent] = [:]
    private var results: [CommandID: StoredResult] = [:]
    private var events: [Event] = []

    init(_ snapshot: Snapshot, grantLimit: Int) {
        self.snapshot = snapshot
        self.grantLimit = grantLimit
        grantsLeft = grantLimit
        for intent in snapshot.due { unnamed[intent.token] = intent }
        for line in snapshot.lines.values {
            for intent in line.intents { unnamed[intent.token] = intent }
        }
        now = snapshot.now
        head = snapshot.head
        orders = OrderDesk(snapshot.orders)
    }

    // MARK: What is known now

    func stock(of sku: SKU) -> Stock? { stocks[sku] ?? snapshot.stocks[sku] }

    func intent(_ token: Token) -> Intent? {
        intents[token] ?? snapshot.intents[token] ?? unnamed[token]
    }

    func result(of id: CommandID) -> StoredResult? { results[id] ?? snapshot.results[id] }

    var eventCount: Int { events.count }

    // MARK: What happens

    mutating func put(_ stock: Stock) { stocks[stock.sku] = stock }

    mutating func put(_ intent: Intent) { intents[intent.token] = intent }

    mutating func keep(_ result: StoredResult) { results[result.id] = result }

    /// The outcome of the command being decided.
    mutating func tell(_ happening: Happening) { tell(happening, cause: cause) }

    /// Something that nobody asked for: no sender waits for it.
    mutating func tellEverybody(_ happening: Happening) { tell(happening, cause: nil) }

    private mutating func tell(_ happening: Happening, cause: Int?) {
        head += 1
        events.append(Event(seq: head, at: now, cause: cause, happening: happening))
    }

    // MARK: The result

    func decision() -> Decision {
        var decision = Decision(head: head)
        decision.lacking = lacking
        guard lacking.isEmpty else { return decision }
        decision.events = events
        decision.stocks = stocks.values.sorted { $0.sku < $1.sku }.map { after in
            let before = snapshot.stocks[after.sku]
            return StockChange(
                versionBefore: before?.version, after: after,
                changesPolicy: before.map { $0.policy != after.policy } ?? false)
        }
        for intent in intents.values.sorted(by: { $0.token < $1.token }) {
            if let before = snapshot.intents[intent.token] ?? unnamed[intent.token] {
                decision.changed.append(IntentTransition(stateBefore: before.state, after: intent))
            } else {
                decision.decided.append(intent)
            }
        }
        decision.results = results.values.sorted { $0.id < $1.id }
        decision.buyers = countedChanges()
        decision.countedFromNow = countedFromNow()
        decision.unserved = unserved
        decision.orders = orders.decision()
        return decision
    }
}
