/// The part of a ``Desk`` that is about orders: nothing but empty dictionaries in a batch without any.
struct OrderDesk {
    private let snapshot: OrderSnapshot
    private var rows: [Token: OrderRow] = [:]
    private var parts: [Token: OrderPart] = [:]
    private var addresses: [EventAddress] = []
    private var answers: [LateAnswer] = []

    init(_ snapshot: OrderSnapshot) { self.snapshot = snapshot }

    var partition: Int { snapshot.partition }
    var due: [Token] { snapshot.due }

    func isHome(_ sku: SKU) -> Bool { snapshot.isHome(of: sku) }
    func others(of lines: [OrderLine]) -> PartitionSet { snapshot.others(of: lines) }

    func row(_ order: Token) -> OrderRow? { rows[order] ?? snapshot.rows[order] }
    func part(_ order: Token) -> OrderPart? { parts[order] ?? snapshot.parts[order] }
    func part(_ order: Token, of partition: Int) -> OrderPart? { snapshot.otherParts[order]?[partition] }

    mutating func put(_ row: OrderRow) { rows[row.order.token] = row }
    mutating func put(_ part: OrderPart) { parts[part.order] = part }
    mutating func address(_ seq: Int64, to partitions: PartitionSet) {
        addresses.append(EventAddress(seq: seq, to: partitions))
    }
    /// Notes that an event shows an order, or is about a part.
    mutating func note(_ happening: OrderHappening, _ seq: Int64) {
        switch happening {
        case .state, .told, .shortfall:
            guard var row = row(happening.order) else { return }
            row.lastSeq = seq
            put(row)
        case .part, .inquired:
            guard var part = part(happening.order) else { return }
            part.lastSeq = seq
            put(part)
        case .conflict, .answered: return
        }
    }
    mutating func answer(_ sender: Sender, by seq: Int64) {
        answers.append(LateAnswer(seq: seq, sender: sender))
    }

    func decision() -> OrderDecision {
        var decision = OrderDecision()
        guard !(rows.isEmpty && parts.isEmpty && addresses.isEmpty) else { return decision }
        decision.rows = rows.values.sorted { $0.order.token < $1.order.token }.map {
            OrderRowChange(versionBefore: snapshot.rows[$0.order.token]?.order.version, after: $0)
        }
        decision.parts = parts.values.sorted { $0.order < $1.order }.map {
            OrderPartChange(isNew: snapshot.parts[$0.order] == nil, after: $0)
        }
        decision.addresses = addresses
        decision.answers = answers
        return decision
    }
}

extension Desk {
    /// Tells of an order, and sends it to partitions; it is the outcome of the command being decided if it `isOutcome`,
    /// else the answer to a sender who has waited since an earlier batch, if there is one.
    mutating func send(
        _ happening: OrderHappening, to partitions: PartitionSet, isOutcome: Bool = false,
        answering sender: Sender? = nil
    ) {
        if isOutcome { tell(.order(happening)) } else { tellEverybody(.order(happening)) }
        orders.note(happening, head)
        if !partitions.isEmpty { orders.address(head, to: partitions) }
        if let sender { orders.answer(sender, by: head) }
    }
}
