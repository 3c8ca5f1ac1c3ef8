extension Desk {
    /// Rejects a wish that became a dead letter and that a person gave up, unless it was decided after all.
    mutating func discard(_ submit: Submit) {
        guard let known = intent(submit.token) else {
            return reject(submit, .discarded, stock: stock(of: submit.sku))
        }
        guard known.repeats(submit) else { return tell(.conflict(submit.token, sku: submit.sku)) }
        tell(
            .answered(
                kind: .discard, id: submit.token.text, sku: submit.sku,
                result: CommandResult(.unchanged, .intent(known)).replayed()))
    }
}
