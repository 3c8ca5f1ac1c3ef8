import PostgresClient
import WeirCore

// Rows come from our own tables, so what they hold was checked when it was written.

extension Intent {
    /// Reads the columns token, sku, quantity, buyer, status, reason, hold_until, decided_at, place, granted_at,
    /// available_from, returned, on_shortage, replaces from `first` on.
    ///
    /// Nil when the row has a state that this binary does not know.
    public init?(_ rows: Rows, _ row: Int, from first: Int = 0) {
        guard let state = IntentState(rawValue: rows.text(row, first + 4)) else { return nil }
        self.init(
            token: Token(unchecked: rows.text(row, first)), sku: SKU(unchecked: rows.text(row, first + 1)),
            quantity: Quantity(unchecked: Int64(rows.int(row, first + 2))),
            buyer: Buyer(unchecked: rows.text(row, first + 3)),
            onShortage: rows.optionalText(row, first + 12).flatMap(ShortageRule.init),
            replaces: rows.optionalText(row, first + 13).map(Token.init(unchecked:)), state: state,
            reason: rows.optionalText(row, first + 5).flatMap(RejectionReason.init),
            holdUntil: rows.moment(row, first + 6),
            decidedAt: Timestamp(microseconds: rows.timestamp(row, first + 7)),
            place: rows.optionalInt(row, first + 8).map(Int64.init), grantedAt: rows.moment(row, first + 9),
            availableFrom: rows.moment(row, first + 10), returned: Int64(rows.int(row, first + 11)))
    }
}

extension Stock {
    /// Reads the columns stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted,
    /// backordered, last_place, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at,
    /// on_sale_from, on_sale_until, on_shortage, waitlist_limit, backorder_limit, available_from from `first` on.
    public init(_ sku: SKU, _ rows: Rows, _ row: Int, from first: Int = 1) {
        func limit(_ column: Int) -> Int64? { rows.optionalInt(row, first + column).map(Int64.init) }
        self.init(
            sku: sku, stocked: rows.int8(row, first), available: rows.int8(row, first + 1),
            held: rows.int8(row, first + 2), sold: rows.int8(row, first + 3),
            waitlisted: rows.int8(row, first + 7), backordered: rows.int8(row, first + 8),
            version: rows.int8(row, first + 4), lastPlace: rows.int8(row, first + 9),
            countsBuyers: rows.bool(row, first + 10),
            policy: SKUPolicy(
                holdSeconds: Int64(rows.int(row, first + 5)), maxHoldSeconds: limit(11),
                maxPerIntent: limit(6), maxPerBuyer: limit(12), safetyStock: rows.int8(row, first + 13),
                lowStockAt: limit(14), onSaleFrom: rows.moment(row, first + 15),
                onSaleUntil: rows.moment(row, first + 16),
                onShortage: ShortageRule(rawValue: rows.text(row, first + 17)) ?? .reject,
                waitlistLimit: limit(18), backorderLimit: limit(19),
                availableFrom: rows.moment(row, first + 20)))
    }
}

extension Rows {
    /// A moment, or nil for NULL.
    func moment(_ row: Int, _ column: Int) -> WeirCore.Timestamp? {
        optionalTimestamp(row, column).map(WeirCore.Timestamp.init(microseconds:))
    }
}
