import PostgresClient
import WeirCore

// One array a column: the other side of what RowReading reads.

extension [Intent] {
    /// decided_at, hold_until, quantity, status, reason, token, sku, buyer.
    var columns: [Bind] {
        [
            .timestamps(map(\.decidedAt.microseconds)),
            .optionalTimestamps(map { $0.holdUntil?.microseconds }),
            .int4s(map { Int32(clamping: $0.quantity.units) }), .texts(map(\.state.rawValue)),
            .optionalTexts(map { $0.reason?.rawValue }), .texts(map(\.token.text)), .texts(map(\.sku.text)),
            .texts(map(\.buyer.text)),
        ]
    }

    /// place, granted_at, available_from, returned, on_shortage, replaces: most intents have none of them.
    var specialColumns: [Bind] {
        [
            .optionalInt8s(map(\.place)), .optionalTimestamps(map { $0.grantedAt?.microseconds }),
            .optionalTimestamps(map { $0.availableFrom?.microseconds }),
            .int4s(map { Int32(clamping: $0.returned) }), .optionalTexts(map { $0.onShortage?.rawValue }),
            .optionalTexts(map { $0.replaces?.text }),
        ]
    }
}

extension [Stock] {
    /// sku, stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted, backordered, last_place,
    /// counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at, on_sale_from, on_sale_until,
    /// on_shortage, waitlist_limit, backorder_limit, available_from.
    var columns: [Bind] {
        [.texts(map(\.sku.text))] + counters
            + [
                .int4s(map { Int32(clamping: $0.policy.holdSeconds) }),
                .optionalInt4s(map { $0.policy.maxPerIntent.map { Int32(clamping: $0) } }),
            ] + lines + policies
    }

    var counters: [Bind] {
        [
            .int8s(map(\.stocked)), .int8s(map(\.available)), .int8s(map(\.held)), .int8s(map(\.sold)),
            .int8s(map(\.version)),
        ]
    }

    var lines: [Bind] {
        [.int8s(map(\.waitlisted)), .int8s(map(\.backordered)), .int8s(map(\.lastPlace))]
    }

    /// What a policy says beyond hold and limit of an intent, and whether buyers are counted.
    var policies: [Bind] {
        let policies = map(\.policy)
        return [
            .bools(map(\.countsBuyers)),
            .optionalInt4s(policies.map { $0.maxHoldSeconds.map { Int32(clamping: $0) } }),
            .optionalInt8s(policies.map(\.maxPerBuyer)), .int8s(policies.map(\.safetyStock)),
            .optionalInt8s(policies.map(\.lowStockAt)),
            .optionalTimestamps(policies.map { $0.onSaleFrom?.microseconds }),
            .optionalTimestamps(policies.map { $0.onSaleUntil?.microseconds }),
            .texts(policies.map(\.onShortage.rawValue)), .optionalInt8s(policies.map(\.waitlistLimit)),
            .optionalInt8s(policies.map(\.backorderLimit)),
            .optionalTimestamps(policies.map { $0.availableFrom?.microseconds }),
        ]
    }
}
