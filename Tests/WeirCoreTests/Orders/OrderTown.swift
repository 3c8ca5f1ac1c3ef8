import WeirCore

/// Several partitions with their tables, in memory, and the messages that are under way between them. A test delivers
/// these in whatever order it likes, twice, or never.
struct OrderTown {
    /// A message on its way.
    struct Letter: Hashable {
        let to: Int
        let message: OrderMessage
    }

    let partitioning = Partitioning(count: 3)!
    var now: Timestamp
    private(set) var heads = [0, 0, 0] as [Int64]
    private(set) var stocks: [SKU: Stock] = [:]
    private(set) var intents: [Token: Intent] = [:]
    private(set) var results: [CommandID: StoredResult] = [:]
    private(set) var orders: [Token: OrderRow] = [:]
    private(set) var parts: [Int: [Token: OrderPart]] = [:]
    var mail: [Letter] = []
    /// Every event, in the order of its commit.
    private(set) var told: [Happening] = []
    /// Who was answered late, and by what.
    private(set) var answered: [(sender: Sender, happening: Happening)] = []

    /// A SKU of each partition, and a second one of the first.
    static let (a, b, c, a2) = (sku(0), sku(1), sku(2), sku(0, 1))

    private static func sku(_ partition: Int, _ skipping: Int = 0) -> SKU {
        let all = (0..<100).map { SKU("s\($0)")! }.filter {
            Partitioning(count: 3)!.partition(of: $0) == partition
        }
        return all[skipping]
    }

    /// A token whose coordinator is this partition, unless all lines live together.
    static func token(coordinatedBy partition: Int, _ prefix: String = "o") -> Token {
        (0..<100).map { Token("\(prefix)\($0)")! }.first {
            Partitioning(count: 3)!.coordinator(of: $0, lines: []) == partition
        }!
    }

    /// A town with so many units of each SKU, held for ten seconds.
    init(_ units: [SKU: Int64], policy: SKUPolicy = SKUPolicy(holdSeconds: 10)) {
        now = at(noon)
        for (sku, count) in units { stocks[sku] = Stock(defining: sku, stocked: count, policy: policy) }
    }

    mutating func set(_ policy: SKUPolicy, of sku: SKU) { stocks[sku]?.policy = policy }

    mutating func pass(seconds: Int64) { now = now.adding(seconds: seconds) }

    /// Another database without the order, as after a restore.
    mutating func forget(_ order: Token) { orders[order] = nil }

    /// Forgets an order as a prune does, with its parts and lines.
    mutating func prune(_ order: Token) {
        forget(order)
        for partition in parts.keys { parts[partition]?[order] = nil }
        intents = intents.filter { $0.key.line?.order != order }
    }

    /// Another row than the coordinator would ever write.
    mutating func falsify(_ row: OrderRow) { orders[row.order.token] = row }

    // MARK: Deciding

    /// Decides a command at the partition that it goes to; a confirm, a cancel or an extension goes to the coordinator.
    @discardableResult
    mutating func ask(_ command: OrderCommand) -> [Happening] {
        let home =
            orders[command.order]?.order.coordinator ?? partitioning.home(of: .order(command))
        return decide([.order(command)], at: home)
    }

    /// Delivers a message; it stays under way if it is delivered `twice`.
    @discardableResult
    mutating func deliver(_ position: Int = 0, twice: Bool = false) -> [Happening] {
        let letter = mail[position]
        if !twice { mail.remove(at: position) }
        return decide([.order(.message(letter.message))], at: letter.to)
    }

    /// Delivers everything, in its order, until nothing is under way.
    mutating func settle() {
        while !mail.isEmpty { deliver() }
    }

    /// Every partition looks at what has come due.
    mutating func lookAround() {
        for partition in 0..<partitioning.count { decide([], at: partition) }
    }

    @discardableResult
    mutating func decide(_ commands: [Command], at partition: Int) -> [Happening] {
        let decision = WeirCore.decide(commands, in: snapshot(partition))
        write(decision, partition)
        return decision.events.map(\.happening)
    }

    /// Everything that the partition can see; its own due orders.
    private func snapshot(_ partition: Int) -> Snapshot {
        var snapshot = Snapshot(now: now, head: heads[partition])
        snapshot.stocks = stocks.filter { partitioning.partition(of: $0.key) == partition }
        snapshot.intents = intents.filter { partitioning.partition(of: $0.value.sku) == partition }
        snapshot.results = results
        for sku in snapshot.stocks.keys {
            for buyer in [ann, bob] {
                let claims = snapshot.intents.values.filter {
                    $0.sku == sku && $0.buyer == buyer && ($0.state.isClaim || $0.state.isInLine)
                }
                snapshot.buyerUnits[BuyerKey(sku, buyer)] = claims.reduce(0) { $0 + $1.units }
            }
        }
        for (sku, waiting) in Dictionary(
            grouping: snapshot.intents.values.filter(\.state.isInLine), by: \.sku)
        {
            snapshot.lines[sku] = Line(waiting.sorted { ($0.place ?? 0) < ($1.place ?? 0) }, isWhole: true)
        }
        snapshot.orders = OrderSnapshot(partition: partition, partitioning: partitioning)
        snapshot.orders.rows = orders
        snapshot.orders.parts = parts[partition] ?? [:]
        for (other, parts) in parts where other != partition {
            for part in parts.values { snapshot.orders.otherParts[part.order, default: [:]][other] = part }
        }
        let now = now
        let due = orders.values.filter {
            $0.order.coordinator == partition && ($0.dueAt.map { $0 <= now } ?? false)
        }
        .map(\.order.token)
        let guards = (parts[partition] ?? [:]).values.filter { $0.guardAt.map { $0 <= now } ?? false }
            .map(\.order)
        snapshot.orders.due = Set(due + guards).sorted()
        snapshot.due = snapshot.intents.values.filter {
            $0.state == .reserved && $0.holdUntil.map { $0 <= now } ?? false
        }
        .sorted { $0.token < $1.token }
        return snapshot
    }

    private mutating func write(_ decision: Decision, _ partition: Int) {
        let before = heads[partition]
        heads[partition] = decision.head
        for change in decision.stocks { stocks[change.after.sku] = change.after }
        for intent in decision.decided + decision.changed.map(\.after) { intents[intent.token] = intent }
        for result in decision.results { results[result.id] = result }
        for change in decision.orders.rows { orders[change.after.order.token] = change.after }
        for change in decision.orders.parts {
            parts[partition, default: [:]][change.after.order] = change.after
        }
        for address in decision.orders.addresses {
            guard case .order(let happening) = decision.events[Int(address.seq - before) - 1].happening,
                let message = happening.message
            else { continue }
            for target in address.to { mail.append(Letter(to: target, message: message)) }
        }
        for answer in decision.orders.answers {
            answered.append((answer.sender, decision.events[Int(answer.seq - before) - 1].happening))
        }
        told += decision.events.map(\.happening)
    }

    // MARK: Looking

    func state(_ order: Token) -> OrderState? { orders[order]?.order.state }

    /// Where the lines stand, in order; nil for one that its partition does not know.
    func lines(_ order: Token) -> [IntentState?] {
        (orders[order]?.order.lines ?? []).indices.map { intents[.line($0 + 1, of: order)]?.state }
    }

    func stock(_ sku: SKU) -> (available: Int64, held: Int64, sold: Int64) {
        let stock = stocks[sku]!
        return (stock.available, stock.held, stock.sold)
    }
}

extension OrderHappening {
    /// What the event says to a partition that it goes to.
    var message: OrderMessage? {
        switch self {
        case .state(let order, _), .told(let order): .image(order)
        case .part(let answer): .answer(answer)
        case .inquired(let inquiry): .inquiry(inquiry)
        case .shortfall, .conflict, .answered: nil
        }
    }
}

func order(
    _ token: Token, _ lines: [(SKU, Int64)], by buyer: Buyer = ann, replyTo: String? = nil
) -> OrderCommand {
    let sender = replyTo.map { Sender(replyTo: $0, correlationID: "1") }
    return .submit(
        OrderSubmit(
            token: token, buyer: buyer, lines: lines.map { (sku: $0.0, quantity: Quantity($0.1)!) },
            sender: sender)!)
}

func discard(_ token: Token, _ lines: [(SKU, Int64)]) -> OrderCommand {
    guard case .submit(let submit) = order(token, lines) else { fatalError("an order is a submit") }
    return .discard(submit)
}

func confirm(order: Token, id name: String = "c1", replyTo: String? = nil) -> OrderCommand {
    let sender = replyTo.map { Sender(replyTo: $0, correlationID: "2") }
    return .confirm(OrderChange(id: id(name), order: order, sender: sender))
}

func cancel(order: Token, _ lines: [Int] = [], id name: String = "x1") -> OrderCommand {
    .cancel(OrderChange(id: id(name), order: order, lines: lines))
}

func extend(order: Token, to seconds: Int64, id name: String = "e1") -> OrderCommand {
    .extend(OrderExtension(id: id(name), order: order, holdUntil: at(seconds)))
}

extension OrderRow {
    /// The same, whatever told of it last.
    var withoutSeq: OrderRow {
        var row = self
        row.lastSeq = 0
        return row
    }
}

extension OrderPart {
    /// The same, whatever told of it last.
    var withoutSeq: OrderPart {
        var part = self
        part.lastSeq = 0
        return part
    }
}
