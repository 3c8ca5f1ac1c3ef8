import ArgumentParser
import Foundation
import WeirSandbox

/// How many of the unlucky one ingress refuses a second, beside an empty JSON route of the same Hummingbird.
struct GateBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Refusals per second at the sold-out gate, beside an empty route.")

    @Option(help: "Keep-alive clients.")
    var clients = 64

    @Option(help: "Seconds of each measurement.")
    var seconds = 5.0

    @Option(help: "How often both are measured, in turn.")
    var runs = 5

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        print(
            "Sold-out gate: \(clients) keep-alive clients, the same request to both, \(runs) runs of"
                + " \(Int(seconds)) s in turn")
        let weir = try await SoldOutServer.start(sandbox)
        defer { weir.process.stop() }
        let emptyPort = try freePort()
        let empty = try Child("weir-lab", ["empty-server", "--port", "\(emptyPort)"], environment: [:])
        defer { empty.stop() }
        try await until("the empty route", within: .seconds(30)) { (try? get(emptyPort, "/")) == 200 }

        let (gate, route) = ("sold-out gate", "empty route")
        var results = [gate: [KeepAliveClients.Result](), route: []]
        var costs = [gate: [Double](), route: []]
        for run in 0...runs {
            for (name, port, server) in [(gate, weir.port, weir.process), (route, emptyPort, empty)] {
                let before = server.processorSeconds
                // The first of each warms up and is not counted; the other rests meanwhile.
                let result = try load(port, "r\(run)").run(seconds: run == 0 ? 1 : seconds)
                guard run > 0 else { continue }
                results[name, default: []].append(result)
                costs[name, default: []].append(
                    (server.processorSeconds - before) / Double(max(1, result.answers)) * 1e6)
                say("  run \(run): \(name) \(result.rate.rounded)/s")
            }
        }
        for name in [gate, route] {
            let all = results[name] ?? []
            let statuses = all.reduce(into: [Int: Int]()) { $0.merge($1.statuses) { $0 + $1 } }
            print(
                "  \(name.padding(toLength: 16, withPad: " ", startingAt: 0))"
                    + "\(median(all.map(\.rate)).rounded)/s, p99"
                    + " \((median(all.map { $0.percentile(0.99) }) * 1e3).short) ms,"
                    + " \(median(costs[name] ?? []).short) µs of processor time an answer, answers:"
                    + statuses.sorted { $0.key < $1.key }.map { " \($0.key): \($0.value)" }.joined())
        }
        // Of the gate only refusals count: once in a while it lets one pass.
        let ratios = zip(results[gate] ?? [], results[route] ?? []).map {
            Double($0.statuses[409] ?? 0) / $0.seconds / $1.rate
        }
        print(
            "  ratio gate / empty route: \(median(ratios).short)  (\(ratios.map(\.short).joined(separator: " ")))"
        )
        let work = zip(costs[route] ?? [], costs[gate] ?? []).map { $0 / $1 }
        print("  the same by processor time: \(median(work).short)")
    }

    private func load(_ port: Int, _ prefix: String) -> KeepAliveClients {
        KeepAliveClients(port: port, count: clients) { SoldOutServer.wish(prefix, $0, nil) }
    }
}
