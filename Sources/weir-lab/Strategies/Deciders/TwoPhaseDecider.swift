import Foundation
import PostgresClient
import WeirCore

/// Stock in one database, orders in another, and a commit in two phases over both.
///
/// Both are prepared before either commits, and the orders commit first: an order on record is the decision to commit.
struct TwoPhaseShop: Shop {
    private let places: Places

    init(_ places: Places) { self.places = places }

    func makeDecider() throws -> any Decider { try TwoPhaseDecider(places) }

    /// What was prepared and is in doubt commits if the order is there, and is undone if not.
    func recover() throws {
        let (stock, orders) = try (ShopSession(places.databaseURL), ShopSession(places.otherDatabaseURL))
        try stock.endOthers()
        try orders.endOthers()
        for id in try Phase.prepared(orders) { try Phase.rollback.run(id, orders) }
        for id in try Phase.prepared(stock) {
            let token = Token(unchecked: String(id.dropLast(Phase.stockSuffix.count)))
            try (orders.known(token) == nil ? Phase.rollback : .commit).run(id, stock)
        }
    }
}

/// The statements that name a prepared transaction.
private enum Phase {
    case prepare
    case commit
    case rollback

    // The ids are the cluster's, not the database's, so the two parts of one purchase differ.
    static let stockSuffix = "/stock"
    static let orderSuffix = "/order"

    static func prepared(_ shop: ShopSession) throws -> [String] {
        let rows = try shop.run(LabQueries.prepared)
        return (0..<rows.count).map { rows.text($0, 0) }
    }

    /// A token has no character that would need quoting.
    func run(_ id: String, _ shop: ShopSession) throws {
        let text =
            switch self {
            case .prepare: LabQueries.prepare
            case .commit: LabQueries.commitPrepared
            case .rollback: LabQueries.rollbackPrepared
            }
        try shop.session.execute(script: text.replacingOccurrences(of: "{id}", with: id))
    }
}

private struct TwoPhaseDecider: Decider {
    private let stock: ShopSession
    private let orders: ShopSession

    init(_ places: Places) throws {
        stock = try ShopSession(places.databaseURL)
        orders = try ShopSession(places.otherDatabaseURL)
    }

    func decide(_ submit: Submit) throws -> Verdict {
        try orders.once(submit.token) {
            if let verdict = try orders.known(submit.token) { return verdict }
            do {
                return try decideAnew(submit)
            } catch {
                // Whatever is open is undone; what is prepared already is, too, unless the order stands.
                for shop in [stock, orders] { _ = try? shop.run(LabQueries.rollback) }
                let (stockID, orderID) = ids(submit)
                _ = try? Phase.rollback.run(orderID, orders)
                let stands = try orders.known(submit.token) != nil
                if try Phase.prepared(stock).contains(stockID) {
                    try (stands ? Phase.commit : .rollback).run(stockID, stock)
                }
                throw error
            }
        }
    }

    private func decideAnew(_ submit: Submit) throws -> Verdict {
        _ = try stock.run(LabQueries.begin)
        let taken = try stock.run(
            LabQueries.take, .text(submit.sku.text), .int4(Int32(submit.quantity.units)))
        _ = try orders.run(LabQueries.begin)
        guard taken.count == 1 else {
            try orders.order(submit, .rejected)
            guard try orders.run(LabQueries.commit).tag == "COMMIT" else {
                throw LabError("nothing was committed")
            }
            _ = try stock.run(LabQueries.rollback)
            return .rejected
        }
        try orders.order(submit, .confirmed)
        let (stockID, orderID) = ids(submit)
        try Phase.prepare.run(stockID, stock)
        try Phase.prepare.run(orderID, orders)
        try Phase.commit.run(orderID, orders)
        try Phase.commit.run(stockID, stock)
        return .confirmed
    }

    private func ids(_ submit: Submit) -> (stock: String, order: String) {
        (submit.token.text + Phase.stockSuffix, submit.token.text + Phase.orderSuffix)
    }
}
