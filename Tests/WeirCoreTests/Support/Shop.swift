import WeirCore

/// The reference: a shop as one would write it on a napkin. It serves one command at a time and remembers
/// texts and numbers only. It shares no code with the core; of the core's types it reads only the commands.
///
/// What a SKU has left is not stored but counted anew from the orders each time, so that it cannot drift.
struct Shop {
    struct Order: Equatable {
        /// The buyer in bytes, for Swift's strings are equal where a shop's customers are not.
        var sku: String, units: Int64, buyer: [UInt8]
        var status: String
        var deadline: Int64?
    }

    struct Item: Equatable {
        var stocked: Int64, hold: Int64, limit: Int64?
        var changes: Int64
    }

    var clock: Int64
    var items: [String: Item] = [:]
    var orders: [String: Order] = [:]
    /// What was answered under each command id, and to which command.
    var answers: [String: (to: Command, answer: String)] = [:]

    func units(_ sku: String, _ status: String) -> Int64 {
        orders.values.filter { $0.sku == sku && $0.status == status }.reduce(0) { $0 + $1.units }
    }

    func left(_ sku: String) -> Int64 {
        items[sku]!.stocked - units(sku, "reserved") - units(sku, "confirmed")
    }

    /// Serves one command and says in words what came of it.
    mutating func serve(_ command: Command) -> String {
        guard let id = command.id?.text else {
            if case .submit(let wish) = command { return sell(wish) }
            return "?"
        }
        if let known = answers[id] {
            return known.to == command ? "again: \(known.answer)" : "again: refused command_conflict"
        }
        let answer: String
        switch command {
        case .submit: answer = "?"
        case .confirm(let change): answer = confirm(change.token.text, change.sku.text)
        case .cancel(let change): answer = cancel(change.token.text, change.sku.text)
        case .extend, .order: answer = "?"
        case .define(let definition): answer = define(definition)
        case .adjust(let adjustment): answer = adjust(adjustment.sku.text, adjustment.delta)
        }
        answers[id] = (command, answer)
        return answer
    }

    private mutating func sell(_ wish: Submit) -> String {
        let (token, sku, units) = (wish.token.text, wish.sku.text, wish.quantity.units)
        let buyer = Array(wish.buyer.text.utf8)
        if let known = orders[token] {
            let same = known.sku == sku && known.units == units && known.buyer == buyer
            return same ? "known \(known.status)" : "conflict"
        }
        var order = Order(sku: sku, units: units, buyer: buyer, status: "", deadline: nil)
        if let item = items[sku] {
            if units > item.limit ?? .max {
                order.status = "rejected quantity_limit"
            } else if units > left(sku) {
                order.status = "rejected sold_out"
            } else if item.hold == 0 {
                order.status = "confirmed"
            } else {
                order.status = "reserved"
                order.deadline = clock + item.hold
            }
        } else {
            order.status = "rejected unknown_sku"
        }
        if !order.status.hasPrefix("rejected") { items[sku]!.changes += 1 }
        orders[token] = order
        return order.status
    }

    private mutating func move(_ token: String, to status: String) -> String {
        orders[token]!.status = status
        orders[token]!.deadline = nil
        items[orders[token]!.sku]!.changes += 1
        return status
    }

    private mutating func confirm(_ token: String, _ sku: String) -> String {
        guard let order = orders[token], order.sku == sku else { return "refused unknown_token" }
        if order.status == "confirmed" { return "unchanged" }
        if order.status == "reserved" { return move(token, to: "confirmed") }
        if order.status != "expired" { return "refused wrong_state" }
        return left(sku) < order.units ? "refused shortfall" : move(token, to: "confirmed")
    }

    private mutating func cancel(_ token: String, _ sku: String) -> String {
        guard let order = orders[token], order.sku == sku else { return "refused unknown_token" }
        if order.status == "cancelled" { return "unchanged" }
        let mayEnd = order.status == "reserved" || order.status == "confirmed"
        return mayEnd ? move(token, to: "cancelled") : "refused wrong_state"
    }

    private mutating func define(_ wanted: Definition) -> String {
        let (sku, policy) = (wanted.sku.text, wanted.policy)
        guard let item = items[sku] else {
            items[sku] = Item(
                stocked: wanted.stocked, hold: policy.holdSeconds, limit: policy.maxPerIntent, changes: 1)
            return "defined"
        }
        if item.hold == policy.holdSeconds && item.limit == policy.maxPerIntent { return "unchanged" }
        items[sku]!.hold = policy.holdSeconds
        items[sku]!.limit = policy.maxPerIntent
        items[sku]!.changes += 1
        return "defined"
    }

    private mutating func adjust(_ sku: String, _ delta: Int64) -> String {
        guard let item = items[sku] else { return "refused unknown_sku" }
        if left(sku) + delta < 0 { return "refused below_committed" }
        if item.stocked + delta > 1_000_000_000_000 { return "refused stock_limit" }
        items[sku]!.stocked += delta
        items[sku]!.changes += 1
        return "adjusted"
    }

    /// Ends the holds that have come due, the oldest first, and says which.
    mutating func sweep() -> [String] {
        let due = orders.filter { $0.value.status == "reserved" && $0.value.deadline! <= clock }
            .sorted { ($0.value.deadline!, $0.key) < ($1.value.deadline!, $1.key) }
        return due.map { token, _ in "\(token) \(move(token, to: "expired"))" }
    }
}
