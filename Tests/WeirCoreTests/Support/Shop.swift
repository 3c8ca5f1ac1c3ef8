import WeirCore

/// The reference: a shop as one would write it on a napkin. It serves one command at a time and remembers
/// texts and numbers only. It shares no code with the core; of the core's types it reads only the commands.
///
/// What a SKU has left is not stored but counted anew from the orders each time, so that it cannot drift; the same
/// holds for what a buyer has and for who stands in line.
struct Shop {
    struct Order: Equatable {
        /// The buyer in bytes, for Swift's strings are equal where a shop's customers are not.
        var sku: String, units: Int64, buyer: [UInt8]
        var status: String
        var deadline: Int64?
        /// How much was asked for at first, and what else was asked for.
        var asked: Int64, rule: String?, replaces: String?
        /// When the hold began, and the place in line.
        var since: Int64, place: Int64?
    }

    struct Item: Equatable {
        var stocked: Int64, policy: SKUPolicy
        var changes: Int64, places: Int64 = 0
    }

    var clock: Int64
    var items: [String: Item] = [:]
    var orders: [String: Order] = [:]
    /// What was answered under each command id, and to which command.
    var answers: [String: (to: Command, answer: String)] = [:]
    /// What was told since the last look, in order; what nobody asked for names whom it is about.
    var told: [String] = []
    /// How many of the line may still be served today, and whose line has to wait until tomorrow.
    var turns = 0
    var postponed: [String] = []

    func units(_ sku: String, _ status: String) -> Int64 {
        orders.values.filter { $0.sku == sku && $0.status == status }.reduce(0) { $0 + $1.units }
    }

    func left(_ sku: String) -> Int64 {
        items[sku]!.stocked - units(sku, "reserved") - units(sku, "confirmed")
    }

    func line(_ sku: String) -> [String] {
        ["backordered", "waitlisted"].flatMap { status in
            orders.filter { $0.value.sku == sku && $0.value.status == status }
                .sorted { $0.value.place! < $1.value.place! }.map(\.key)
        }
    }

    /// Units that may be given to somebody at all.
    private func free(_ sku: String) -> Int64 { max(0, left(sku) - items[sku]!.policy.safetyStock) }

    /// Units that are on the shelf for everybody.
    private func shelf(_ sku: String) -> Int64 { line(sku).isEmpty ? free(sku) : 0 }

    private func has(_ buyer: [UInt8], _ sku: String) -> Int64 {
        let counted = ["reserved", "confirmed", "waitlisted", "backordered"]
        return orders.values
            .filter { $0.sku == sku && $0.buyer == buyer && counted.contains($0.status) }
            .reduce(0) { $0 + $1.units }
    }

    // MARK: A day at the shop

    /// A batch begins: whose line had to wait comes first.
    mutating func open(turns: Int) {
        self.turns = turns
        let waiting = postponed
        postponed = []
        for sku in waiting { serveLine(sku) }
    }

    /// Serves one command; what came of it is told.
    mutating func serve(_ command: Command) {
        guard let id = command.id?.text else {
            if case .submit(let wish) = command { sell(wish) }
            if case .discard(let wish) = command { giveUp(wish) }
            return
        }
        if let known = answers[id] {
            // How many units came back is not said again: the answer shows the intent as it was then.
            let answer = known.answer.hasPrefix("returned") ? "returned" : known.answer
            told.append(known.to == command ? "again: \(answer)" : "again: refused command_conflict")
            return
        }
        let place = told.count
        let sku = command.sku?.text ?? ""
        let before = items[sku] == nil ? nil : (shelf(sku), items[sku]!.policy.lowStockAt)
        let answer: String
        switch command {
        case .submit, .discard: answer = "?"
        case .confirm(let change): answer = confirm(change.token.text, sku)
        case .cancel(let change): answer = cancel(change.token.text, sku, change.quantity?.units)
        case .extend(let wish): answer = extend(wish.token.text, sku, wish.holdUntil.microseconds / 1_000_000)
        case .order: answer = "?"
        case .define(let definition): answer = define(definition)
        case .adjust(let adjustment): answer = adjust(sku, adjustment.delta)
        }
        answers[id] = (command, answer)
        told.insert(answer, at: place)
        if let before { watch(sku, before.0, before.1) }
        if items[sku] != nil { serveLine(sku) }
    }

    /// Ends the holds that have come due, the oldest first.
    mutating func sweep() {
        let due = orders.filter { $0.value.status == "reserved" && $0.value.deadline! <= clock }
            .sorted { ($0.value.deadline!, $0.key) < ($1.value.deadline!, $1.key) }
        for (token, order) in due {
            let before = shelf(order.sku)
            told.append("\(token) \(move(token, to: "expired"))")
            watch(order.sku, before, items[order.sku]!.policy.lowStockAt)
            serveLine(order.sku)
        }
    }

    // MARK: Buying

    private func newOrder(_ wish: Submit) -> Order {
        Order(
            sku: wish.sku.text, units: wish.quantity.units, buyer: Array(wish.buyer.text.utf8), status: "",
            asked: wish.quantity.units, rule: wish.onShortage?.rawValue, replaces: wish.replaces?.text,
            since: clock, place: nil)
    }

    /// Whether the token was used before; then it is told how that stands.
    private mutating func isKnown(_ token: String, _ order: Order) -> Bool {
        guard let known = orders[token] else { return false }
        let same =
            known.sku == order.sku && known.asked == order.asked && known.buyer == order.buyer
            && known.rule == order.rule && known.replaces == order.replaces
        told.append(same ? "known \(known.status)" : "conflict")
        return true
    }

    private mutating func giveUp(_ wish: Submit) {
        var order = newOrder(wish)
        guard !isKnown(wish.token.text, order) else { return }
        order.status = "rejected discarded"
        orders[wish.token.text] = order
        told.append(order.status)
    }

    private mutating func sell(_ wish: Submit) {
        let (token, sku) = (wish.token.text, wish.sku.text)
        let buyer = Array(wish.buyer.text.utf8)
        var order = newOrder(wish)
        guard !isKnown(token, order) else { return }
        guard let item = items[sku] else {
            order.status = "rejected unknown_sku"
            orders[token] = order
            told.append(order.status)
            return
        }
        let before = shelf(sku)
        var own: Int64 = 0
        if let older = order.replaces {
            guard let old = orders[older], old.sku == sku, old.buyer == buyer, old.status != "confirmed"
            else {
                order.status = "rejected not_replaceable"
                orders[token] = order
                told.append(order.status)
                return
            }
            if old.status == "reserved" { own = old.units }
            if old.status == "expired" {
                orders[older]!.status = "cancelled"
                told.append("\(older) cancelled")
            } else if old.status != "cancelled", !old.status.hasPrefix("rejected") {
                told.append("\(older) \(move(older, to: "cancelled"))")
            }
        }
        order.status = verdict(on: order, item.policy, own)
        if order.status == "reserved" { order.deadline = clock + item.policy.holdSeconds }
        if order.status == "waitlisted" || order.status == "backordered" {
            items[sku]!.places += 1
            order.place = items[sku]!.places
        }
        if !order.status.hasPrefix("rejected") { items[sku]!.changes += 1 }
        orders[token] = order
        told.append(order.status)
        watch(sku, before, item.policy.lowStockAt)
        serveLine(sku)
    }

    private func verdict(on order: Order, _ policy: SKUPolicy, _ own: Int64) -> String {
        let now = clock * 1_000_000
        if now < policy.onSaleFrom?.microseconds ?? .min || now >= policy.onSaleUntil?.microseconds ?? .max {
            return "rejected not_on_sale"
        }
        if order.units > policy.maxPerIntent ?? .max { return "rejected quantity_limit" }
        if has(order.buyer, order.sku) + order.units > policy.maxPerBuyer ?? .max {
            return "rejected buyer_limit"
        }
        if order.units <= max(own, shelf(order.sku)) {
            return policy.holdSeconds == 0 ? "confirmed" : "reserved"
        }
        let rules = ["reject", "waitlist", "backorder"]
        let granted = rules.firstIndex(of: policy.onShortage.rawValue)!
        let wanted = order.rule.map { rules.firstIndex(of: $0)! } ?? granted
        switch min(granted, wanted) {
        case 1 where units(order.sku, "waitlisted") + order.units <= policy.waitlistLimit ?? .max:
            return "waitlisted"
        case 2 where units(order.sku, "backordered") + order.units <= policy.backorderLimit ?? .max:
            return "backordered"
        default: return "rejected sold_out"
        }
    }

    /// Serves those in line, one after the other, as long as the first can have what he wants.
    private mutating func serveLine(_ sku: String) {
        while let first = line(sku).first, free(sku) > 0 {
            if turns == 0 {
                if !postponed.contains(sku) { postponed.append(sku) }
                return
            }
            if orders[first]!.units > free(sku) { return }
            turns -= 1
            let (before, hold) = (shelf(sku), items[sku]!.policy.holdSeconds)
            told.append("\(first) \(move(first, to: hold == 0 ? "confirmed" : "reserved"))")
            orders[first]!.deadline = hold == 0 ? nil : clock + hold
            orders[first]!.since = clock
            watch(sku, before, items[sku]!.policy.lowStockAt)
        }
    }

    /// Says which thresholds the shelf went through since it held so much.
    private mutating func watch(_ sku: String, _ before: Int64, _ lowBefore: Int64?) {
        let (now, low) = (shelf(sku), items[sku]!.policy.lowStockAt)
        if let low, now <= low, before > lowBefore ?? -1 { told.append("\(sku) low_stock") }
        if before > 0, now == 0 { told.append("\(sku) sold_out") }
        if before == 0, now > 0 { told.append("\(sku) back_in_stock") }
    }

    // MARK: Changing

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
        let most = items[sku]!.policy.maxPerBuyer ?? .max
        let isShort = free(sku) < order.units || has(order.buyer, sku) + order.units > most
        return isShort ? "refused shortfall" : move(token, to: "confirmed")
    }

    private mutating func cancel(_ token: String, _ sku: String, _ part: Int64?) -> String {
        guard let order = orders[token], order.sku == sku else { return "refused unknown_token" }
        let isLive = ["reserved", "confirmed", "waitlisted", "backordered"].contains(order.status)
        if let part, !(isLive && part == order.units) {
            if order.status != "confirmed" { return "refused wrong_state" }
            if part > order.units { return "refused too_many" }
            orders[token]!.units -= part
            items[sku]!.changes += 1
            return "returned \(part)"
        }
        if order.status == "cancelled" { return "unchanged" }
        return isLive ? move(token, to: "cancelled") : "refused wrong_state"
    }

    private mutating func extend(_ token: String, _ sku: String, _ until: Int64) -> String {
        guard let order = orders[token], order.sku == sku else { return "refused unknown_token" }
        guard order.status == "reserved" else { return "refused wrong_state" }
        if until <= order.deadline! { return "unchanged" }
        if until <= clock { return "refused deadline_passed" }
        if until > order.since + (items[sku]!.policy.maxHoldSeconds ?? -1) { return "refused hold_limit" }
        orders[token]!.deadline = until
        return "extended"
    }

    private mutating func define(_ wanted: Definition) -> String {
        let sku = wanted.sku.text
        switch wanted.ifVersion {
        case .any where items[sku] == nil: return "refused version_mismatch"
        case .exactly(let version) where items[sku]?.changes != version: return "refused version_mismatch"
        default: break
        }
        guard let item = items[sku] else {
            items[sku] = Item(stocked: wanted.stocked, policy: wanted.policy, changes: 1)
            return "defined"
        }
        if item.policy == wanted.policy { return "unchanged" }
        items[sku]!.policy = wanted.policy
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
}
