extension Desk {
    /// Confirms an intent: a hold becomes a sale; after its expiry only if the units can be taken again.
    mutating func confirm(_ change: IntentChange) -> CommandResult {
        guard let (intent, stock) = find(change) else {
            return CommandResult(.refused(.unknownToken), .nothing)
        }
        switch intent.state {
        case .reserved:
            return transition(intent, to: .confirmed, stock, from: \.held, to: \.sold)
        case .expired:
            guard stock.available >= intent.quantity.units else {
                tell(.shortfall(intent, stock: stock))
                return CommandResult(.refused(.shortfall), .intent(intent))
            }
            return transition(intent, to: .confirmed, stock, from: \.available, to: \.sold)
        case .confirmed:
            return CommandResult(.unchanged, .intent(intent))
        case .cancelled, .rejected, .waitlisted, .backordered:
            return CommandResult(.refused(.wrongState), .intent(intent))
        }
    }

    /// Cancels an intent: its units are free again, also when they were sold.
    mutating func cancel(_ change: IntentChange) -> CommandResult {
        guard let (intent, stock) = find(change) else {
            return CommandResult(.refused(.unknownToken), .nothing)
        }
        switch intent.state {
        case .reserved:
            return transition(intent, to: .cancelled, stock, from: \.held, to: \.available)
        case .confirmed:
            return transition(intent, to: .cancelled, stock, from: \.sold, to: \.available)
        case .cancelled:
            return CommandResult(.unchanged, .intent(intent))
        case .expired, .rejected, .waitlisted, .backordered:
            return CommandResult(.refused(.wrongState), .intent(intent))
        }
    }

    /// Ends a hold whose deadline has come, unless a command of the same batch was faster.
    mutating func expire(_ token: Token) {
        guard let intent = intent(token), intent.state == .reserved, let deadline = intent.holdUntil,
            deadline <= now, let stock = stock(of: intent.sku)
        else { return }
        _ = transition(intent, to: .expired, stock, from: \.held, to: \.available)
    }

    /// The intent of a command and its stock; nil when no intent of that SKU has the token.
    ///
    /// An intent that was rejected because its SKU was unknown may have no stock: it is then shown as a SKU
    /// without units, since no rule takes any from it.
    private func find(_ change: IntentChange) -> (Intent, Stock)? {
        guard let intent = intent(change.token), intent.sku == change.sku else { return nil }
        let stock =
            stock(of: intent.sku) ?? Stock(defining: intent.sku, stocked: 0, policy: SKUPolicy())
        return (intent, stock)
    }

    private mutating func transition(
        _ intent: Intent, to state: IntentState, _ stock: Stock,
        from source: WritableKeyPath<Stock, Int64>, to target: WritableKeyPath<Stock, Int64>
    ) -> CommandResult {
        var (after, moved) = (intent, stock)
        after.state = state
        after.holdUntil = nil
        moved.move(intent.quantity, from: source, to: target)
        enter(after, from: intent.state, stock: moved)
        return CommandResult(.done, .intent(after))
    }
}

extension Stock {
    /// Moves units from one place to another: the only way in which intents touch stock.
    public mutating func move(
        _ quantity: Quantity, from source: WritableKeyPath<Stock, Int64>,
        to target: WritableKeyPath<Stock, Int64>
    ) {
        self[keyPath: source] -= quantity.units
        self[keyPath: target] += quantity.units
        version += 1
    }
}
