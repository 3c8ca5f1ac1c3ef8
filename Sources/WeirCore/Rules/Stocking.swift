extension Desk {
    /// Creates a SKU with its stock, or gives a known one another policy; stock changes by adjustments only.
    mutating func define(_ definition: Definition) -> CommandResult {
        let known = stock(of: definition.sku)
        if let wanted = definition.ifVersion, !wanted.matches(known) {
            return CommandResult(.refused(.versionMismatch), known.map(Subject.stock) ?? .nothing)
        }
        guard var stock = known else {
            let created = Stock(
                defining: definition.sku, stocked: definition.stocked, policy: definition.policy)
            put(created)
            tell(.defined(created))
            return CommandResult(.done, .stock(created))
        }
        guard stock.policy != definition.policy else { return CommandResult(.unchanged, .stock(stock)) }
        let before = stock
        stock.policy = definition.policy
        stock.countsBuyers = stock.countsBuyers || definition.policy.maxPerBuyer != nil
        stock.version += 1
        put(stock)
        tell(.defined(stock))
        tellCrossings(from: before, to: stock)
        serveLine(of: stock.sku)
        return CommandResult(.done, .stock(stock))
    }

    /// Adds units, or takes some that are available; what is held or sold is never taken.
    mutating func adjust(_ adjustment: Adjustment) -> CommandResult {
        guard var stock = stock(of: adjustment.sku) else {
            return CommandResult(.refused(.unknownSKU), .nothing)
        }
        // Both limits are compared without a sum, which could overflow for a delta that nobody checked.
        guard adjustment.delta >= -stock.available else {
            return CommandResult(.refused(.belowCommitted), .stock(stock))
        }
        guard adjustment.delta <= StockLimit.stocked.upperBound - stock.stocked else {
            return CommandResult(.refused(.stockLimit), .stock(stock))
        }
        let before = stock
        stock.stocked += adjustment.delta
        stock.available += adjustment.delta
        stock.version += 1
        put(stock)
        tell(.adjusted(stock, delta: adjustment.delta, reason: adjustment.reason))
        tellCrossings(from: before, to: stock)
        serveLine(of: stock.sku)
        return CommandResult(.done, .stock(stock))
    }
}
