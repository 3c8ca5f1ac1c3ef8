import Foundation
import PostgresClient
import Testing
import WeirCore
import WeirWire

@testable import WeirLive
@testable import WeirPipeline
@testable import weir_lab

/// What the drain is measured with is what Weir would have: rows, events, messages.
@Suite struct DrainBenchTests {
    private static func shop() async throws -> DrainShop {
        let room = try await LabRoom.room()
        let installed = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
        return DrainShop(room: room, partitioning: installed.partitioning)
    }

    /// Decides and commits as the owner of the partition in which all of the commands' SKUs live.
    private static func decide(_ commands: [Command], in shop: DrainShop) throws {
        let partition = shop.partitioning.partition(of: try #require(commands[0].sku))
        let store = try LivePartitionStore(
            SessionSettings(url: shop.room.databaseURL, applicationName: "test"), partition: partition,
            of: shop.partitioning)
        defer { store.close() }
        var snapshot = try store.read(SnapshotRequest(for: commands, dueUntil: nil))
        let decision = try LineMemory().decide(commands, &snapshot, store)
        var write = BatchWrite(
            headBefore: snapshot.head, decision: decision, at: snapshot.now,
            published: try store.position().published)
        write.events = decision.events.map { event in
            let isDefinition = event.happening.token == nil
            return LoggedEvent(
                seq: event.seq, at: event.at, type: event.happening.type,
                sku: event.happening.sku?.text ?? "",
                token: event.happening.token?.text,
                replyTo: isDefinition ? nil : "weir.ingress.1f2e3d4c5b6a",
                correlationID: isDefinition ? nil : "1", trace: nil,
                body: event.happening.body(partition: partition))
        }
        try store.commit(write)
    }

    private static func submit(_ sku: SKU, _ units: Int64, _ number: Int) -> Command {
        .submit(
            Submit(
                token: TokenForm.uuid4.token(number, run: 1), sku: sku,
                quantity: Quantity(unchecked: units),
                buyer: Buyer(unchecked: "buyer-1")))
    }

    /// How rows look: tokens are one token, and numbers one number.
    private static func shapes(_ table: String, in shop: DrainShop) throws -> [String] {
        let session = try shop.open()
        defer { session.close() }
        let sql = """
            select distinct regexp_replace(regexp_replace(to_jsonb(t)::text,
                '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'token', 'g'), '[0-9]+([.][0-9]+)?', '#', 'g') as shape
            from \(table) t order by shape
            """
        let rows = try session.run(Query(Statement(name: "shapes", sql: sql)))
        return (0..<rows.count).map { rows.text($0, 0) }
    }

    @Test func aFilledHistoryIsAsWeirWouldHaveWrittenIt() async throws {
        let shop = try await Self.shop()
        let history = DrainHistory(intents: 10_000, shop.partitioning)
        try history.fill(shop)
        try shop.settle()
        let audit = LiveAudit(databaseURL: shop.room.databaseURL)
        // Without a doubt, which would send the audit the long way.
        let report = try audit.inSnapshot { session, partitioning, checkpoints in
            var quick = QuickAudit(session, audit)
            return try quick.run(partitioning, checkpoints)
        }
        #expect(report.holds, "\(report.lines)")
        #expect(report.once.checked == 10_000)
        #expect(report.log.checked == 10_800)
        #expect(report.stock.checked == 800)
        #expect(try shop.position().head == 10_800)
        #expect(try shop.position().published == 10_800)

        let own = try await Self.shop()
        let sku = history.skus[0]
        let definition = Definition(
            id: CommandID(unchecked: "define"), sku: sku, stocked: DrainShop.stocked,
            policy: SKUPolicy(holdSeconds: 0, maxPerIntent: 2))
        try Self.decide(
            [.define(definition), Self.submit(sku, 1, 0), Self.submit(sku, 3, 1)], in: own)
        for table in ["event", "intent", "sku"] {
            let shapes = try Self.shapes(table, in: own)
            #expect(shapes.count == (table == "event" ? 3 : table == "intent" ? 2 : 1))
            #expect(try Self.shapes(table, in: shop) == shapes)
        }
    }

    @Test func aWorkerGoesOnBehindAFilledHistory() async throws {
        let shop = try await Self.shop()
        let history = DrainHistory(intents: 79, shop.partitioning)
        #expect(history.intents == 80)
        try history.fill(shop)
        try Self.decide([Self.submit(history.skus[0], 1, 0)], in: shop)
        #expect(try shop.position().sold == 81)
        let report = try LiveAudit(databaseURL: shop.room.databaseURL).run(thoroughly: true)
        #expect(report.holds && report.once.checked == 81, "\(report.lines)")
    }

    @Test func aBacklogIsSpreadEvenly() throws {
        let partitioning = try #require(Partitioning(count: 8))
        let skus = partitioning.names(1_000, over: 8)
        #expect(Set(skus).count == 1_000)
        let backlog = Backlog(intents: 4_000, skus: skus, tokens: .counted, run: 1, partitioning)
        #expect(backlog.queues.map(\.count) == Array(repeating: 500, count: 8))
        #expect(Set(backlog.queues.map(\.name)).count == 8)
        let alone = Backlog(
            intents: 7, skus: partitioning.names(1, over: 1), tokens: .counted, run: 2, partitioning)
        #expect(alone.queues.map(\.count) == [7])
    }

    @Test(arguments: [1, 2, 3, 8, 1_000, 1_000_000])
    func stepsMeetEveryPlaceOnce(_ count: Int) {
        let step = Backlog.stride(through: count)
        #expect(Set((0..<count).lazy.map { $0 * step % count }).count == count)
    }

    @Test func whatAllRunsIsAccepted() throws {
        for options in DrainBench.bounded { _ = try DrainBench.parse(options) }
        for options in [["--partitions", "9"], ["--decided", "9", "--skus", "9"], ["--skus", "0"]] {
            #expect(throws: (any Error).self) { try DrainBench.parse(options) }
        }
    }

    @Test(arguments: TokenForm.allCases)
    func noTokenIsThereTwice(_ form: TokenForm) throws {
        let tokens = (1...2).flatMap { run in (0..<5_000).map { form.token($0, run: run).text } }
        #expect(Set(tokens).count == 10_000)
        #expect(tokens.allSatisfy { Token($0) != nil })
        guard form != .counted else { return }
        #expect(tokens.allSatisfy { $0.dropFirst(14).first == (form == .uuid7 ? "7" : "4") })
        // In order of time but for those of one millisecond.
        let apart = stride(from: 0, to: tokens.count, by: 50).map { tokens[$0] }
        #expect((apart == apart.sorted()) == (form == .uuid7))
    }
}
