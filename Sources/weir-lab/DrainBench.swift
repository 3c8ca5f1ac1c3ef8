import AMQPClient
import ArgumentParser
import Foundation
import Logging
import PostgresClient
import WeirCore
import WeirLive
import WeirSandbox
import WeirTopology
import WeirWire

/// How fast a queue that waits is decided, beside a consumer that only reads and acknowledges the same messages.
struct DrainBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Decisions per second of a waiting queue, beside a bare consumer.")

    @Option(help: "How many intents wait.")
    var intents = 200_000

    @Option(help: "How often both are measured, in turn.")
    var runs = 3

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        print("Drain: \(intents) intents for one SKU in one partition, \(runs) runs in turn")
        var (decided, published, bare, grouped) = ([Double](), [Double](), [Double](), [Double]())
        var memory = 0.0
        var costs: [[Double]] = []
        for run in 1...runs {
            let room = try await sandbox.makeRoom()
            let partitioning = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
                .partitioning
            try TopologyTool(amqpURL: room.amqpURL, partitions: partitioning.count).apply()
            let sku = SKU(unchecked: "hot")
            let partition = partitioning.partition(of: sku)
            let queue = BrokerTopology.intentsQueue(partition)

            try publish(to: room.amqpURL, sku, partition)
            bare.append(Double(intents) / (try bareDrain(queue, room, window: 1)))

            try publish(to: room.amqpURL, sku, partition)
            grouped.append(Double(intents) / (try bareDrain(queue, room, window: 500)))

            try publish(to: room.amqpURL, sku, partition)
            let worker = try Child(
                "weir", ["serve", "--role", "worker"],
                environment: ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL])
            defer { worker.stop() }
            let meters = [
                ProcessorMeter(name: "worker", roots: [worker.pid]),
                ProcessorMeter(name: "RabbitMQ", roots: [sandbox.rabbitmq.pid]),
                ProcessorMeter(name: "PostgreSQL", roots: [sandbox.postgres.pid]),
            ]
            let before = meters.map(\.seconds)
            let times = try await watch(room.databaseURL, partition)
            costs.append(zip(meters, before).map { ($0.seconds - $1) / Double(intents) * 1e6 })
            decided.append(Double(intents) / times.decided)
            published.append(Double(intents) / times.published)
            memory = max(memory, worker.peakMegabytes)
            say(
                "  run \(run): bare \(bare[run - 1].rounded)/s, decided \(decided[run - 1].rounded)/s,"
                    + " published \(published[run - 1].rounded)/s")
        }
        let ratios = zip(decided, bare).map { $0 / $1 }
        print("  bare librabbitmq consumer, each acknowledged          \(median(bare).rounded)/s")
        print("  the same, 500 acknowledged at once, as a worker does  \(median(grouped).rounded)/s")
        print("  weir, decided and committed                           \(median(decided).rounded)/s")
        print("  weir, events published and confirmed too              \(median(published).rounded)/s")
        print(
            "  ratio decided / bare        \(median(ratios).short)  (\(ratios.map(\.short).joined(separator: " ")))"
        )
        let groupedRatios = zip(decided, grouped).map { $0 / $1 }
        print("  ratio decided / bare, 500 acknowledged at once        \(median(groupedRatios).short)")
        let parts = (0..<3).map { part in median(costs.map { $0[part] }).short }
        print(
            "  processor an intent: worker \(parts[0]) µs, RabbitMQ \(parts[1]) µs, PostgreSQL \(parts[2]) µs"
        )
        print("  worker: peak memory \(memory.rounded) MB")
    }

    private func publish(to url: String, _ sku: SKU, _ partition: Int) throws {
        let publisher = Publisher(
            settings: .init(amqp: AMQPSettings(url: url, connectionName: "lab")),
            logger: Logger(label: "lab") { _ in SwiftLogNoOpLogHandler() })
        defer { publisher.stop(drain: .seconds(30)) }
        guard publisher.waitUntilReady(timeout: .seconds(15)) else {
            throw LabError("the broker does not answer")
        }
        let confirmed = Confirmations(expecting: intents + 1)
        func send(_ commands: [Command]) {
            let messages = commands.map { command in
                var properties = MessageProperties()
                properties.type = command.kind.rawValue
                properties.messageID = command.messageID
                properties.contentType = "application/json"
                properties.deliveryMode = 2
                return OutgoingMessage(
                    exchange: BrokerTopology.intents, routingKey: BrokerTopology.routingKey(partition),
                    properties: properties, body: command.body, mandatory: true)
            }
            publisher.publish(messages) { _, outcome in confirmed.note(outcome) }
        }
        send([
            .define(
                Definition(
                    id: CommandID(unchecked: "define"), sku: sku, stocked: 1_000_000_000,
                    policy: SKUPolicy(holdSeconds: 0)))
        ])
        for first in stride(from: 0, to: intents, by: 2_000) {
            confirmed.waitUntilFewer(than: 20_000, sent: first)
            send(
                (first..<min(first + 2_000, intents)).map { number in
                    .submit(
                        Submit(
                            token: Token(unchecked: "lab-\(number)-0123456789"), sku: sku,
                            quantity: Quantity(unchecked: 1),
                            buyer: Buyer(unchecked: "buyer-\(number % 5_000)")))
                })
        }
        guard confirmed.waitForAll() else { throw LabError("the broker refused messages") }
    }

    private func bareDrain(_ queue: String, _ room: Room, window: Int) throws -> Double {
        guard let url = URLComponents(string: room.amqpURL), let host = url.host, let port = url.port else {
            throw LabError("the broker's URL cannot be read")
        }
        return try BareConsumer.drain(
            queue, count: intents + 1, window: window, host: host, port: port, user: url.user ?? "",
            password: url.password ?? "",
            vhost: room.vhost)
    }

    /// Seconds from the first commit that is seen to the last, and to the last confirmed event.
    private func watch(_ databaseURL: String, _ partition: Int) async throws -> (
        decided: Double, published: Double
    ) {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "lab"))
        defer { session.close() }
        let look = Query(
            Statement(name: "lab_head", sql: LabQueries.head), [.int2(Int16(partition))])
        var begin: ContinuousClock.Instant?
        var decided: Double?
        while true {
            let rows = try session.run(look)
            let (head, published) = (rows.int(0, 0), rows.int(0, 1))
            if begin == nil, head > 0 { begin = .now }
            if let begin {
                let seconds = (ContinuousClock.now - begin).seconds
                if head > intents, decided == nil { decided = seconds }
                if let decided, published > intents { return (decided, seconds) }
                if seconds > 300 { throw LabError("the worker did not finish within five minutes") }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
