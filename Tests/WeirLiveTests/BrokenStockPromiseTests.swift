import Testing
import WeirCore
import WeirLive

/// The audit of lines, returns and buyers' totals: each is falsified by hand, and it has to say so.
@Suite struct BrokenStockPromises {
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let promise: Int
    }

    static let damages = [
        Damage(
            testDescription: "more wait than the SKU counts",
            sql: "update sku set waitlisted = waitlisted - 1", promise: 1),
        Damage(
            testDescription: "more is promised than the SKU counts",
            sql: "update sku set backordered = backordered + 1", promise: 1),
        Damage(
            testDescription: "a place was given out that nobody has", sql: "update sku set last_place = 9",
            promise: 1),
        Damage(
            testDescription: "a buyer's total is not the sum of his intents",
            sql: "update buyer_total set units = units + 1", promise: 1),
        Damage(testDescription: "a buyer's total vanishes", sql: "delete from buyer_total", promise: 1),
        Damage(
            testDescription: "units that were given back are forgotten",
            sql: "update intent set returned = 0 where token = 'sold'", promise: 1),
        Damage(
            testDescription: "two in line change their places",
            sql: "update intent set place = 3 - place where status = 'waitlisted'", promise: 6),
        Damage(
            testDescription: "one is served before his turn",
            sql: """
                update event set body = replace(replace(replace(body, 'first', 'swap'), 'second', 'first'), 'swap',
                    'second'), token = case token when 'first' then 'second' when 'second' then 'first' else token end
                where type = 'weir.intent.waitlisted.v1'
                """, promise: 6),
        Damage(
            testDescription: "a threshold is told that was not crossed",
            sql: "update event set type = 'weir.sku.back_in_stock.v1' where type = 'weir.sku.sold_out.v1'",
            promise: 6),
        Damage(
            testDescription: "a threshold that was crossed is not told",
            sql: """
                update event set type = 'weir.token.conflict.v1', token = 'sold', body = '{"token":"sold","sku":"s"}'
                where type = 'weir.sku.sold_out.v1'
                """, promise: 6),
        Damage(
            testDescription: "the policy is changed by hand", sql: "update sku set safety_stock = 1",
            promise: 6),
        Damage(
            testDescription: "a date that was promised is changed by hand",
            sql: "update intent set available_from = now() where status = 'backordered'", promise: 6),
    ]

    @Test(arguments: damages) func theAuditNamesThePromiseThatIsBroken(_ damage: Damage) async throws {
        let room = try await LiveRoom.make(partitions: 1)
        let store = try room.openStore()
        let sku = SKU(unchecked: "s")
        func define(_ id: String, _ rule: ShortageRule) -> Command {
            .define(
                Definition(
                    id: CommandID(unchecked: id), sku: sku, stocked: 2,
                    policy: SKUPolicy(
                        holdSeconds: 0, maxPerBuyer: 99, onShortage: rule, waitlistLimit: 10,
                        backorderLimit: 10)))
        }
        try store.decideByHand([define("d1", .waitlist), submit("sold", "s", 2)])
        try store.decideByHand([submit("first", "s"), submit("second", "s"), define("d2", .backorder)])
        try store.decideByHand([
            .cancel(
                IntentChange(
                    id: CommandID(unchecked: "c"), token: Token(unchecked: "sold"), sku: sku,
                    quantity: Quantity(unchecked: 1))),
            submit("third", "s"),
        ])
        store.close()
        let before = try LiveAudit(databaseURL: room.databaseURL).run()
        #expect(before.holds, "\(before.lines)")
        try room.execute(damage.sql)
        let after = try LiveAudit(databaseURL: room.databaseURL).run()
        let broken = after.lines.filter { !$0.holds }
        #expect(broken.map(\.promise).contains(damage.promise), "\(after.lines)")
        #expect(broken.allSatisfy { !$0.examples.isEmpty })
    }
}
