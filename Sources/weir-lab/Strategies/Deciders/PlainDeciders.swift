import PostgresClient
import WeirCore

/// Reads how many are left, computes, and writes the result: between the two somebody else has read the same.
struct NaiveDecider: Decider {
    private let shop: ShopSession

    init(_ url: String) throws { shop = try ShopSession(url) }

    func decide(_ submit: Submit) throws -> Verdict {
        if let verdict = try shop.known(submit.token) { return verdict }
        guard let available = try shop.available(submit.sku), available >= submit.quantity.units else {
            return try shop.order(submit, .rejected)
        }
        return try shop.inTransaction {
            try shop.write(submit.sku, available - submit.quantity.units)
            return try shop.order(submit, .confirmed)
        }
    }
}

/// The usual cure, done as well as it can be: one statement, one round trip, one transaction.
struct ConditionalDecider: Decider {
    private let shop: ShopSession

    init(_ url: String) throws { shop = try ShopSession(url) }

    func decide(_ submit: Submit) throws -> Verdict {
        try shop.once(submit.token) {
            let rows = try shop.run(
                LabQueries.conditionalUpdate, .text(submit.token.text), .text(submit.sku.text),
                .int4(Int32(submit.quantity.units)), .text(submit.buyer.text))
            return rows.text(0, 0) == "confirmed" ? .confirmed : .rejected
        }
    }
}

/// The same as shops write it: a transaction of an UPDATE and an INSERT, whose row stays locked over the round trips.
struct SteppedDecider: Decider {
    private let shop: ShopSession

    init(_ url: String) throws { shop = try ShopSession(url) }

    func decide(_ submit: Submit) throws -> Verdict {
        try shop.once(submit.token) {
            try shop.inTransaction {
                let taken = try shop.run(
                    LabQueries.take, .text(submit.sku.text), .int4(Int32(submit.quantity.units)))
                return try shop.order(submit, taken.count == 1 ? .confirmed : .rejected)
            }
        }
    }
}

/// Locks the row, then reads, computes and writes at leisure.
struct LockingDecider: Decider {
    private let shop: ShopSession

    init(_ url: String) throws { shop = try ShopSession(url) }

    func decide(_ submit: Submit) throws -> Verdict {
        try shop.once(submit.token) {
            try shop.inTransaction {
                let rows = try shop.run(LabQueries.lookLocked, .text(submit.sku.text))
                guard rows.count == 1, rows.int8(0, 0) >= submit.quantity.units else {
                    return try shop.order(submit, .rejected)
                }
                try shop.write(submit.sku, rows.int8(0, 0) - submit.quantity.units)
                return try shop.order(submit, .confirmed)
            }
        }
    }
}
