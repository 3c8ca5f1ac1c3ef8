import Testing
import WeirCore
import WeirLive

/// The audit of orders: each of their tables is falsified by hand, and it has to say so.
@Suite struct BrokenOrderPromises {
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let promise: Int
    }

    static let damages = [
        Damage(
            testDescription: "an order is cancelled by hand and its lines stay",
            sql: """
                update orders set status = 'cancelled', hold_until = null, due_at = null where token = 'held'
                """, promise: 8),
        Damage(
            testDescription: "a line of a held order is released",
            sql: "update intent set status = 'cancelled' where token = 'held/1'", promise: 8),
        Damage(
            testDescription: "a line of a confirmed order is only held",
            sql: "update intent set status = 'reserved' where token = 'sold/2'", promise: 8),
        Damage(
            testDescription: "a line of a confirmed order vanishes",
            sql: "delete from intent where token = 'sold/1'", promise: 8),
        Damage(
            testDescription: "a line of a cancelled order is sold",
            sql: "update intent set status = 'confirmed' where token = 'given/2'", promise: 8),
        Damage(
            testDescription: "nobody will ask for a line", sql: "update order_part set guard_at = null",
            promise: 8),
        Damage(
            testDescription: "a part vanishes", sql: "delete from order_part where order_token = 'held'",
            promise: 8),
        Damage(
            testDescription: "a line is about something else",
            sql: "update intent set quantity = quantity + 1 where token = 'given/1'", promise: 8),
        Damage(
            testDescription: "a line is somebody else's",
            sql: "update intent set buyer = 'x' where token = 'given/1'", promise: 8),
        Damage(
            testDescription: "an order vanishes and its lines stay",
            sql: "delete from orders where token = 'sold'", promise: 8),
        Damage(
            testDescription: "an order forgets its lines",
            sql: "update orders set lines = '{\"lines\":[]}' where token = 'sold'", promise: 8),
        Damage(
            testDescription: "an order vanishes", sql: "delete from orders where token = 'given'", promise: 6),
        Damage(
            testDescription: "an order is counted up by hand",
            sql: "update orders set version = version + 1 where token = 'sold'", promise: 6),
        Damage(
            testDescription: "an order is given to another buyer",
            sql: "update orders set buyer = 'x' where token = 'sold'", promise: 6),
        Damage(
            testDescription: "a line of an order is made larger",
            sql: "update orders set lines = replace(lines, '\"quantity\":1', '\"quantity\":3')", promise: 6),
        Damage(
            testDescription: "a hold is made longer by hand",
            sql: "update orders set hold_until = hold_until + interval '1 hour'", promise: 6),
        Damage(
            testDescription: "an order skipped a state",
            sql: """
                update event set body = replace(body, '"previous_status":"reserving"',
                    '"previous_status":"expired"') where type = 'weir.order.reserved.v1'
                """, promise: 6),
        Damage(
            testDescription: "an order is recorded twice",
            sql: """
                update event set body = replace(body, ',"previous_status":"reserving"', '')
                where type = 'weir.order.reserved.v1'
                """, promise: 3),
    ]

    /// Everything is damaged in one database, and repaired from a copy: making orders takes two workers.
    @Test func theAuditNamesThePromiseThatIsBroken() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        let pool = room.pool()
        pool.start()
        try await room.publish(skus.map { define($0, stocked: 9, holdSeconds: 900) })
        try await room.publish(["held", "sold", "given"].map { orderSubmit($0, skus) })
        #expect(
            try await eventually {
                try room.count("select count(*) from orders where status = 'reserved'") == 3
            })
        try await room.publish([orderConfirm("sold"), orderCancel("given")])
        #expect(
            try await eventually {
                try room.count("select count(*) from orders where status = 'reserved'") == 1
            })
        #expect(try await room.ordersSettle())
        try await onThread { pool.stop() }
        try room.expectWholeOrders()

        let tables = ["orders", "order_part", "intent", "event"]
        try room.execute(tables.map { "create table saved_\($0) as table \($0);" }.joined())
        for damage in Self.damages {
            try room.execute(damage.sql)
            let audit = try LiveAudit(databaseURL: room.databaseURL).run()
            let broken = audit.lines.filter { !$0.holds }
            #expect(
                broken.map(\.promise).contains(damage.promise), "\(damage.testDescription): \(audit.lines)")
            #expect(broken.allSatisfy { !$0.examples.isEmpty }, "\(damage.testDescription)")
            try room.execute(
                tables.map { "delete from \($0); insert into \($0) select * from saved_\($0);" }.joined())
            let repaired = try LiveAudit(databaseURL: room.databaseURL).run()
            #expect(repaired.holds, "\(damage.testDescription) is not repaired: \(repaired.lines)")
        }
    }
}
