import PostgresClient
import WeirCore

/// How often a decision is tried before the client is told to come back.
private let attempts = 500

/// Reads a version with the stock, and writes only if it is still the same.
struct OptimisticDecider: Decider {
    private let shop: ShopSession

    init(_ url: String) throws { shop = try ShopSession(url) }

    func decide(_ submit: Submit) throws -> Verdict {
        try shop.once(submit.token) {
            for attempt in 1...attempts {
                let rows = try shop.run(LabQueries.look, .text(submit.sku.text))
                guard rows.count == 1, rows.int8(0, 0) >= submit.quantity.units else {
                    return try shop.order(submit, .rejected)
                }
                let taken = try shop.run(
                    LabQueries.takeVersion, .text(submit.token.text), .text(submit.sku.text),
                    .int4(Int32(submit.quantity.units)), .text(submit.buyer.text), .int8(rows.int8(0, 1)))
                if taken.count == 1 { return .confirmed }
                pause(attempt: attempt)
            }
            throw LabError("somebody else was faster \(attempts) times")
        }
    }
}

/// Writes it as if nobody else were there, and lets PostgreSQL say when that was not so.
struct SerializableDecider: Decider {
    private let shop: ShopSession

    init(_ url: String) throws { shop = try ShopSession(url) }

    func decide(_ submit: Submit) throws -> Verdict {
        try shop.once(submit.token) {
            for attempt in 1...attempts {
                do {
                    return try shop.inTransaction(LabQueries.beginSerializable) {
                        guard let available = try shop.available(submit.sku),
                            available >= submit.quantity.units
                        else { return try shop.order(submit, .rejected) }
                        try shop.write(submit.sku, available - submit.quantity.units)
                        return try shop.order(submit, .confirmed)
                    }
                } catch let error as PostgresError {
                    guard error.kind == .retry else { throw error }
                    pause(attempt: attempt)
                }
            }
            throw LabError("somebody else was faster \(attempts) times")
        }
    }
}
