import ArgumentParser
import Foundation
import WeirSandbox

/// What more of a part brings, and what it costs: workers, ingresses, partitions, databases.
struct ScaleBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Two workers, ingresses, partitions and databases beside one: outcomes and cost.",
        discussion: """
            A machine that is full decides no more with two processes than with one; what it shows is whether an \
            intent costs the same then, because nothing stands in another's way. To show the rate too, the part in \
            question runs for --share of the time only, as if its machines were slower, so that it is the limit.
            """)

    @Option(help: "How many intents wait, for eight SKUs in eight partitions.")
    var intents = 160_000

    @Option(help: "Keep-alive clients before the ingresses.")
    var clients = 256

    @Option(help: "Seconds of each measurement of the ingresses.")
    var seconds = 5.0

    @Option(help: "How often all are measured, in turn.")
    var runs = 3

    @Option(help: "The share of the time for which a slowed process runs.")
    var share = 0.1

    func validate() throws {
        guard intents >= 8_000, (2...1_000).contains(clients), seconds >= 0.5, runs > 0, share >= 0.05,
            share <= 0.9
        else {
            throw ValidationError(
                "--intents is 8,000 or more, --clients 2 to 1,000, --seconds 0.5 or more, --runs 1 or more,"
                    + " --share 0.05 to 0.9")
        }
    }

    mutating func run() async throws {
        print("Scale: medians of \(runs) runs in turn, ratios to the first line")
        try await withSandbox(drain)
        try await withSandbox(ingress)
    }

    // MARK: Workers, partitions, databases

    private func drain(_ sandbox: Sandbox) async throws {
        // A PostgreSQL of its own, with a log of its own.
        let other = try await Sandbox.start(.init(rabbitmq: false))
        do {
            try await drain(sandbox, other)
            await other.stop()
        } catch {
            await other.stop()
            throw error
        }
    }

    private func drain(_ sandbox: Sandbox, _ other: Sandbox) async throws {
        let arrangements = [
            ScaleDrain.Arrangement(name: "1 worker"),
            .init(name: "2 workers", workers: 2),
            .init(name: "1 worker, 1 partition", partitions: 1),
            .init(name: "2 workers, 2 PostgreSQLs", workers: 2, databases: 2),
            .init(name: "1 slowed worker", share: share),
            .init(name: "2 slowed workers", workers: 2, share: share),
        ]
        var results = arrangements.map { _ in [ScaleDrain.Result]() }
        for run in 1...runs {
            for (place, arrangement) in arrangements.enumerated() {
                var places: [(databaseURL: String, amqpURL: String)] = []
                for number in 0..<arrangement.databases {
                    let room = try await sandbox.makeRoom()
                    let databaseURL =
                        number == 0 ? room.databaseURL : try await other.makeRoom().databaseURL
                    places.append((databaseURL, room.amqpURL))
                }
                let servers = [
                    ProcessorMeter(name: "PostgreSQL", roots: [sandbox.postgres.pid, other.postgres.pid]),
                    ProcessorMeter(name: "RabbitMQ", roots: [sandbox.rabbitmq.pid]),
                ]
                // Slowed ones get less to do, so that they are not waited for too long.
                let each = intents / (arrangement.share == nil ? 8 : 32)
                let result = try ScaleDrain(
                    arrangement: arrangement, each: each, places: places, servers: servers
                ).run()
                results[place].append(result)
                say("  run \(run): \(arrangement.name) \(result.rate.rounded)/s")
            }
        }
        print(
            "  a backlog of \(intents / 8 * 8) intents, a quarter for those that are slowed, 8 SKUs in 8 partitions:"
        )
        for (arrangement, measured) in zip(arrangements, results) {
            let isSlowed = arrangement.share != nil
            let base = results[isSlowed ? 4 : 0]
            line(
                arrangement.name, rates: measured.map(\.rate), before: base.map(\.rate),
                costs: measured.map(\.costs), costsBefore: base.map(\.costs),
                parts: ["workers", "PostgreSQL", "RabbitMQ"])
            let waits = measured.reduce(Shard.Waits()) { $0 + $1.waits }
            print(
                "      \(waits.working) looks at a session at work: waits for another's rows \(waits.rows), for the end of"
                    + " a table, memory or log \(waits.instants), for the disk \(waits.disk); write-ahead log"
                    + " \(median(measured.map(\.logBytes)).rounded) bytes an intent")
            if arrangement.workers == 1, !isSlowed { busiest(measured.map(\.threads)) }
        }
    }

    // MARK: Ingresses

    private func ingress(_ sandbox: Sandbox) async throws {
        let opened = try await ScaleIngress.open(in: sandbox)
        defer { opened.stop() }
        let arrangements: [(name: String, count: Int, share: Double?)] = [
            ("1 ingress", 1, nil), ("2 ingresses", 2, nil), ("1 slowed ingress", 1, share),
            ("2 slowed ingresses", 2, share),
        ]
        _ = try opened.run(ingresses: 2, clients: clients, seconds: 2, share: nil, prefix: "warm")
        var results = arrangements.map { _ in [ScaleIngress.Result]() }
        for run in 1...runs {
            for (place, arrangement) in arrangements.enumerated() {
                let result = try opened.run(
                    ingresses: arrangement.count, clients: clients, seconds: seconds,
                    share: arrangement.share, prefix: "r\(run)-\(place)")
                results[place].append(result)
                say("  run \(run): \(arrangement.name) \(result.rate.rounded)/s")
            }
        }
        print("  one hot SKU through HTTP, to the outcome, \(clients) keep-alive clients:")
        for (arrangement, measured) in zip(arrangements, results) {
            let base = results[arrangement.share == nil ? 0 : 2]
            line(
                arrangement.name, rates: measured.map(\.rate), before: base.map(\.rate),
                costs: measured.map(\.costs), costsBefore: base.map(\.costs), parts: opened.parts)
            print("      p99 \((median(measured.map(\.p99)) * 1e3).short) ms")
            if arrangement.count == 1, arrangement.share == nil { busiest(measured.map(\.threads)) }
        }
    }

    /// The busiest threads of a process, which end first, whatever else is idle.
    private func busiest(_ threads: [[(name: String, cost: Double)]]) {
        let places = 0..<(threads.map(\.count).min() ?? 0)
        let list = places.map { place in
            let cost = median(threads.map { $0[place].cost })
            return "\(threads[0][place].name) \(cost.short)"
        }
        print("      busiest threads of a process, core-µs an intent: \(list.joined(separator: ", "))")
    }

    /// One arrangement beside the one that it is compared with.
    private func line(
        _ name: String, rates: [Double], before: [Double], costs: [[Double]], costsBefore: [[Double]],
        parts: [String]
    ) {
        let sums = costs.map { $0.reduce(0, +) }
        let sumsBefore = costsBefore.map { $0.reduce(0, +) }
        let list = parts.indices.map { part in
            "\(parts[part]) \(median(costs.map { $0[part] }).rounded)"
        }.joined(separator: ", ")
        let ratios = (
            rate: median(zip(rates, before).map { $0 / $1 }),
            cost: median(zip(sums, sumsBefore).map { $0 / $1 })
        )
        let padded = name.padding(toLength: 26, withPad: " ", startingAt: 0)
        print(
            "    \(padded) \(median(rates).rounded)/s (\(ratios.rate.short)), \(median(sums).rounded) core-µs an"
                + " intent (\(ratios.cost.short)): \(list)")
    }
}
