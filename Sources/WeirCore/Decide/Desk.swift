/// Where a batch is decided: the snapshot as the commands so far have changed it, and what they did.
struct Desk {
    let now: Timestamp
    /// The position of the command being decided; nil while holds expire.
    var cause: Int?

    private let snapshot: Snapshot
    /// Due holds need not be named by the batch, so they are looked up apart from its tokens.
    private let due: [Token: Intent]
    private var head: Int64
    private var stocks: [SKU: Stock] = [:]
    private var intents: [Token: Intent] = [:]
    private var results: [CommandID: StoredResult] = [:]
    private var events: [Event] = []

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        due = Dictionary(snapshot.due.map { ($0.token, $0) }) { first, _ in first }
        now = snapshot.now
        head = snapshot.head
    }

    // MARK: What is known now

    func stock(of sku: SKU) -> Stock? { stocks[sku] ?? snapshot.stocks[sku] }

    func intent(_ token: Token) -> Intent? { intents[token] ?? snapshot.intents[token] ?? due[token] }

    func result(of id: CommandID) -> StoredResult? { results[id] ?? snapshot.results[id] }

    var eventCount: Int { events.count }

    // MARK: What happens

    mutating func put(_ stock: Stock) { stocks[stock.sku] = stock }

    mutating func put(_ intent: Intent) { intents[intent.token] = intent }

    mutating func keep(_ result: StoredResult) { results[result.id] = result }

    mutating func tell(_ happening: Happening) {
        head += 1
        events.append(Event(seq: head, at: now, cause: cause, happening: happening))
    }

    // MARK: The result

    func decision() -> Decision {
        var decision = Decision(head: head)
        decision.events = events
        decision.stocks = stocks.values.sorted { $0.sku < $1.sku }.map {
            StockChange(versionBefore: snapshot.stocks[$0.sku]?.version, after: $0)
        }
        for intent in intents.values.sorted(by: { $0.token < $1.token }) {
            if let before = snapshot.intents[intent.token] ?? due[intent.token] {
                decision.changed.append(IntentTransition(stateBefore: before.state, after: intent))
            } else {
                decision.decided.append(intent)
            }
        }
        decision.results = results.values.sorted { $0.id < $1.id }
        return decision
    }
}
