import PostgresClient
import Testing
import WeirCore
import WeirLive
import WeirSandbox
import WeirTopology

/// A database of the version before orders, with data in it, is brought up to date where it stands.
@Suite struct OrderMigration {
    @Test func aDatabaseWithDataIsUpgradedInPlace() async throws {
        let room = try await LiveRoom.old(before: "m0007_orders")
        let (a, b) = (room.sku(in: 0), room.sku(in: 1))
        for (partition, sku) in [a, b].enumerated() {
            let store = try room.openStore(partition)
            try store.decideByHand(
                [
                    define(sku, stocked: 10, holdSeconds: 1), submit("held-\(sku)", sku, 2),
                    submit("sold-\(sku)", sku, 3), submit("short-\(sku)", sku, 99),
                    .confirm(
                        IntentChange(
                            id: CommandID(unchecked: "c-\(sku)"), token: Token(unchecked: "sold-\(sku)"),
                            sku: SKU(unchecked: sku))),
                ], partition: partition)
            store.close()
        }
        let before = try room.texts("select i::text from intent i order by token")

        let outcome = try Migrator(databaseURL: room.databaseURL).run(partitions: room.partitioning)
        #expect(outcome.applied.first == "m0007_orders")
        #expect(try Migrator(databaseURL: room.databaseURL).run(partitions: nil).applied.isEmpty)
        #expect(try room.texts("select i::text from intent i order by token") == before)
        let audit = try LiveAudit(databaseURL: room.databaseURL).run()
        #expect(audit.holds, "\(audit.lines)")

        // What was held goes on, and orders are taken beside it.
        let pool = room.pool()
        pool.start()
        defer { pool.stop() }
        try await room.publish([orderSubmit("o1", [a, b], units: 5)])
        // It may be a second later by now, and the hold over: then the confirm takes the units again.
        #expect(
            try await eventually { ["reserved", "expired"].contains(try room.orderState("o1")) })
        #expect(
            try await eventually {
                try room.count("select count(*) from intent where status = 'expired' and token like 'held-%'")
                    == 2
            })
        try await room.publish([orderConfirm("o1")])
        #expect(
            try await eventually {
                try room.count("select count(*) from orders where status in ('confirmed')") == 1
            })
        #expect(try await room.ordersSettle())
        #expect(try room.count("select min(sold)::int from sku") == 8)
        try room.expectWholeOrders()
    }

    /// Orders from before it was written down which event shows them last: they are kept until all is gone that was there.
    @Test func ordersOfBeforeAPruneCouldForgetThemWaitForTheHead() async throws {
        let room = try await LiveRoom.old(before: "m0009_prune_orders")
        try room.execute(
            """
            update partition set head = 7 + partition;
            insert into orders (version, awaited, changed_at, due_at, hold_seconds, max_hold_seconds, status, partition,
                token, buyer, lines)
            select 1, 0, now(), null, 1, 1, 'cancelled', p, 'o' || p, 'b', '{"lines":[]}' from generate_series(0, 1) p;
            insert into order_part (version, asked, coordinator, partition, order_token) values (1, 0, 0, 1, 'o0');
            """)
        let outcome = try Migrator(databaseURL: room.databaseURL).run(partitions: room.partitioning)
        #expect(outcome.applied.first == "m0009_prune_orders")
        #expect(try room.texts("select last_seq::text from orders order by token") == ["7", "8"])
        #expect(try room.texts("select last_seq::text from order_part") == ["8"])
    }

    /// What an older worker wrote behind the step could be forgotten too early.
    @Test func thePruneOfOrdersIsNotBroughtInBesideAWorker() async throws {
        let room = try await LiveRoom.old(before: "m0009_prune_orders")
        let migrator = Migrator(databaseURL: room.databaseURL)
        let worker = try room.openPatientStore(1)
        do {
            _ = try migrator.run(partitions: room.partitioning)
            Issue.record("it must not be brought in")
        } catch let error as PostgresError {
            #expect(error.message.hasPrefix("partition 1 has a worker"), "\(error)")
        }
        #expect(try room.count("select count(*) from migration where name = 'm0009_prune_orders'") == 0)
        #expect(try room.lockedPartitions() == [1])
        worker.close()
        #expect(try migrator.run(partitions: room.partitioning).applied.contains("m0009_prune_orders"))
    }
}

extension LiveRoom {
    /// A room whose database was migrated by a version that did not know a step and those behind it.
    fileprivate static func old(before step: String) async throws -> LiveRoom {
        let room = try await SharedSandbox.room()
        let partitioning = try #require(Partitioning(count: 2))
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        try session.execute(script: Queries.migrateHistory.text)
        for migration in Migrations.all.prefix(while: { $0.name != step }) {
            try session.execute(script: migration.text)
            _ = try session.run(
                Query(
                    Statement(name: "migrateRecord", sql: Queries.migrateRecord.text), [.text(migration.name)]
                ))
        }
        _ = try session.run(
            Query(
                Statement(name: "migrateInstall", sql: Queries.migrateInstall.text),
                [.int2(Int16(partitioning.count))]))
        _ = try session.run(Query(Statement(name: "migratePartitions", sql: Queries.migratePartitions.text)))
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitioning.count).apply()
        return LiveRoom(databaseURL: room.databaseURL, amqpURL: room.amqpURL, partitioning: partitioning)
    }
}
