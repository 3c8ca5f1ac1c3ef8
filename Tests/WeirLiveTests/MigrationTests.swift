import AMQPClient
import PostgresClient
import Testing
import WeirCore
import WeirLive
import WeirSandbox
import WeirTopology

/// A database as the first migration left it, with data in it, is upgraded in place and goes on working.
@Suite struct MigrationTests {
    @Test func aDatabaseOfTheFirstStepGoesOn() async throws {
        let room = try await Self.oldRoom()
        let before = try room.texts("select row(i.*)::text from intent i order by token")
        let outcome = try Migrator(databaseURL: room.databaseURL).run(partitions: nil)
        #expect(outcome.applied == Migrations.all.dropFirst().map(\.name))
        #expect(try Migrator(databaseURL: room.databaseURL).run(partitions: nil).applied.isEmpty)

        // Every row is as it was, and the log of that time still is the truth.
        let after = try room.texts(
            """
            select row(decided_at, hold_until, quantity, status, reason, partition, token, sku, buyer)::text
            from intent order by token
            """)
        #expect(after == before)
        #expect(try LiveAudit(databaseURL: room.databaseURL).run().holds)

        try TopologyTool(amqpURL: room.amqpURL, partitions: 1).apply()
        let owner = OwnerThread(room, partition: 0)
        defer { owner.stop() }
        let publisher = room.publisher()
        defer { publisher.stop(drain: .seconds(1)) }
        #expect(await publisher.waitUntilReady(timeout: .seconds(10)))
        var policy = SKUPolicy(holdSeconds: 60, maxPerBuyer: 3, onShortage: .waitlist)
        policy.lowStockAt = 1
        let sku = SKU(unchecked: "tea")
        let commands: [Command] = [
            // A retry of a wish that was decided before the upgrade, and one of a command.
            submit("sold", "tea", 1, buyer: "ann"), change("c-1", "sold", .confirm),
            // Limits and a line for what was sold before there were any.
            .define(Definition(id: CommandID(unchecked: "d-2"), sku: sku, stocked: 0, policy: policy)),
            submit("limited", "tea", 3, buyer: "ann"), submit("waits", "tea", 3, buyer: "eve"),
            change("c-2", "held", .cancel), change("c-3", "gone", .confirm),
        ]
        for command in commands { #expect(await publisher.publish(room.message(command)) == .confirmed) }
        #expect(try await eventually { try room.count("select count(*) from command where id = 'c-3'") == 1 })
        let rows = try room.texts(
            "select token || ' ' || status || coalesce(' ' || reason::text, '') from intent order by token")
        #expect(
            rows == [
                "gone expired", "held cancelled", "limited rejected buyer_limit", "none rejected sold_out",
                "sold confirmed", "waits reserved",
            ])
        // The retry of the confirm got the result that was stored then.
        let answers = try room.texts(
            "select body from event where type = 'weir.command.answered.v1' and body like '%c-1%'")
        #expect(answers.count == 1 && answers[0].contains(#""result":"done""#))
        #expect(
            try room.texts("select sku || buyer || units from buyer_total where units > 0 order by 1") == [
                "teaann1", "teaeve3",
            ])
        let report = try LiveAudit(databaseURL: room.databaseURL).run()
        #expect(report.holds, "\(report.lines)")
    }

    private func change(_ id: String, _ token: String, _ kind: CommandKind) -> Command {
        let change = IntentChange(
            id: CommandID(unchecked: id), token: Token(unchecked: token), sku: SKU(unchecked: "tea"))
        return kind == .confirm ? .confirm(change) : .cancel(change)
    }

    /// What the first binary wrote: one sale, one hold, one that expired, one that was sold out.
    private static func oldRoom() async throws -> LiveRoom {
        let empty = try await SharedSandbox.room()
        let room = LiveRoom(
            databaseURL: empty.databaseURL, amqpURL: empty.amqpURL,
            partitioning: try #require(Partitioning(count: 1)))
        let session = try room.session()
        defer { session.close() }
        try session.execute(script: Queries.migrateHistory.text)
        try session.execute(script: Migrations.all[0].text)
        try session.execute(script: data)
        return room
    }

    private static let data = #"""
        insert into migration (name) values ('m0001_start');
        insert into installation (partitions, system_identifier, timeline)
        select 1, c.system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
        from pg_control_system() c;
        insert into partition (partition, head, published) values (0, 7, 7);
        insert into sku (stocked, available, held, sold, version, hold_seconds, max_per_intent, partition, sku)
        values (5, 2, 2, 1, 6, 60, 4, 0, 'tea');
        insert into intent (decided_at, hold_until, quantity, status, reason, partition, token, sku, buyer) values
            ('2026-11-21T09:30:00Z', '2099-11-21T09:31:00Z', 2, 'reserved', null, 0, 'held', 'tea', 'bob'),
            ('2026-11-21T09:30:00Z', null, 1, 'confirmed', null, 0, 'sold', 'tea', 'ann'),
            ('2026-11-21T09:30:00Z', null, 2, 'expired', null, 0, 'gone', 'tea', 'ann'),
            ('2026-11-21T09:30:00Z', null, 3, 'rejected', 'sold_out', 0, 'none', 'tea', 'ann');
        insert into command (decided_at, partition, id, payload, result) values ('2026-11-21T09:30:00Z', 0, 'c-1',
            E'weir.intent.confirm.v1\ntea\nsold',
            '{"result":"done","intent":{"token":"sold","sku":"tea","quantity":1,"buyer":"ann","status":"confirmed","decided_at":"2026-11-21T09:30:00.000000Z"}}');
        insert into event (seq, at, type, partition, sku, token, body) values
            (1, now(), 'weir.sku.defined.v1', 0, 'tea', null, '{"sku":"tea","partition":0,"stocked":5,"held":0,"sold":0,"available":5,"waitlisted":0,"backordered":0,"version":1,"hold_seconds":60,"max_per_intent":4}'),
            (2, now(), 'weir.intent.reserved.v1', 0, 'tea', 'held', '{"token":"held","sku":"tea","quantity":2,"buyer":"bob","status":"reserved","hold_until":"2099-11-21T09:31:00.000000Z","decided_at":"2026-11-21T09:30:00.000000Z","available":3,"stock":{"stocked":5,"held":2,"sold":0,"version":2}}'),
            (3, now(), 'weir.intent.reserved.v1', 0, 'tea', 'sold', '{"token":"sold","sku":"tea","quantity":1,"buyer":"ann","status":"reserved","hold_until":"2026-11-21T09:31:00.000000Z","decided_at":"2026-11-21T09:30:00.000000Z","available":2,"stock":{"stocked":5,"held":3,"sold":0,"version":3}}'),
            (4, now(), 'weir.intent.reserved.v1', 0, 'tea', 'gone', '{"token":"gone","sku":"tea","quantity":2,"buyer":"ann","status":"reserved","hold_until":"2026-11-21T09:31:00.000000Z","decided_at":"2026-11-21T09:30:00.000000Z","available":0,"stock":{"stocked":5,"held":5,"sold":0,"version":4}}'),
            (5, now(), 'weir.intent.rejected.v1', 0, 'tea', 'none', '{"token":"none","sku":"tea","quantity":3,"buyer":"ann","status":"rejected","reason":"sold_out","decided_at":"2026-11-21T09:30:00.000000Z","available":0,"stock":{"stocked":5,"held":5,"sold":0,"version":4}}'),
            (6, now(), 'weir.intent.confirmed.v1', 0, 'tea', 'sold', '{"token":"sold","sku":"tea","quantity":1,"buyer":"ann","status":"confirmed","decided_at":"2026-11-21T09:30:00.000000Z","previous_status":"reserved","available":0,"stock":{"stocked":5,"held":4,"sold":1,"version":5}}'),
            (7, now(), 'weir.intent.expired.v1', 0, 'tea', 'gone', '{"token":"gone","sku":"tea","quantity":2,"buyer":"ann","status":"expired","decided_at":"2026-11-21T09:30:00.000000Z","previous_status":"reserved","available":2,"stock":{"stocked":5,"held":2,"sold":1,"version":6}}');
        """#
}
