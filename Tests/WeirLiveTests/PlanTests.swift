import PostgresClient
import Testing
import WeirTopology

/// The queries of a batch are planned once for all. Whatever lies in the tables, their plans look rows up one by one.
@Suite struct PlanTests {
    /// Few orders and few holds are due, of many.
    private static let shop = """
        insert into sku (stocked, available, held, sold, version, hold_seconds, partition, sku)
        select 100, 90, 10, 0, 1, 0, 0, 's' || n from generate_series(1, 5000) as n;
        insert into intent (decided_at, quantity, status, partition, token, sku, buyer)
        select now(), 1, 'reserved', 0, 'o' || n / 5 || '/' || n % 5, 's' || n % 5000 + 1, 'b'
        from generate_series(1, 25000) as n;
        insert into intent (decided_at, hold_until, quantity, status, partition, token, sku, buyer)
        select now(), now() + n * interval '1 second', 1, 'reserved', 0, 'h' || n, 's' || n % 5000 + 1, 'b'
        from generate_series(1, 25000) as n;
        insert into event (seq, at, type, partition, sku, body)
        select n, now(), 'weir.sku.adjusted.v1', 0, 's1', '{}' from generate_series(1, 20000) as n;
        insert into event_address (partition, seq, partitions) select 0, n, 1 from generate_series(1, 20000) as n;
        analyze;
        """

    @Test(arguments: [
        (Queries.readOrderSkus, "(smallint, text[])", "(0, '{o1}')"),
        (Queries.readDueSkus, "(smallint, timestamptz, integer)", "(0, now(), 500)"),
        (Queries.readMessages, "(smallint, bigint, integer)", "(0, 19000, 250)"),
    ])
    func noneWalksATable(_ query: SQLText, types: String, values: String) async throws {
        let room = try await LiveRoom.make(partitions: 1)
        try room.execute(Self.shop)
        let session = try room.session()
        defer { session.close() }
        try session.execute(script: Queries.ownSessionSettings.text)
        try session.execute(script: "prepare planned \(types) as \(query.text)")
        let rows = try session.run(
            Query(Statement(name: "plan", sql: "explain execute planned \(values)")))
        let plan = (0..<rows.count).map { rows.text($0, 0) }.joined(separator: "\n")
        #expect(plan.contains("$"), "the plan was made for these values: \(plan)")
        for walk in ["Seq Scan", "Hash", "Merge"] { #expect(!plan.contains(walk), "\(plan)") }
    }
}
