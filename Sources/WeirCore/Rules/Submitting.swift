extension Desk {
    /// Decides a wish to buy. The first rule that applies, from the top, names the outcome.
    mutating func decide(_ submit: Submit) {
        if let known = intent(submit.token) { return repeatOutcome(of: known, to: submit) }
        guard let stock = stock(of: submit.sku) else { return reject(submit, .unknownSKU, stock: nil) }
        if let older = submit.replaces { return replace(older, by: submit, stock) }
        settle(submit, stock, own: 0)
        // Whom units are promised comes before everybody who waits: there may be one that those left lying.
        if stock.policy.onShortage == .backorder { serveLine(of: submit.sku) }
    }

    /// Decides a wish of which everything is known; `own` units are its own already, whoever stands in line.
    mutating func settle(_ submit: Submit, _ stock: Stock, own: Int64) {
        let (policy, units) = (stock.policy, submit.quantity.units)
        if let reason = refusal(of: submit, stock) { return reject(submit, reason, stock: stock) }
        if units <= own || units <= stock.offered { return take(submit, stock) }
        switch min(submit.onShortage ?? policy.onShortage, policy.onShortage) {
        case .reject: return reject(submit, .soldOut, stock: stock)
        case .waitlist:
            let isRoom = policy.waitlistLimit.map { units <= $0 - stock.waitlisted } ?? true
            return isRoom ? join(.waitlisted, submit, stock) : reject(submit, .soldOut, stock: stock)
        case .backorder:
            let isRoom = policy.backorderLimit.map { units <= $0 - stock.backordered } ?? true
            return isRoom ? join(.backordered, submit, stock) : reject(submit, .soldOut, stock: stock)
        }
    }

    /// Why a wish may not be had, however many units there are; nil when it may.
    mutating func refusal(of submit: Submit, _ stock: Stock) -> RejectionReason? {
        let units = submit.quantity.units
        guard stock.policy.isOnSale(at: now) else { return .notOnSale }
        if let limit = stock.policy.maxPerIntent, units > limit { return .quantityLimit }
        return mayHave(units, submit.buyer, of: stock) ? nil : .buyerLimit
    }

    /// Units are set aside, or sold at once where the SKU knows no holds.
    private mutating func take(_ submit: Submit, _ stock: Stock) {
        let isFinal = stock.policy.holdSeconds == 0
        var intent = submit.decided(isFinal ? .confirmed : .reserved, at: now)
        if !isFinal { intent.holdUntil = now.adding(seconds: stock.policy.holdSeconds) }
        enter(intent, from: nil, stock)
    }

    /// A token is decided once: the same wish gets the same intent again, another one is a conflict.
    private mutating func repeatOutcome(of known: Intent, to submit: Submit) {
        guard known.repeats(submit) else { return tell(.conflict(submit.token, sku: submit.sku)) }
        tell(
            .answered(
                kind: .submit, id: submit.token.text, sku: submit.sku,
                result: CommandResult(.unchanged, .intent(known)).replayed()))
    }

    mutating func reject(_ submit: Submit, _ reason: RejectionReason, stock: Stock?) {
        var intent = submit.decided(.rejected, at: now)
        intent.reason = reason
        put(intent)
        tell(.intent(intent, from: nil, stock: stock))
    }
}

extension Desk {
    /// Writes an intent in its new state and the stock as that moves it, and tells of both: the outcome of the
    /// command, or `unasked`.
    mutating func enter(
        _ intent: Intent, from before: IntentState?, _ stock: Stock, unasked: Bool = false
    ) {
        var after = stock
        after.move(intent.units, from: before, to: intent.state)
        if before == nil, let place = intent.place { after.lastPlace = place }
        put(intent)
        put(after)
        count(intent, from: before, stock)
        let happening = Happening.intent(intent, from: before, stock: after)
        if unasked { tellEverybody(happening) } else { tell(happening) }
        if !isReplacing { tellCrossings(from: stock, to: after) }
    }

    /// Tells of the thresholds that the units on offer went through, each once a crossing.
    mutating func tellCrossings(from before: Stock, to after: Stock) {
        for crossing in after.crossings(from: before) { tellEverybody(.crossed(crossing, after)) }
    }
}

extension Submit {
    func decided(_ state: IntentState, at now: Timestamp) -> Intent {
        Intent(
            token: token, sku: sku, quantity: quantity, buyer: buyer, onShortage: onShortage,
            replaces: replaces, state: state, decidedAt: now)
    }
}
