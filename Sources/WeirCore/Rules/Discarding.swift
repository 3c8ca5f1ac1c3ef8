extension Desk {
    /// Rejects a wish that became a dead letter and that a person gave up, unless it was decided after all.
    mutating func discard(_ submit: Submit) {
        if let known = intent(submit.token) {
            guard known.repeats(submit) else { return tell(.conflict(submit.token, sku: submit.sku)) }
            return tell(
                .answered(
                    kind: .discard, id: submit.token.text, sku: submit.sku,
                    result: CommandResult(.unchanged, .intent(known))))
        }
        let intent = Intent(
            token: submit.token, sku: submit.sku, quantity: submit.quantity, buyer: submit.buyer,
            onShortage: submit.onShortage, state: .rejected, reason: .discarded, decidedAt: now)
        put(intent)
        tell(.intent(intent, from: nil, stock: stock(of: submit.sku)))
    }
}
