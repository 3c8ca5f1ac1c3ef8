import ArgumentParser
import Foundation
import WeirCore
import WeirSandbox

extension Sandbox.RedisDurability: ExpressibleByArgument {}

/// The same rush through every strategy, in turn, and what each of them got wrong.
struct StrategiesBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strategies", abstract: "The ways of not overselling, side by side.",
        discussion: """
            A run of a strategy is a flood, for so many seconds, on SKUs with plenty of units: there throughput, \
            latency and cost are measured. Then comes a rush for the last units of one SKU, until all of them are \
            gone: there overselling shows. Afterwards the books are counted. With --kills the server is killed in the \
            middle of another flood, started again, and the books are counted once more.
            """)

    @Option(help: "Keep-alive clients.")
    var clients = 64

    @Option(help: "Seconds of each flood.")
    var seconds = 5.0

    @Option(help: "How often every strategy is measured, in turn.")
    var runs = 3

    @Option(help: "How often every strategy's server is killed.")
    var kills = 1

    @Option(help: "How many SKUs the flood spreads over, by Zipf's law; 1 is a hot one.")
    var skus = 1

    @Option(help: "Zipf's exponent.")
    var exponent = 1.0

    @Option(help: "How many units the rush for the last ones is about; twice as many want one.")
    var units = 300

    @Option(help: "Of a hundred requests, how many send the token of the one before again.")
    var repeats = 2

    @Option(help: "How many database sessions each server uses.")
    var sessions = 8

    @Option(help: "How many partitions Weir has.")
    var partitions = 8

    @Option(help: "When Redis brings its log to the disk: everysec or always.")
    var appendfsync = Sandbox.RedisDurability.everysec

    @Option(help: "Where the picture goes.")
    var picture = "strategies.svg"

    @Option(parsing: .upToNextOption, help: "Only these strategies, by name.")
    var only: [Strategy] = []

    func validate() throws {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("clients", clients, 1...1_000), ("runs", runs, 0...99), ("kills", kills, 0...99),
            ("skus", skus, 1...2_000), ("units", units, 1...100_000), ("repeats", repeats, 0...50),
            ("sessions", sessions, 1...20), ("partitions", partitions, 1...64),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            throw ValidationError(
                "--\(name) is \(value); give a number from \(range.lowerBound) to \(range.upperBound)")
        }
        guard (0.5...600).contains(seconds), (0...5).contains(exponent) else {
            throw ValidationError("--seconds goes from 0.5 to 600, --exponent from 0 to 5")
        }
        guard runs + kills > 0 else {
            throw ValidationError("with neither --runs nor --kills there is nothing to do")
        }
    }

    func run() async throws {
        try await withSandbox(redis: appendfsync, measure)
    }

    private func measure(_ sandbox: Sandbox) async throws {
        let strategies = only.isEmpty ? Strategy.allCases : only
        let demand = skus == 1 ? "one hot SKU" : "\(skus) SKUs by Zipf's law (exponent \(exponent.tenths))"
        let caption =
            "\(demand), \(clients) clients, \(runs) runs of \(seconds.tenths) s in turn, \(repeats) % sent twice,"
            + " Redis with appendfsync \(appendfsync.rawValue), Weir with \(partitions) partitions"
        print("Strategies: \(caption)")
        var ordinary: [Strategy: [RushResult]] = [:]
        var killed: [Strategy: [RushResult]] = [:]
        for run in 0..<(runs + kills) {
            for strategy in strategies {
                let isKill = run >= runs
                let result = try await rush(strategy, sandbox, kill: isKill)
                if isKill {
                    killed[strategy, default: []].append(result)
                } else {
                    ordinary[strategy, default: []].append(result)
                }
                let counts = result.counts.all.map(String.init).joined(separator: " ")
                say(
                    "  \(isKill ? "kill" : "run \(run + 1)"): \(strategy.rawValue) \(result.record.rate.rounded)/s,"
                        + " wrong \(counts), undecided \(result.undecided)")
            }
        }
        let results = strategies.map { strategy in
            StrategyResult(
                strategy, runs: ordinary[strategy] ?? [], yardstick: ordinary[.conditional] ?? [],
                killed: killed[strategy] ?? [])
        }
        print(StrategyTable.text(results))
        for result in results where result.undecided > 0 {
            print("\(result.title): \(result.undecided) requests were never decided")
        }
        try StrategyPicture.svg(results, caption: caption)
            .write(toFile: picture, atomically: true, encoding: .utf8)
        print("picture: \(picture)")
    }

    /// One run of one strategy, from empty tables to counted books.
    private func rush(_ strategy: Strategy, _ sandbox: Sandbox, kill: Bool) async throws -> RushResult {
        let names = skus == 1 ? ["hot"] : (1...skus).map { "sku-\($0)" }
        let stock = names.map { (sku: $0, units: 100_000_000) } + [(sku: "last", units: units)]
        let contestant = try await Contestant.open(
            strategy, in: sandbox, sessions: sessions, partitions: Partitioning(count: partitions),
            stock: stock)
        defer { contestant.stop() }
        func plan(_ prefix: String, _ skus: [String]) -> RushPlan {
            RushPlan(prefix: prefix, skus: skus, repeats: repeats, exponent: exponent)
        }
        func send(
            _ plan: RushPlan, _ seconds: Double, _ requests: Int = .max,
            _ accident: RushClients.Accident? = nil
        ) throws -> RushClients.Record {
            try RushClients(port: contestant.port, count: clients, plan: plan)
                .run(seconds: seconds, requests: requests, accident: accident)
        }
        let plans = (
            warm: plan("warm", Array(names)), flood: plan("flood", Array(names)), last: plan("last", ["last"])
        )
        let warm = try send(plans.warm, 1)
        let meters = contestant.meters
        let before = meters.map(\.seconds)
        let accident = RushClients.Accident(after: seconds / 2) {
            contestant.kill()
            try contestant.start()
        }
        let flood = try send(plans.flood, seconds, .max, kill ? accident : nil)
        try await contestant.settle()
        let used = zip(meters, before).map { $0.seconds - $1 }.reduce(0, +)
        let last = try send(plans.last, 60, units * 2)
        try await contestant.settle()
        var told: [String: Set<Verdict>] = [:]
        for (plan, record) in [(plans.warm, warm), (plans.flood, flood), (plans.last, last)] {
            for (token, verdicts) in record.told { told[plan.text(ofToken: token)] = verdicts }
        }
        return RushResult(
            record: flood, cost: used / Double(max(1, flood.told.count)) * 1e6,
            counts: Counts(
                books: try contestant.counter.books(), record: try contestant.counter.record(), told: told),
            undecided: warm.undecided + flood.undecided + last.undecided)
    }
}
