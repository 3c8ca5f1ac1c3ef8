// What each buyer has of a SKU is counted only where a policy limits it: most SKUs limit nothing, and a row a buyer
// would cost every sale.

extension Desk {
    /// Notes which SKUs begin to count in this batch, before anything of it changes a claim.
    mutating func prepare(for commands: [Command]) {
        for case .define(let definition) in commands where definition.policy.maxPerBuyer != nil {
            if snapshot.stocks[definition.sku]?.countsBuyers != true { beginsCounting.insert(definition.sku) }
        }
    }

    /// Whether a buyer may have so many units more.
    mutating func mayHave(_ units: Int64, _ buyer: Buyer, of stock: Stock) -> Bool {
        guard let limit = stock.policy.maxPerBuyer else { return true }
        let key = BuyerKey(stock.sku, buyer)
        return unitsBefore(key) + (buyerChanges[key] ?? 0) + units <= limit
    }

    /// The buyer's claim when the batch began.
    private mutating func unitsBefore(_ key: BuyerKey) -> Int64 {
        guard let stock = snapshot.stocks[key.sku] else { return 0 }
        if let known = snapshot.buyerUnits[key] { return known }
        if stock.countsBuyers {
            lacking.buyers.insert(key)
        } else if mustBeCounted(key.sku) {
            lacking.uncountedBuyers.insert(key)
        }
        return 0
    }

    /// An intent went from one state to another.
    mutating func count(_ intent: Intent, from before: IntentState?, _ stock: Stock) {
        guard stock.countsBuyers || !beginsCounting.isEmpty else { return }
        let counted = before?.counts ?? false
        guard counted != intent.state.counts else { return }
        count(intent, by: counted ? -intent.units : intent.units, stock)
    }

    mutating func count(_ intent: Intent, by units: Int64, _ stock: Stock) {
        guard stock.countsBuyers || beginsCounting.contains(stock.sku) else { return }
        buyerChanges[BuyerKey(stock.sku, intent.buyer), default: 0] += units
    }

    /// SKUs that really began to count: a definition may have been refused, or repeated.
    func countedFromNow() -> [SKU] {
        guard !beginsCounting.isEmpty else { return [] }
        return beginsCounting.filter { mustBeCounted($0) && stock(of: $0)?.countsBuyers == true }.sorted()
    }

    /// Whether a SKU that begins to count has claims from before, which have to be summed up.
    private func mustBeCounted(_ sku: SKU) -> Bool {
        guard let stock = snapshot.stocks[sku] else { return false }
        return stock.held > 0 || stock.sold > 0 || stock.hasLine
    }

    /// What the totals change by; SKUs that have to be summed up get theirs from the rows as the batch leaves them,
    /// and a SKU that was about to count and was refused counts nothing.
    func countedChanges() -> [BuyerChange] {
        guard !buyerChanges.isEmpty else { return [] }
        return buyerChanges.filter { key, units in
            guard units != 0, stock(of: key.sku)?.countsBuyers == true else { return false }
            return !(beginsCounting.contains(key.sku) && mustBeCounted(key.sku))
        }.map { BuyerChange($0.key, by: $0.value) }.sorted { $0.key < $1.key }
    }
}

extension BuyerKey: Comparable {
    /// Byte order, in which rows are written.
    public static func < (left: BuyerKey, right: BuyerKey) -> Bool {
        if left.sku != right.sku { return left.sku < right.sku }
        return left.buyer.text.utf8.lexicographicallyPrecedes(right.buyer.text.utf8)
    }
}
