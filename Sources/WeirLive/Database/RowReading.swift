import PostgresClient
import WeirCore

// Rows come from our own tables, so what they hold was checked when it was written.

extension Intent {
    /// Reads the columns token, sku, quantity, buyer, status, reason, hold_until, decided_at from `first` on.
    ///
    /// Nil when the row has a state that this binary does not know.
    public init?(_ rows: Rows, _ row: Int, from first: Int = 0) {
        guard let state = IntentState(rawValue: rows.text(row, first + 4)) else { return nil }
        self.init(
            token: Token(unchecked: rows.text(row, first)), sku: SKU(unchecked: rows.text(row, first + 1)),
            quantity: Quantity(unchecked: Int64(rows.int(row, first + 2))),
            buyer: Buyer(unchecked: rows.text(row, first + 3)), state: state,
            reason: rows.optionalText(row, first + 5).flatMap(RejectionReason.init),
            holdUntil: rows.optionalTimestamp(row, first + 6).map(Timestamp.init(microseconds:)),
            decidedAt: Timestamp(microseconds: rows.timestamp(row, first + 7)))
    }
}

extension Stock {
    /// Reads the columns stocked, available, held, sold, version, hold_seconds, max_per_intent from `first` on.
    public init(_ sku: SKU, _ rows: Rows, _ row: Int, from first: Int = 1) {
        self.init(
            sku: sku, stocked: rows.int8(row, first), available: rows.int8(row, first + 1),
            held: rows.int8(row, first + 2), sold: rows.int8(row, first + 3),
            version: rows.int8(row, first + 4),
            policy: SKUPolicy(
                holdSeconds: Int64(rows.int(row, first + 5)),
                maxPerIntent: rows.optionalInt(row, first + 6).map(Int64.init)))
    }
}
