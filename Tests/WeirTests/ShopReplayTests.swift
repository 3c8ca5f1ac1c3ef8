import AMQPClient
import Foundation
import Logging
import PostgresClient
import Synchronization
import Testing
import WeirCore
import WeirLive
import WeirSandbox
import WeirTopology
import WeirWire

@testable import weir

/// One year of a real shop's orders, where its file is at hand.
@Suite(.serialized, .enabled(if: ShopCSV.path != nil)) struct ShopReplayTests {
    @Test func onePublisherInFileOrderDecidesLikeOneTill() async throws {
        let shop = try await ShopReplay.open()
        defer { shop.close() }
        let messages = shop.lines.map { shop.message($0.command) }
        #expect(try await shop.publish(messages) == messages.count)
        let rows = try await shop.outcomes()

        let reference = Reference(of: shop.lines)
        var differing: [String] = []
        for (line, outcome) in zip(shop.lines, reference.outcomes) where !line.isReturn {
            let expected = outcome == .confirmed ? "confirmed" : "rejected sold_out"
            if rows.intents[line.token] != expected { differing.append(line.token) }
        }
        #expect(differing.isEmpty, "\(differing.prefix(5))")
        for (sku, shelf) in reference.shelves {
            #expect(rows.stocks[sku] == [shelf.stocked, shelf.sold], "SKU \(sku)")
        }
        #expect(try LiveAudit(databaseURL: shop.room.databaseURL).run().holds)
    }

    @Test func sixtyFourPublishersAtOnceKeepEveryPromise() async throws {
        let shop = try await ShopReplay.open()
        defer { shop.close() }
        let queue = LineQueue(shop.lines)
        let confirmed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    var confirmed = 0
                    while let line = queue.take() {
                        if await shop.publisher.publish(shop.message(line.command)) == .confirmed {
                            confirmed += 1
                        }
                    }
                    return confirmed
                }
            }
            return await group.reduce(0, +)
        }
        #expect(confirmed == shop.lines.count)
        let rows = try await shop.outcomes()

        var demand = Demand()
        for line in shop.lines { demand.add(line) }
        let reference = Reference(of: shop.lines)
        for (sku, item) in demand.items {
            let row = try #require(rows.stocks[sku])
            #expect(row[0] == item.initialStock + item.returned, "SKU \(sku) is stocked with what came back")
            #expect(row[1] <= row[0], "SKU \(sku) is oversold")
            if item.sellsTheSameInAnyOrder { #expect(row[1] == reference.shelves[sku]?.sold, "SKU \(sku)") }
        }
        #expect(try LiveAudit(databaseURL: shop.room.databaseURL).run().holds)
    }
}

/// A Weir of the test's own that has stocked the shop's SKUs.
struct ShopReplay: Sendable {
    let room: Room
    let partitioning: Partitioning
    let lines: [ShopLine]
    let publisher: Publisher
    let pool: WorkerPool

    static func open() async throws -> ShopReplay {
        var reader = try ShopFile(path: try #require(ShopCSV.path))
        var lines: [ShopLine] = []
        while let line = try reader.next() { lines.append(line) }

        let room = try await SharedSandbox.room()
        let partitioning = try Migrator(databaseURL: room.databaseURL).run(partitions: nil)
            .installation.partitioning
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitioning.count).apply()
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var settings = Publisher.Settings(
            amqp: AMQPSettings(url: room.amqpURL, connectionName: "replay"))
        settings.mailboxLimit = 100_000
        settings.confirmTimeoutSeconds = 120
        let publisher = Publisher(settings: settings, logger: quiet)
        #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
        let pool = WorkerPool(
            WorkerSettings(databaseURL: room.databaseURL, amqpURL: room.amqpURL), partitioning: partitioning,
            logger: quiet)
        pool.start()
        let shop = ShopReplay(
            room: room, partitioning: partitioning, lines: lines, publisher: publisher, pool: pool)
        var demand = Demand()
        for line in lines { demand.add(line) }
        let definitions = demand.items.map { sku, item in
            Command.define(
                Definition(
                    id: CommandID(unchecked: "define-\(sku)"), sku: SKU(unchecked: sku),
                    stocked: item.initialStock, policy: SKUPolicy(holdSeconds: 0)))
        }
        #expect(try await shop.publish(definitions.map(shop.message)) == definitions.count)
        return shop
    }

    func close() {
        publisher.stop(drain: .seconds(1))
        pool.stop()
    }

    func message(_ command: Command) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.type = command.kind.rawValue
        properties.messageID = command.messageID
        properties.contentType = "application/json"
        properties.deliveryMode = 2
        return OutgoingMessage(
            exchange: BrokerTopology.intents,
            routingKey: BrokerTopology.routingKey(partitioning.home(of: command)),
            properties: properties, body: command.body, mandatory: true)
    }

    /// Publishes in order; returns how many were confirmed.
    func publish(_ messages: [OutgoingMessage]) async throws -> Int {
        return await withCheckedContinuation { continuation in
            let total = messages.count
            let box = CountBox()
            publisher.publish(messages) { _, outcome in
                if let confirmed = box.count(outcome == .confirmed, of: total) {
                    continuation.resume(returning: confirmed)
                }
            }
        }
    }

    /// What the tables say once every line is decided.
    func outcomes() async throws -> (intents: [String: String], stocks: [String: [Int64]]) {
        let wishes = lines.filter { !$0.isReturn }.count
        let deadline = ContinuousClock.now + .seconds(180)
        while try !areDecided(wishes: wishes, returns: lines.count - wishes) {
            try #require(ContinuousClock.now < deadline, "not every line is decided after three minutes")
            try await Task.sleep(for: .milliseconds(100))
        }
        return try tables()
    }

    private func areDecided(wishes: Int, returns: Int) throws -> Bool {
        let sql =
            "select (select count(*) from intent), (select count(*) from command where id like 'return-%')"
        let rows = try query(sql)
        return rows.int(0, 0) == wishes && rows.int(0, 1) == returns
    }

    private func tables() throws -> (intents: [String: String], stocks: [String: [Int64]]) {
        var (intents, stocks) = ([String: String](), [String: [Int64]]())
        let all = try query("select token, status::text || coalesce(' ' || reason::text, '') from intent")
        for row in 0..<all.count { intents[all.text(row, 0)] = all.text(row, 1) }
        let levels = try query("select sku, stocked, sold from sku")
        for row in 0..<levels.count {
            stocks[levels.text(row, 0)] = [levels.int8(row, 1), levels.int8(row, 2)]
        }
        return (intents, stocks)
    }

    /// A session belongs to one thread, so it must not live across an await.
    func query(_ sql: String) throws -> Rows {
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        return try session.run(Query(Statement(name: "test", sql: sql)))
    }
}

extension ShopLine {
    fileprivate var command: Command {
        isReturn
            ? .adjust(
                Adjustment(
                    id: CommandID(unchecked: adjustmentKey), sku: SKU(unchecked: sku), delta: -quantity,
                    reason: "returned by customer \(customer)"))
            : .submit(
                Submit(
                    token: Token(unchecked: token), sku: SKU(unchecked: sku),
                    quantity: Quantity(unchecked: quantity), buyer: Buyer(unchecked: customer)))
    }
}

private final class CountBox: Sendable {
    private let counts = Mutex((settled: 0, confirmed: 0))

    /// Counts one; returns how many were confirmed when it was the last of `total`.
    func count(_ isConfirmed: Bool, of total: Int) -> Int? {
        counts.withLock { counts in
            counts.settled += 1
            counts.confirmed += isConfirmed ? 1 : 0
            return counts.settled == total ? counts.confirmed : nil
        }
    }
}

/// Where the shop's file is; it is not part of the project.
enum ShopCSV {
    static let path: String? = {
        let beside = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../shared/data/online-retail.csv").standardizedFileURL.path
        let chosen = ProcessInfo.processInfo.environment["WEIR_SHOP_CSV"] ?? beside
        return FileManager.default.isReadableFile(atPath: chosen) ? chosen : nil
    }()
}

/// Hands out the lines, each once.
private final class LineQueue: Sendable {
    private let lines: [ShopLine]
    private let next = Mutex(0)

    init(_ lines: [ShopLine]) { self.lines = lines }

    func take() -> ShopLine? {
        next.withLock { next in
            defer { next += 1 }
            return next < lines.count ? lines[next] : nil
        }
    }
}
