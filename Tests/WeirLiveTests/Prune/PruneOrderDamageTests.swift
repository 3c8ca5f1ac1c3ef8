import AMQPClient
import Synchronization
import Testing
import WeirCore
import WeirPipeline

@testable import WeirLive

/// What stays of orders after a prune is a witness, and what a batch reads of an order is of one moment.
@Suite struct PruneOrderDamageTests {
    private static let damages: [(String, Int)] = [
        ("update checkpoint_order set buyer = 'eve'", 6),
        ("update checkpoint_order set version = version + 1", 6),
        ("update checkpoint_order set status = 'reserved'", 6),
        ("delete from checkpoint_order", 3),
        ("delete from orders where status = 'confirmed'", 6),
        ("delete from orders where status = 'confirmed'", 8),
        ("update orders set version = version + 1 where status = 'confirmed'", 6),
        ("delete from intent where token like '%/2'", 6),
        ("delete from intent where token like '%/2'", 8),
        ("delete from checkpoint_intent where token like '%/1'", 3),
        ("update checkpoint_intent set status = 'reserved' where token like '%/1'", 6),
        ("delete from pruned_buyer", 1),
        ("update checkpoint_sku set pruned_sold = 0", 1),
    ]

    /// Everything is damaged in one database, and repaired from a copy.
    @Test func theAuditSeesIt() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2)) { $0.maxPerBuyer = 9 }
        let old = try town.submitted("old")
        try town.ask(orderConfirm(old))
        try town.settle()
        let moment = try town.desk.now()
        let kept = try town.submitted("kept", coordinatedBy: 1)
        try town.ask(orderConfirm(kept))
        try town.settle()
        _ = try town.submitted("held")
        #expect(try town.desk.prune(try town.desk.now(), sold: moment).orders == [.confirmed: 1])
        try town.ask(orderCancel(kept, lines: [1]))
        try town.settle()
        try town.expectPromisesKept()
        let tables = [
            "orders", "intent", "checkpoint_order", "checkpoint_intent", "checkpoint_sku", "pruned_buyer",
        ]
        try town.room.execute(tables.map { "create table saved_\($0) as table \($0);" }.joined())
        for (damage, promise) in Self.damages {
            try town.room.execute(damage)
            let broken = try town.desk.audit().lines.filter { !$0.holds }
            #expect(broken.map(\.promise).contains(promise), "\(damage): \(broken)")
            #expect(broken.allSatisfy { !$0.examples.isEmpty }, "\(damage)")
            try town.room.execute(
                tables.map { "delete from \($0); insert into \($0) select * from saved_\($0);" }.joined())
            try town.expectPromisesKept()
        }
        town.close()
    }

    /// A prune that comes between two statements of a batch's reading: the batch sees all of the order.
    @Test func aBatchReadsAnOrderAsOfOneMoment() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let order = try await onThread {
            let town = try PruneTown(room)
            defer { town.close() }
            return try town.cancelled("o")
        }
        let session = try room.session()
        try session.execute(script: "begin; lock table order_part")
        let seen = Mutex<Snapshot?>(nil)
        let thread = DedicatedThread(name: "batch") {
            do {
                let store = try room.openStore(1)
                defer { store.close() }
                var request = SnapshotRequest()
                request.orders = [Token(unchecked: order)]
                let snapshot = try store.read(request)
                seen.withLock { $0 = snapshot }
            } catch {
                Issue.record(error)
            }
        }
        let isWaiting = try untilTrue {
            try room.count(
                """
                select count(*) from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'
                """) == 1
        }
        #expect(isWaiting)
        try session.execute(
            script: "delete from order_part; delete from intent; delete from orders; commit")
        thread.join()
        let snapshot = try #require(seen.withLock { $0 })
        #expect(snapshot.orders.rows.count == 1 && snapshot.orders.parts.count == 1)
        #expect(snapshot.intents.count == 1)
        session.close()
    }
}
