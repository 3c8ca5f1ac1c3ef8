import Testing
import WeirLive

/// A check that cannot fail proves nothing: each promise is broken by hand, and the audit has to say so.
@Suite struct BrokenPromises {
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        /// The promises that the audit must call broken; others may be, too.
        let promise: Int
    }

    static let damages = [
        Damage(
            testDescription: "more sold than there are",
            sql: "alter table sku drop constraint sku_never_oversold;"
                + "update sku set available = -1, sold = sold + 1", promise: 1),
        Damage(
            testDescription: "units vanish",
            sql:
                "alter table sku drop constraint sku_never_oversold; update sku set available = available - 1",
            promise: 1),
        Damage(
            testDescription: "an intent claims units that its SKU does not count",
            sql: "update intent set status = 'confirmed', reason = null where token = 'sold-out'", promise: 1),
        Damage(testDescription: "a SKU vanishes", sql: "delete from sku", promise: 1),
        Damage(
            testDescription: "a token is decided twice",
            sql: """
                insert into event select p.head + 1, e.at, e.type, e.partition, e.sku, e.token, null, null, e.body
                    from event e join partition p using (partition) where e.token = 'first';
                update partition set head = head + 1
                """, promise: 3),
        Damage(
            testDescription: "an intent without a deciding event",
            sql: """
                insert into intent select decided_at, hold_until, quantity, status, reason, partition, 'ghost', sku,
                    buyer from intent where token = 'sold-out'
                """, promise: 3),
        Damage(testDescription: "an event vanishes", sql: "delete from event where seq = 2", promise: 5),
        Damage(
            testDescription: "the last event vanishes", sql: "delete from event where seq = 5", promise: 5),
        Damage(
            testDescription: "the head runs ahead", sql: "update partition set head = head + 1", promise: 5),
        Damage(
            testDescription: "an intent's status is changed by hand",
            sql: "update intent set status = 'cancelled' where token = 'first'", promise: 6),
        Damage(
            testDescription: "an intent's buyer is changed by hand",
            sql: "update intent set buyer = 'somebody else' where token = 'first'", promise: 6),
        Damage(
            testDescription: "stock is changed by hand, in balance",
            sql: "update sku set stocked = stocked + 5, available = available + 5", promise: 6),
        Damage(
            testDescription: "an event is rewritten",
            sql: "update event set body = replace(body, '\"buyer\":\"b\"', '\"buyer\":\"c\"') where seq = 2",
            promise: 6),
        Damage(
            testDescription: "an event's stock is rewritten",
            sql: "update event set body = replace(body, '\"available\":1', '\"available\":2') where seq = 2",
            promise: 6),
        Damage(
            testDescription: "an event cannot be read", sql: "update event set body = '{' where seq = 2",
            promise: 6),
    ]

    @Test(arguments: damages) func theAuditNamesThePromiseThatIsBroken(_ damage: Damage) async throws {
        let room = try await LiveRoom.make(partitions: 1)
        let store = try room.openStore()
        try store.decideByHand([define("s", stocked: 2), submit("first", "s"), submit("second", "s")])
        try store.decideByHand([submit("sold-out", "s")])
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
