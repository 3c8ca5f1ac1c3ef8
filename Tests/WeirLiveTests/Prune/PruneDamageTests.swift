import Testing
import WeirCore

@testable import WeirLive

/// After a prune the audit still sees what is changed by hand: each witness that a prune leaves is falsified.
@Suite struct PruneDamageTests {
    static let damages: [(String, Int)] = [
        ("update intent set buyer = 'eve' where token = 'kept'", 6),
        ("update intent set status = 'cancelled' where token = 'kept'", 6),
        ("update intent set quantity = 5 where token = 'held'", 6),
        ("delete from intent where token = 'waits'", 6),
        ("update checkpoint_intent set buyer = 'eve' where token = 'kept'", 6),
        ("update checkpoint_intent set place = 7 where token = 'waits'", 6),
        ("delete from checkpoint_intent where token = 'held'", 3),
        ("update checkpoint_sku set version = version + 1", 6),
        ("update checkpoint_sku set stocked = stocked + 1, available = available + 1", 6),
        ("update checkpoint_sku set last_place = last_place + 1", 1),
        ("update checkpoint_sku set pruned_sold = pruned_sold - 1", 1),
        ("delete from checkpoint_sku", 6),
        ("delete from pruned_buyer", 1),
        ("update pruned_buyer set units = units + 1", 1),
        ("update checkpoint set seq = seq + 1", 5),
        ("delete from checkpoint", 5),
        ("update sku set stocked = stocked + 1, available = available + 1", 6),
        ("update sku set sold = sold - 1, available = available + 1", 1),
        ("delete from event where seq = (select max(seq) from event)", 5),
        ("delete from event where seq = (select min(seq) from event)", 5),
        (
            """
            insert into intent (decided_at, quantity, status, partition, token, sku, buyer)
            select decided_at, 2, 'confirmed', 0, 'final', 'tea', 'ann' from intent where token = 'kept'
            """, 3
        ),
    ]

    @Test(arguments: damages) func theAuditSeesIt(_ damage: String, _ promise: Int) async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(
            define("tea", stocked: 9, id: "d") {
                $0.onShortage = .waitlist
                $0.maxPerBuyer = 9
            }, submit("final", "tea", 2, buyer: "ann"), submit("kept", "tea", 3), submit("held", "tea", 4),
            submit("waits", "tea", 1), confirm("final", "tea"))
        let moment = try desk.now()
        try desk.decide(confirm("kept", "tea"))
        try desk.publish()
        #expect(try desk.prune(try desk.now(), sold: moment).intents == [.confirmed: 1])
        try desk.decide(submit("new", "tea", 2))
        try desk.publish()
        try desk.decide(submit("newer", "tea", 2))
        try desk.expectPromisesKept()
        try desk.room.execute(damage)
        let broken = try desk.audit().lines.filter { !$0.holds }
        #expect(broken.map(\.promise).contains(promise), "\(broken)")
        #expect(broken.allSatisfy { !$0.examples.isEmpty })
        desk.store.close()
    }
}
