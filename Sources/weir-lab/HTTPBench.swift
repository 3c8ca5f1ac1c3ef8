import ArgumentParser
import Foundation
import PostgresClient
import WeirCore
import WeirLive
import WeirSandbox

/// One hot SKU, or a spread over many, through HTTP, beside the same HTTP server deciding by one conditional UPDATE a request.
struct HTTPBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http", abstract: "Outcomes per second through HTTP, beside a conditional UPDATE.")

    @Option(help: "Keep-alive clients.")
    var clients = 64

    @Option(help: "Seconds of each measurement.")
    var seconds = 10.0

    @Option(help: "How often both are measured, in turn.")
    var runs = 3

    @Option(help: "How many database sessions the conditional UPDATE uses.")
    var sessions = 8

    @Option(help: "How many SKUs the intents are spread over, each as often; 1 is a hot one.")
    var skus = 1

    @Option(help: "How many partitions Weir has.")
    var partitions = 8

    mutating func run() async throws { try await withSandbox(measure) }

    func validate() throws {
        guard skus > 0, (1...64).contains(partitions) else {
            throw ValidationError("--skus must be 1 or more, --partitions from 1 to 64")
        }
    }

    private func measure(_ sandbox: Sandbox) async throws {
        let shop = skus == 1 ? "one hot SKU" : "\(skus) SKUs"
        print(
            "HTTP: \(shop), \(clients) keep-alive clients, \(runs) runs of \(Int(seconds)) s in turn,"
                + " \(partitions) partitions")
        let room = try await sandbox.makeRoom()
        let partitions = try Migrator(databaseURL: room.databaseURL).run(
            partitions: Partitioning(count: partitions)
        ).installation.partitioning.count
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply()
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "lab"))
        defer { session.close() }
        try session.execute(script: LabQueries.shop + LabQueries.orderOnce)
        _ = try session.run(
            Query(LabQueries.stockUp, [.texts(names), .int8s(names.map { _ in 1_000_000_000 })]))
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]

        let weirPort = try freePort()
        let ingress = try Child(
            "weir", ["serve", "--role", "ingress", "--port", "\(weirPort)", "--log-level", "error"],
            environment: servers)
        defer { ingress.stop() }
        let worker = try Child(
            "weir", ["serve", "--role", "worker", "--log-level", "error"], environment: servers)
        defer { worker.stop() }
        let rivals = try [
            ("UPDATE, INSERT", Strategy.conditionalInSteps), ("both in one", .conditional),
        ].map { name, strategy in
            let port = try freePort()
            let server = try Child(
                "weir-lab",
                [
                    "strategy-server", "--strategy", strategy.rawValue, "--port", "\(port)", "--sessions",
                    "\(sessions)",
                ],
                environment: servers)
            return (name: name, port: port, server: server)
        }
        defer { for rival in rivals { rival.server.stop() } }
        for port in [weirPort] + rivals.map(\.port) {
            try await until("a server on port \(port)", within: .seconds(30)) {
                (try? get(port, "/readyz")) == 200
            }
        }
        for name in names {
            try await until("the SKU \(name)", within: .seconds(30), every: .milliseconds(200)) {
                let status = try? put(
                    weirPort, "/v1/skus/\(name)", #"{"stocked":1000000000,"hold_seconds":0}"#)
                return status == 200 || status == 201
            }
        }

        let contestants = [(name: "weir", port: weirPort)] + rivals.map { (name: $0.name, port: $0.port) }
        var results = contestants.map { _ in [KeepAliveClients.Result]() }
        let postgres = ProcessorMeter(name: "PostgreSQL", roots: [sandbox.postgres.pid])
        let meters = [
            ProcessorMeter(name: "ingress", roots: [ingress.pid]),
            ProcessorMeter(name: "worker", roots: [worker.pid]),
            ProcessorMeter(name: "RabbitMQ", roots: [sandbox.rabbitmq.pid]), postgres,
        ]
        var costs = contestants.map { _ in [[Double]]() }
        for run in 0...runs {
            for (place, contestant) in contestants.enumerated() {
                let counted =
                    place == 0
                    ? meters
                    : [ProcessorMeter(name: "server", roots: [rivals[place - 1].server.pid]), postgres]
                let before = counted.map(\.seconds)
                // The first of each warms up and is not counted; the others rest meanwhile.
                let result = try load(contestant.port, "r\(run)-\(place)").run(
                    seconds: run == 0 ? 2 : seconds)
                guard run > 0 else { continue }
                results[place].append(result)
                costs[place].append(
                    zip(counted, before).map { ($0.seconds - $1) / Double(max(1, result.answers)) * 1e6 })
                say("  run \(run): \(contestant.name) \(result.rate.rounded)/s")
            }
        }
        for (contestant, result) in zip(contestants, results) { report(contestant.name, result) }
        let names = [meters.map(\.name)] + rivals.map { _ in ["server", "PostgreSQL"] }
        for place in contestants.indices {
            let parts = names[place].indices.map { part in median(costs[place].map { $0[part] }) }
            let list = zip(names[place], parts).map { "\($0) \($1.rounded)" }.joined(separator: ", ")
            print(
                "  processor, \(contestants[place].name): \(median(costs[place].map { $0.reduce(0, +) }).rounded)"
                    + " µs an intent without the clients (\(list))")
        }
        for place in results.indices.dropFirst() {
            let ratios = zip(results[0], results[place]).map { $0.rate / $1.rate }
            print(
                "  ratio weir / \(contestants[place].name): \(median(ratios).short)"
                    + "  (\(ratios.map(\.short).joined(separator: " ")))")
        }
        print(
            "  peak memory: worker \(worker.peakMegabytes.rounded) MB, ingress \(ingress.peakMegabytes.rounded) MB"
        )
    }

    private func report(_ name: String, _ results: [KeepAliveClients.Result]) {
        let rate = median(results.map(\.rate))
        let (p50, p99) = (
            median(results.map { $0.percentile(0.5) }), median(results.map { $0.percentile(0.99) })
        )
        let bad = results.flatMap(\.statuses).filter { $0.key != 200 }.reduce(0) { $0 + $1.value }
        let padded = name.padding(toLength: 20, withPad: " ", startingAt: 0)
        print(
            "  \(padded) \(rate.rounded)/s, p50 \((p50 * 1e3).short) ms, p99 \((p99 * 1e3).short) ms,"
                + " answers other than 200: \(bad)")
    }

    private var names: [String] { skus == 1 ? ["hot"] : (0..<skus).map { "sku-\($0)" } }

    private func load(_ port: Int, _ prefix: String) -> KeepAliveClients {
        KeepAliveClients(port: port, count: clients) { [names] number in
            let body =
                #"{"sku":"\#(names[number % names.count])","quantity":1,"buyer":"buyer-\#(number % 5_000)"}"#
            return Array(
                """
                POST /v1/intents HTTP/1.1\r
                Host: 127.0.0.1\r
                Content-Type: application/json\r
                Idempotency-Key: \(prefix)-\(number)\r
                Prefer: wait=30\r
                Content-Length: \(body.utf8.count)\r
                \r
                \(body)
                """.utf8)
        }
    }
}
