extension Desk {
    /// Confirms an intent: a hold becomes a sale; after its expiry only if the units can be taken again.
    mutating func confirm(_ change: IntentChange) -> CommandResult {
        guard let (intent, stock) = find(change.token, of: change.sku) else {
            return CommandResult(.refused(.unknownToken), .nothing)
        }
        switch intent.state {
        case .reserved:
            return transition(intent, to: .confirmed, stock)
        case .expired:
            guard intent.units <= stock.grantable, mayHave(intent.units, intent.buyer, of: stock) else {
                tell(.shortfall(intent, stock: stock))
                return CommandResult(.refused(.shortfall), .intent(intent))
            }
            return transition(intent, to: .confirmed, stock)
        case .confirmed:
            return CommandResult(.unchanged, .intent(intent))
        case .cancelled, .rejected, .waitlisted, .backordered:
            return CommandResult(.refused(.wrongState), .intent(intent))
        }
    }

    /// Cancels an intent: its units are free again, also when they were sold; or some of those that were sold.
    mutating func cancel(_ change: IntentChange) -> CommandResult {
        guard let (intent, stock) = find(change.token, of: change.sku) else {
            return CommandResult(.refused(.unknownToken), .nothing)
        }
        if let part = change.quantity, part.units != intent.units || !intent.state.counts {
            return giveBack(part.units, of: intent, stock)
        }
        switch intent.state {
        case .reserved, .confirmed, .waitlisted, .backordered:
            let result = transition(intent, to: .cancelled, stock)
            serveLine(of: stock.sku)
            return result
        case .cancelled:
            return CommandResult(.unchanged, .intent(intent))
        case .expired, .rejected:
            return CommandResult(.refused(.wrongState), .intent(intent))
        }
    }

    /// Gives some units of a sale back, and leaves it with the others.
    private mutating func giveBack(_ units: Int64, of intent: Intent, _ stock: Stock) -> CommandResult {
        guard intent.state == .confirmed else { return CommandResult(.refused(.wrongState), .intent(intent)) }
        guard units < intent.units else { return CommandResult(.refused(.tooMany), .intent(intent)) }
        var (after, moved) = (intent, stock)
        after.returned += units
        moved.move(units, from: .confirmed, to: .cancelled)
        put(after)
        put(moved)
        count(intent, by: -units, stock)
        tell(.returned(after, units: units, stock: moved))
        tellCrossings(from: stock, to: moved)
        serveLine(of: stock.sku)
        return CommandResult(.done, .intent(after))
    }

    /// Gives a hold a later deadline, up to what the policy permits from its beginning on.
    mutating func extend(_ wish: Extension) -> CommandResult {
        guard let (intent, stock) = find(wish.token, of: wish.sku) else {
            return CommandResult(.refused(.unknownToken), .nothing)
        }
        guard intent.state == .reserved, let deadline = intent.holdUntil else {
            return CommandResult(.refused(.wrongState), .intent(intent))
        }
        guard wish.holdUntil > deadline else { return CommandResult(.unchanged, .intent(intent)) }
        guard wish.holdUntil > now else { return CommandResult(.refused(.deadlinePassed), .intent(intent)) }
        let beginning = intent.grantedAt ?? intent.decidedAt
        guard let longest = stock.policy.maxHoldSeconds,
            wish.holdUntil <= beginning.adding(seconds: longest)
        else { return CommandResult(.refused(.holdLimit), .intent(intent)) }
        var after = intent
        after.holdUntil = wish.holdUntil
        put(after)
        tell(.extended(after, stock: stock))
        return CommandResult(.done, .intent(after))
    }

    /// Ends a hold whose deadline has come, unless a command of the same batch was faster.
    mutating func expire(_ token: Token) {
        guard let intent = intent(token), intent.state == .reserved, let deadline = intent.holdUntil,
            deadline <= now, let stock = stock(of: intent.sku)
        else { return }
        _ = transition(intent, to: .expired, stock)
        serveLine(of: stock.sku)
    }

    /// The intent of a command and its stock; nil when no intent of that SKU has the token.
    ///
    /// An intent that was rejected because its SKU was unknown may have no stock: it is then shown as a SKU
    /// without units, since no rule takes any from it.
    private func find(_ token: Token, of sku: SKU) -> (Intent, Stock)? {
        guard let intent = intent(token), intent.sku == sku else { return nil }
        let stock =
            stock(of: intent.sku) ?? Stock(defining: intent.sku, stocked: 0, policy: SKUPolicy())
        return (intent, stock)
    }

    private mutating func transition(_ intent: Intent, to state: IntentState, _ stock: Stock) -> CommandResult
    {
        var after = intent
        after.state = state
        after.holdUntil = nil
        enter(after, from: intent.state, stock)
        return CommandResult(.done, .intent(after))
    }
}
