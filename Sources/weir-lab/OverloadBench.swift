import ArgumentParser
import Foundation
import WeirLive
import WeirSandbox

/// What becomes of a server that is asked for twice of what it can carry.
struct OverloadBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overload",
        abstract: "Outcomes per second under twice the load that the server can carry, beside its peak.")

    @Option(help: "Keep-alive clients of the peak: each number is tried, the one that carries most counts.")
    var clients = [64, 256, 1_024]

    @Option(help: "Seconds of each measurement of the peak.")
    var peakSeconds = 4.0

    @Option(help: "Seconds of each overload.")
    var seconds = 8.0

    @Option(help: "How often peak and overload are measured, in turn.")
    var runs = 5

    @Option(help: "How many times the peak is asked for.")
    var times = 2.0

    @Option(help: "The most connections of the overload.")
    var connections = 4_000

    @Option(help: "What the ingress is told as --limit-door-milliseconds.")
    var doorMilliseconds = 100

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        print(
            "Overload: one hot SKU, to the outcome; the peak of \(clients.map(String.init).joined(separator: ", "))"
                + " clients, then \(times.short) times as many intents, open loop, at a door of \(doorMilliseconds) ms;"
                + " \(runs) runs of"
                + " \(Int(peakSeconds)) and \(Int(seconds)) s in turn")
        let room = try await sandbox.makeRoom()
        let partitions = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
            .partitioning.count
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply()
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        let port = try freePort()
        let ingress = try Child(
            "weir",
            [
                "serve", "--role", "ingress", "--port", "\(port)", "--log-level", "error",
                "--limit-door-milliseconds", "\(doorMilliseconds)",
            ], environment: servers)
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
        var (best, most) = (clients[0], 0.0)
        for count in clients where clients.count > 1 {
            let rate = try closed(port, count, "try-\(count)").run(seconds: peakSeconds).rate(of: 200)
            say("  \(count) clients: \(rate.rounded)/s")
            if rate > most { (best, most) = (count, rate) }
        }
        let meter = ProcessorMeter(
            name: "all",
            roots: [ingress.pid, worker.pid, sandbox.postgres.pid, sandbox.rabbitmq.pid])
        var rounds: [Round] = []
        for run in 1...runs {
            // What the ingress has learned of the last overload is forgotten when nobody was refused for a while.
            try await Task.sleep(for: .seconds(3))
            let atRest = meter.seconds
            let peak = try closed(port, best, "peak-\(run)").run(seconds: peakSeconds)
            let atPeak = meter.seconds
            let load = OpenLoopClients(
                port: port, rate: peak.rate(of: 200) * times, most: connections,
                request: requests("over-\(run)"), watch: { ingress.residentMegabytes })
            let result = try load.run(seconds: seconds, patience: 30)
            let round = Round(
                peak: peak, overload: result, peakCost: atPeak - atRest,
                overloadCost: meter.seconds - atPeak)
            rounds.append(round)
            say("  run \(run): \(round.summary)")
        }
        report(rounds, clients: best)
    }

    /// A peak, and the overload that followed it.
    private struct Round {
        let peak: KeepAliveClients.Result
        let overload: OpenLoopClients.Result
        /// Processor seconds of all servers.
        let peakCost: Double
        let overloadCost: Double

        /// Outcomes a second while requests came.
        var outcomes: Double { Double(overload.inTime[200] ?? 0) / overload.seconds }
        /// What was accepted, the outcome of which was not known in time.
        var queued: Double { Double(overload.inTime[202] ?? 0) / overload.seconds }
        var refused: Double {
            Double(overload.inTime.reduce(0) { $1.key >= 400 ? $0 + $1.value : $0 }) / overload.seconds
        }
        var ratio: Double { (outcomes + queued) / peak.rate(of: 200) }
        /// How many accepted intents a processor second gave, beside the peak: what the others take of the machine
        /// meanwhile does not count.
        var ratioOfWork: Double {
            let accepted = Double(overload.count(200, 202))
            return accepted / overloadCost / (Double(peak.statuses[200] ?? 0) / peakCost)
        }

        var summary: String {
            "peak \(peak.rate(of: 200).rounded)/s; asked for \(Int(Double(overload.asked) / overload.seconds))/s on"
                + " \(overload.connections) connections: \(outcomes.rounded)/s outcomes, \(queued.rounded)/s queued,"
                + " \(refused.rounded)/s refused, \(overload.dropped) not sent for want of a connection,"
                + " \(overload.unanswered) unanswered, sent late by up to \((overload.late * 1e3).rounded) ms"
        }
    }

    private func report(_ rounds: [Round], clients: Int) {
        let ratios = rounds.map(\.ratio)
        print(
            "  peak: \(median(rounds.map { $0.peak.rate(of: 200) }).rounded)/s with \(clients) clients; under overload"
                + " \(median(rounds.map(\.outcomes)).rounded)/s outcomes, \(median(rounds.map(\.queued)).rounded)/s"
                + " queued, \(median(rounds.map(\.refused)).rounded)/s refused")
        print(
            "  ratio accepted work / peak: \(median(ratios).short)  (\(ratios.map(\.short).joined(separator: " ")))"
        )
        print("  the same by processor time: \(median(rounds.map(\.ratioOfWork)).short)")
        let answers = rounds.reduce(into: [Int: [Double]]()) { $0.merge($1.overload.answers) { $0 + $1 } }
        print(
            "  answers:" + answers.sorted { $0.key < $1.key }.map { " \($0.key): \($0.value.count)" }.joined()
        )
        for (name, statuses) in [("outcomes", [200]), ("refusals", [503])] {
            let all = statuses.flatMap { answers[$0] ?? [] }.sorted()
            guard let longest = all.last else { continue }
            let quick = all.count { $0 <= 0.05 }
            print(
                "  \(name) after: p50 \((all[all.count / 2] * 1e3).short) ms, p99"
                    + " \((all[all.count * 99 / 100] * 1e3).short) ms, longest \((longest * 1e3).short) ms;"
                    + " within 50 ms \((100 * Double(quick) / Double(all.count)).short) %")
        }
        print(
            "  memory of the ingress at the end of each overload:"
                + rounds.map { " \(($0.overload.watched.last ?? 0).rounded)" }.joined() + " MB")
    }

    private func closed(_ port: Int, _ count: Int, _ prefix: String) -> KeepAliveClients {
        KeepAliveClients(port: port, count: count, request: requests(prefix))
    }

    private func requests(_ prefix: String) -> (Int) -> [UInt8] {
        let form = HotIntentForm(prefix: prefix, waitSeconds: 10)
        return { form.request($0) }
    }
}
