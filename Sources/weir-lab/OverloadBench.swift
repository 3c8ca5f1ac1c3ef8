import ArgumentParser
import Foundation
import PostgresClient
import WeirLive
import WeirSandbox

/// What becomes of a server that is asked for twice of what it can carry.
struct OverloadBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overload",
        abstract: "Outcomes per second under twice the load that the server can carry, beside its peak.")

    @Option(help: "Keep-alive clients of the peak.")
    var clients = 64

    @Option(help: "Seconds of the peak, measured before and after.")
    var peakSeconds = 8.0

    @Option(help: "Seconds of the overload.")
    var seconds = 20.0

    @Option(help: "How many times the peak is asked for.")
    var times = 2.0

    @Option(help: "The most connections of the overload.")
    var connections = 4_000

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        print(
            "Overload: one hot SKU, to the outcome; the peak of \(clients) clients, then \(times.short) times as many"
                + " intents, open loop, for \(Int(seconds)) s")
        let room = try await sandbox.makeRoom()
        let partitions = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
            .partitioning.count
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply()
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        let port = try freePort()
        let ingress = try Child(
            "weir", ["serve", "--role", "ingress", "--port", "\(port)", "--log-level", "error"],
            environment: servers)
        defer { ingress.stop() }
        let worker = try Child(
            "weir", ["serve", "--role", "worker", "--log-level", "error"], environment: servers)
        defer { worker.stop() }
        try await until("the ingress on port \(port)", within: .seconds(30)) {
            (try? get(port, "/readyz")) == 200
        }
        try await until("the hot SKU", within: .seconds(30), every: .milliseconds(200)) {
            let status = try? put(port, "/v1/skus/hot", #"{"stocked":1000000000,"hold_seconds":0}"#)
            return status == 200 || status == 201
        }
        _ = try closed(port, "warm").run(seconds: 2)
        let before = try closed(port, "before").run(seconds: peakSeconds)
        say("  peak before: \(before.rate.rounded)/s")
        let rate = before.rate * times
        let load = OpenLoopClients(
            port: port, rate: rate, most: connections, request: { request("over", $0) },
            watch: { ingress.residentMegabytes })
        let result = try load.run(seconds: seconds, patience: 30)
        let after = try closed(port, "after").run(seconds: peakSeconds)
        say("  peak after: \(after.rate.rounded)/s")

        let peak = max(before.rate, after.rate)
        let outcomes = Double(result.count(200)) / seconds
        let accepted = Double(result.count(200, 202)) / seconds
        let refused = result.answers.keys.filter { $0 >= 400 }.reduce(0) { $0 + result.count($1) }
        print("  peak: \(peak.rounded)/s (before \(before.rate.rounded), after \(after.rate.rounded))")
        print(
            "  asked for \(rate.rounded)/s on \(result.connections) connections: \(outcomes.rounded)/s outcomes,"
                + " \((accepted - outcomes).rounded)/s accepted without one in time,"
                + " \((Double(refused) / seconds).rounded)/s refused;"
                + " not sent for want of a connection \(result.dropped), unanswered \(result.unanswered)")
        print(
            "  answers:"
                + result.answers.sorted { $0.key < $1.key }.map { " \($0.key): \($0.value.count)" }.joined())
        print("  ratio accepted work / peak: \((outcomes / peak).short)")
        print(
            "  outcomes after: p50 \((result.percentile(0.5, 200) * 1e3).short) ms, p99"
                + " \((result.percentile(0.99, 200) * 1e3).short) ms")
        print(
            "  refusals after: p50 \((result.percentile(0.5, 503) * 1e3).short) ms, p99"
                + " \((result.percentile(0.99, 503) * 1e3).short) ms, longest"
                + " \((result.percentile(1, 503) * 1e3).short) ms")
        let memory = result.watched
        let quarter = memory.count / 4
        print(
            "  memory of the ingress: \(memory.first?.rounded ?? "?") MB at the beginning,"
                + " \(memory.dropFirst(quarter).first?.rounded ?? "?") after a quarter,"
                + " \(memory.last?.rounded ?? "?") at the end, \((memory.max() ?? 0).rounded) at most")
    }

    private func closed(_ port: Int, _ prefix: String) -> KeepAliveClients {
        KeepAliveClients(port: port, count: clients) { request(prefix, $0) }
    }

    private func request(_ prefix: String, _ number: Int) -> [UInt8] {
        let body = #"{"sku":"hot","quantity":1,"buyer":"buyer-\#(number % 5_000)"}"#
        return Array(
            """
            POST /v1/intents HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Idempotency-Key: \(prefix)-\(number)\r
            Prefer: wait=10\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8)
    }
}
