import Testing
import WeirCore
import WeirPipeline

@testable import WeirLive

/// Where everything is as it should be, the quick audit says so by itself, and says what the thorough one says. That it
/// has a doubt wherever a promise is broken, the tests of broken promises show: they ask it first.
@Suite struct QuickAudits {
    private static let sku = SKU(unchecked: "s")

    /// Every kind of event that one partition writes.
    private static func commands(extendedUntil holdUntil: Timestamp) -> [Command] {
        [
            define("s", stocked: 6, id: "d1") {
                $0.maxPerBuyer = 50
                $0.onShortage = .waitlist
                $0.lowStockAt = 2
                $0.maxHoldSeconds = 900_000
                $0.waitlistLimit = 99
                $0.backorderLimit = 99
            }, submit("kept", "s", 2), submit("sold", "s", 3), submit("gone", "s"), submit("waits", "s"),
            submit("waits-too", "s", buyer: "ännchen"), submit("waits-3", "s", 4),
            submit("unknown", "nothing"),
            submit("kept", "s", 3), confirm("sold", "s"), cancel("sold", "s", 1), cancel("gone", "s"),
            confirm("waits", "s", id: "confirm-waits"), cancel("waits-3", "s"), cancel("nobody", "s"),
            .extend(
                Extension(
                    id: CommandID(unchecked: "e"), token: Token(unchecked: "kept"), sku: sku,
                    holdUntil: holdUntil)),
            .adjust(Adjustment(id: CommandID(unchecked: "a"), sku: sku, delta: 9, reason: "delivery")),
            define("s", stocked: 6, id: "d2") {
                $0.holdSeconds = 0
                $0.maxPerBuyer = 50
                $0.onShortage = .backorder
                $0.backorderLimit = 99
            }, submit("promised", "s", 30),
            .submit(
                Submit(
                    token: Token(unchecked: "new"), sku: sku, quantity: Quantity(unchecked: 1),
                    buyer: Buyer(unchecked: "b"), replaces: Token(unchecked: "kept"))),
        ]
    }

    @Test func ofEveryKindOfEventItSaysWhatTheThoroughAuditSays() async throws {
        let room = try await LiveRoom.make(partitions: 1)
        let store = try room.openStore()
        let later = try room.session().now().adding(seconds: 7_200)
        for command in Self.commands(extendedUntil: later) { try store.decideByHand([command]) }
        store.close()
        let kinds = try room.texts("select distinct type::text from event order by 1")
        #expect(kinds.count >= 12, "\(kinds)")
        let audit = LiveAudit(databaseURL: room.databaseURL)
        let report = try audit.quickly()
        #expect(report.holds && report.once.checked > 8 && report.stock.checked > 1)
        #expect(try report == audit.run(thoroughly: true))
        #expect(try report == audit.run())
    }

    @Test func fromACheckpointItSaysWhatTheThoroughAuditSays() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        let commands = Self.commands(extendedUntil: try desk.now().adding(seconds: 7_200))
        for command in commands.dropLast(4) { try desk.decide(command) }
        try desk.publish()
        let moment = try desk.now()
        let pruned = try desk.prune(moment, sold: moment)
        #expect(pruned.events > 10 && pruned.forgotten > 2)
        for command in commands.suffix(4) { try desk.decide(command) }
        try desk.decide(submit("gone", "s", 2))
        let audit = LiveAudit(databaseURL: desk.room.databaseURL)
        let report = try audit.quickly()
        #expect(report.holds && report.log.checked > 0)
        #expect(try report == audit.run(thoroughly: true))
        desk.store.close()
    }

    @Test func whatIsTooMuchForMemoryIsDoneTheLongWay() async throws {
        let room = try await LiveRoom.make(partitions: 1)
        let store = try room.openStore()
        try store.decideByHand([define("s", stocked: 2), define("t", stocked: 2), submit("a", "s")])
        try store.decideByHand([submit("b", "s"), submit("c", "t")])
        store.close()
        let audit = LiveAudit(databaseURL: room.databaseURL)
        #expect(try audit.quickly(.init(intents: 3, skus: 2)).once.checked == 3)
        for limits in [QuickAudit.Limits(intents: 2, skus: 2), .init(intents: 3, skus: 1)] {
            let error = #expect(throws: QuickAudit.Doubt.self) { try audit.quickly(limits) }
            #expect(error?.reason.contains("many") ?? false)
        }
        // In the transaction of a doubt the long way goes on, and finds nothing wrong.
        let report = try audit.inSnapshot { session, partitioning, checkpoints in
            var quick = QuickAudit(session, audit, .init(intents: 2, skus: 2))
            #expect(throws: QuickAudit.Doubt.self) { try quick.run(partitioning, checkpoints) }
            return try audit.walk(session, partitioning, checkpoints)
        }
        #expect(report.holds && report.once.checked == 3)
    }

    /// Each is seen by one check alone.
    @Test(arguments: [
        // An event that moved nothing, a SKU that nobody has anything of, a buyer who was somebody else before.
        "delete from event where type = 'weir.token.conflict.v1'", "delete from sku where sku = 't'",
        """
        update event set body = replace(body, '"buyer":"b"', '"buyer":"c"')
        where token = 'first' and type = 'weir.intent.reserved.v1'
        """,
        "update event set token = 'x' where token = 'second'",
        "update event set sku = '' where token = 'second'",
        "update intent set granted_at = '-infinity' where token = 'first'",
        // What a walk through the partitions does not meet.
        """
        insert into event (seq, at, type, partition, sku, token, body)
        select 1, at, type, 7, sku, token, body from event where token = 'second'
        """,
        """
        insert into sku (stocked, available, held, sold, version, hold_seconds, partition, sku)
        values (0, 0, 0, 0, 1, 0, 5, 'u')
        """,
        "insert into checkpoint_sku select s.*, 0 from sku s; update checkpoint_sku set partition = 7",
        "insert into checkpoint_intent select i.*, now() from intent i; update checkpoint_intent set partition = 7",
        "delete from partition",
    ]) func whatDoesNotFollowIsADoubt(_ damage: String) async throws {
        let room = try await LiveRoom.make(partitions: 1)
        let store = try room.openStore()
        try store.decideByHand([
            define("s", stocked: 2, holdSeconds: 900), define("t", stocked: 2), submit("first", "s"),
        ])
        try store.decideByHand([submit("first", "s", 2), confirm("first", "s"), submit("second", "s")])
        store.close()
        let audit = LiveAudit(databaseURL: room.databaseURL)
        #expect(try audit.quickly().holds)
        try room.execute(damage)
        #expect(throws: QuickAudit.Doubt.self) { try audit.quickly() }
    }

    @Test func aSKUThatIsNotAtHomeIsADoubt() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let store = try room.openStore(0)
        try store.decideByHand([define(room.sku(in: 1), stocked: 2)])
        store.close()
        #expect(throws: QuickAudit.Doubt.self) { try LiveAudit(databaseURL: room.databaseURL).quickly() }
        #expect(try !LiveAudit(databaseURL: room.databaseURL).run().log.holds)
    }

    @Test func aLiveSystemIsNoBrokenPromiseAndNoDoubt() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        let pool = room.pool()
        pool.start()
        try await room.publish(skus.map { define($0, stocked: 90, holdSeconds: 900) })
        let url = room.databaseURL
        let publishing = Task {
            for wave in 0..<10 {
                try await room.publish(
                    (0..<20).flatMap { number -> [Command] in
                        let (token, sku) = ("t\(wave)-\(number)", skus[number % 2])
                        return [
                            submit(token, sku), number % 3 == 0 ? cancel(token, sku) : confirm(token, sku),
                        ]
                    } + [orderSubmit("o\(wave)", skus), orderConfirm("o\(wave)")])
            }
        }
        // Each look is at a moment of its own, at which everything that was committed follows.
        let isDone = try await eventually(within: .seconds(120)) {
            let report = try await onThread { try LiveAudit(databaseURL: url).quickly() }
            #expect(report.holds, "\(report.lines)")
            return report.once.checked == 230 && report.orders.underWay == 0
        }
        try await publishing.value
        #expect(isDone)
        #expect(try await room.ordersSettle())
        try await onThread { pool.stop() }
        let report = try await onThread { try LiveAudit(databaseURL: url).quickly() }
        let thorough = try await onThread { try LiveAudit(databaseURL: url).run(thoroughly: true) }
        #expect(report == thorough)
        #expect(report.orders.checked == 20)
    }
}

extension LiveAudit {
    /// The quick audit alone: throws its doubt.
    fileprivate func quickly(_ limits: QuickAudit.Limits = .init()) throws -> AuditReport {
        try inSnapshot { session, partitioning, checkpoints in
            var quick = QuickAudit(session, self, limits)
            return try quick.run(partitioning, checkpoints)
        }
    }
}
