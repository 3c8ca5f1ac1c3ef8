import PostgresClient
import Synchronization
import WeirCore

/// Units are taken out of the stock in advance, a hundred at a time, and noted in a table; requests take them from a
/// bucket in memory and write an order that names it, without touching the hot row.
final class BucketShop: Shop {
    /// How many units a bucket takes.
    private static let size: Int64 = 100

    private struct Bucket {
        let number: Int64
        var left: Int64
    }

    private let url: String
    private let buckets = Mutex<[SKU: [Bucket]]>([:])
    /// Held while a bucket is filled: whoever finds none waits for the one that fills.
    private let filling = Mutex(())

    init(_ url: String) { self.url = url }

    func makeDecider() throws -> any Decider { try BucketDecider(self, url) }

    /// What the buckets of a killed server still held goes back into the stock.
    func recover() throws {
        let shop = try ShopSession(url)
        try shop.endOthers()
        _ = try shop.run(LabQueries.bucketEmpty)
    }

    /// Takes units out of a bucket and says which; nil when the stock is empty too.
    func take(_ sku: SKU, _ units: Int64, _ shop: ShopSession) throws -> Int64? {
        if let bucket = draw(sku, units) { return bucket }
        return try filling.withLock { _ in
            if let bucket = draw(sku, units) { return bucket }
            let rows = try shop.run(LabQueries.bucketFill, .text(sku.text), .int8(max(Self.size, units)))
            guard rows.count == 1 else { return nil }
            let bucket = Bucket(number: rows.int8(0, 0), left: rows.int8(0, 1))
            buckets.withLock { $0[sku, default: []].append(bucket) }
            return draw(sku, units)
        }
    }

    /// Puts units back that no order has used.
    func giveBack(_ sku: SKU, _ units: Int64, _ bucket: Int64) {
        buckets.withLock { $0[sku, default: []].append(Bucket(number: bucket, left: units)) }
    }

    private func draw(_ sku: SKU, _ units: Int64) -> Int64? {
        buckets.withLock { all in
            guard let place = all[sku]?.firstIndex(where: { $0.left >= units }) else { return nil }
            let number = all[sku]?[place].number
            all[sku]?[place].left -= units
            if all[sku]?[place].left == 0 { all[sku]?.remove(at: place) }
            return number
        }
    }
}

private struct BucketDecider: Decider {
    private let buckets: BucketShop
    private let shop: ShopSession

    init(_ buckets: BucketShop, _ url: String) throws {
        self.buckets = buckets
        shop = try ShopSession(url)
    }

    func decide(_ submit: Submit) throws -> Verdict {
        try shop.once(submit.token) {
            guard let bucket = try buckets.take(submit.sku, submit.quantity.units, shop) else {
                return try shop.order(submit, .rejected)
            }
            do {
                return try shop.order(submit, .confirmed, bucket: bucket)
            } catch let error as PostgresError {
                // Only a refusal says for certain that the order was not written.
                if error.kind == .unique { buckets.giveBack(submit.sku, submit.quantity.units, bucket) }
                throw error
            }
        }
    }
}
