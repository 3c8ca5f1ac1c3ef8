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

    @Option(help: "Keep-alive clients of the peak: each number is tried, the one that carries most counts.")
    var clients = [64, 256, 1_024]

    @Option(help: "Seconds of each measurement of the peak, before and after.")
    var peakSeconds = 5.0

    @Option(help: "Seconds of the overload.")
    var seconds = 20.0

    @Option(help: "How many times the peak is asked for.")
    var times = 2.0

    @Option(help: "The most connections of the overload.")
    var connections = 4_000

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        print(
            "Overload: one hot SKU, to the outcome; the peak of \(clients.map(String.init).joined(separator: ", "))"
                + " clients, then \(times.short) times as many intents, open loop, for \(Int(seconds)) s")
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
        _ = try closed(port, clients[0], "warm").run(seconds: 2)
        var (most, before) = (clients[0], 0.0)
        for count in clients {
            let carried = try closed(port, count, "before-\(count)").run(seconds: peakSeconds)
            say("  peak before, \(count) clients: \(carried.rate.rounded)/s")
            if carried.rate > before { (most, before) = (count, carried.rate) }
        }
        let rate = before * times
        let load = OpenLoopClients(
            port: port, rate: rate, most: connections, request: { request("over", $0) },
            watch: { ingress.residentMegabytes })
        let result = try load.run(seconds: seconds, patience: 30)
        let after = try closed(port, most, "after").run(seconds: peakSeconds).rate
        say("  peak after, \(most) clients: \(after.rounded)/s")

        let peak = max(before, after)
        let outcomes = Double(result.inTime[200] ?? 0) / seconds
        let accepted = Double(result.inTime[202] ?? 0) / seconds
        let refused = result.inTime.reduce(0) { $1.key >= 400 ? $0 + $1.value : $0 }
        print("  peak: \(peak.rounded)/s (before \(before.rounded), after \(after.rounded); \(most) clients)")
        print(
            "  asked for \(rate.rounded)/s on \(result.connections) connections: \(outcomes.rounded)/s outcomes,"
                + " \(accepted.rounded)/s accepted without one in time,"
                + " \((Double(refused) / seconds).rounded)/s refused;"
                + " not sent for want of a connection \(result.dropped), unanswered \(result.unanswered),"
                + " sent late by up to \((result.late * 1e3).short) ms")
        print(
            "  answers:"
                + result.answers.sorted { $0.key < $1.key }.map { " \($0.key): \($0.value.count)" }.joined())
        print("  ratio accepted work / peak: \((outcomes / peak).short)")
        print(
            "  outcomes after: p50 \((result.percentile(0.5, 200) * 1e3).short) ms, p99"
                + " \((result.percentile(0.99, 200) * 1e3).short) ms")
        let refusals = result.answers[503] ?? []
        let quick = refusals.count { $0 <= 0.05 }
        print(
            "  refusals within 50 ms: \((100 * Double(quick) / Double(max(1, refusals.count))).short) %; after: p50 \((result.percentile(0.5, 503) * 1e3).short) ms, p99"
                + " \((result.percentile(0.99, 503) * 1e3).short) ms, longest"
                + " \((result.percentile(1, 503) * 1e3).short) ms")
        let memory = result.watched
        let quarter = memory.count / 4
        print(
            "  memory of the ingress: \(memory.first?.rounded ?? "?") MB at the beginning,"
                + " \(memory.dropFirst(quarter).first?.rounded ?? "?") after a quarter,"
                + " \(memory.last?.rounded ?? "?") at the end, \((memory.max() ?? 0).rounded) at most")
    }

    private func closed(_ port: Int, _ count: Int, _ prefix: String) -> KeepAliveClients {
        KeepAliveClients(port: port, count: count) { request(prefix, $0) }
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
