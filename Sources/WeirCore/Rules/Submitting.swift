extension Desk {
    /// Decides a wish to buy. The first rule that applies, from the top, names the outcome.
    mutating func decide(_ submit: Submit) {
        if let known = intent(submit.token) { return repeatOutcome(of: known, to: submit) }

        guard var stock = stock(of: submit.sku) else { return reject(submit, .unknownSKU, stock: nil) }
        if let limit = stock.policy.maxPerIntent, submit.quantity.units > limit {
            return reject(submit, .quantityLimit, stock: stock)
        }
        guard stock.available >= submit.quantity.units else { return reject(submit, .soldOut, stock: stock) }

        let isFinal = stock.policy.holdSeconds == 0
        stock.move(submit.quantity, from: \.available, to: isFinal ? \.sold : \.held)
        enter(
            submit.decided(
                isFinal ? .confirmed : .reserved, at: now,
                holdUntil: isFinal ? nil : now.adding(seconds: stock.policy.holdSeconds)),
            from: nil, stock: stock)
    }

    /// A token is decided once: the same wish gets the same intent again, another one is a conflict.
    private mutating func repeatOutcome(of known: Intent, to submit: Submit) {
        guard known.repeats(submit) else { return tell(.conflict(submit.token, sku: submit.sku)) }
        tell(
            .answered(
                kind: .submit, id: submit.token.text, sku: submit.sku,
                result: CommandResult(.unchanged, .intent(known)).replayed()))
    }

    private mutating func reject(_ submit: Submit, _ reason: RejectionReason, stock: Stock?) {
        let intent = submit.decided(.rejected, at: now, reason: reason)
        put(intent)
        tell(.intent(intent, from: nil, stock: stock))
    }

    /// Writes an intent and the stock it moved, and tells of both.
    mutating func enter(_ intent: Intent, from before: IntentState?, stock: Stock) {
        put(intent)
        put(stock)
        tell(.intent(intent, from: before, stock: stock))
    }
}

extension Submit {
    fileprivate func decided(
        _ state: IntentState, at now: Timestamp, reason: RejectionReason? = nil, holdUntil: Timestamp? = nil
    ) -> Intent {
        Intent(
            token: token, sku: sku, quantity: quantity, buyer: buyer, onShortage: onShortage, state: state,
            reason: reason, holdUntil: holdUntil, decidedAt: now)
    }
}
