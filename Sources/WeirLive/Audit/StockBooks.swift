import WeirCore

/// What the SKUs count, beside what their intents and the sales that were pruned add up to.
struct StockBooks {
    /// What a SKU counts and no intent has explained yet.
    private struct Account {
        var held, sold, waitlisted, backordered: Int64
        /// The place that was given out last, as the row says and as intents have it.
        let lastPlace: Int64
        var highestPlace: Int64
        let isBalanced: Bool

        var isEven: Bool {
            isBalanced && held == 0 && sold == 0 && waitlisted == 0 && backordered == 0
                && lastPlace == highestPlace
        }
    }

    private var accounts: [SKU: Account] = [:]

    /// How many SKUs there are.
    var count: Int { accounts.count }

    /// Opens the account of a SKU: units of sales that were pruned are explained, and so is the last place that the
    /// checkpoint knows.
    mutating func open(_ stock: Stock, prunedSold: Int64, lastPlace: Int64) {
        accounts[stock.sku] = Account(
            held: stock.held, sold: stock.sold &- prunedSold, waitlisted: stock.waitlisted,
            backordered: stock.backordered, lastPlace: stock.lastPlace, highestPlace: max(0, lastPlace),
            isBalanced: stock.isBalanced)
    }

    /// Puts down what an intent has of its SKU; false when it has something of one that does not exist.
    mutating func count(_ intent: Intent) -> Bool {
        // Most that are over never stood in line, and count for nothing.
        guard intent.state.counts || intent.place != nil else { return true }
        guard let index = accounts.index(forKey: intent.sku) else { return !intent.state.counts }
        switch intent.state {
        case .reserved: accounts.values[index].held &-= intent.quantity.units
        case .confirmed: accounts.values[index].sold &-= intent.units
        case .waitlisted: accounts.values[index].waitlisted &-= intent.quantity.units
        case .backordered: accounts.values[index].backordered &-= intent.quantity.units
        case .cancelled, .expired, .rejected: break
        }
        if let place = intent.place {
            accounts.values[index].highestPlace = max(accounts.values[index].highestPlace, place)
        }
        return true
    }

    /// What is wrong with one of them, or nil.
    var problem: String? {
        accounts.first { !$0.value.isEven }.map { "\($0.key) counts otherwise than its intents" }
    }
}
