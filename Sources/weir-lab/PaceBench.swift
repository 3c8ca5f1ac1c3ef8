import ArgumentParser
import Foundation
import WeirSandbox

/// How long an outcome takes when the servers have time: at half of what they could carry.
struct PaceBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pace",
        abstract: "Latency to the outcome at half of the peak, beside a conditional UPDATE at the same rate.",
        discussion: """
            Buyers come at random moments, the same for both; latency counts from the moment at which a request was \
            due, whenever it could be sent. The rate of each pair is half of the lower of both peaks (--share). At the \
            end of each run Weir is asked at as much of its own peak, which the others cannot carry.
            """)

    @Option(help: "Keep-alive clients of the peaks.")
    var clients = 64

    @Option(help: "Seconds of each peak.")
    var peakSeconds = 4.0

    @Option(help: "The share of the lower peak at which both are asked.")
    var share = 0.5

    @Option(help: "Requests a second, instead of a share of the peak.")
    var rate: Double?

    @Option(help: "Seconds of each measurement.")
    var seconds = 8.0

    @Option(help: "How often all are measured, in turn.")
    var runs = 3

    @Option(help: "How many database sessions the conditional UPDATE uses.")
    var sessions = 8

    @Option(help: "The most connections.")
    var connections = 512

    func validate() throws {
        guard share > 0, share <= 1, rate ?? 1 > 0, seconds >= 0.5, peakSeconds >= 0.5, runs > 0 else {
            throw ValidationError(
                "--share is above 0 and at most 1, --rate and --runs above 0, --seconds and --peak-seconds 0.5 or more"
            )
        }
    }

    mutating func run() async throws { try await withSandbox(measure) }

    /// What one server showed at one rate, once.
    private struct Sample {
        let result: OpenLoopClients.Result
        /// Of outcomes, sorted.
        let latencies: [Double]
        /// Core-microseconds an outcome, of all processes but the clients.
        let cost: Double

        func percentile(_ share: Double) -> Double {
            latencies.isEmpty
                ? .infinity : latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }
    }

    private func measure(_ sandbox: Sandbox) async throws {
        let strategies: [Strategy] = [.weir, .conditionalInSteps, .conditional]
        var contestants: [Contestant] = []
        defer { for contestant in contestants { contestant.stop() } }
        for strategy in strategies {
            contestants.append(
                try await Contestant.open(
                    strategy, in: sandbox, sessions: sessions, partitions: nil,
                    stock: [(sku: "hot", units: 1_000_000_000)]))
        }
        let wish = rate.map { "\($0.rounded)/s" } ?? "\(share.short) of the lower of two peaks"
        print(
            "Pace: one hot SKU, to the outcome, at random moments, \(wish); \(runs) runs of \(Int(seconds)) s in turn"
        )
        var peaks: [Double] = []
        for (place, contestant) in contestants.enumerated() {
            _ = try closed(contestant, "warm-\(place)").run(seconds: 1)
            peaks.append(
                try closed(contestant, "peak-\(place)").run(seconds: peakSeconds).rate(of: 200))
            print("  peak of \(clients) clients: \(contestant.strategy.title) \(peaks[place].rounded)/s")
        }
        let rates = peaks.map { rate ?? min($0, peaks[0]) * share }
        // Weir beside each rival, and alone.
        var samples: [Int: [(weir: Sample, other: Sample)]] = [:]
        var alone: [Sample] = []
        for run in 1...runs {
            for place in contestants.indices.dropFirst() {
                let crowd = Arrivals.moments(rate: rates[place], seconds: seconds, seed: UInt64(run))
                func ask(_ who: Int) throws -> Sample {
                    try self.ask(contestants[who], rates[place], crowd, "r\(run)-\(place)")
                }
                // Who comes second finds the disk and the caches as the first has left them.
                let pair: (weir: Sample, other: Sample)
                if run.isMultiple(of: 2) {
                    let other = try ask(place)
                    pair = (try ask(0), other)
                } else {
                    pair = (try ask(0), try ask(place))
                }
                samples[place, default: []].append(pair)
                say(
                    "  run \(run), \(rates[place].rounded)/s: weir p99 \((pair.weir.percentile(0.99) * 1e3).short) ms,"
                        + " \(contestants[place].strategy.rawValue) \((pair.other.percentile(0.99) * 1e3).short) ms"
                )
            }
            if rate == nil {
                let crowd = Arrivals.moments(rate: rates[0], seconds: seconds, seed: UInt64(run))
                alone.append(try ask(contestants[0], rates[0], crowd, "r\(run)-alone"))
            }
        }
        for place in contestants.indices.dropFirst() {
            let pairs = samples[place] ?? []
            print("  at \(rates[place].rounded)/s:")
            report(contestants[0].strategy.title, pairs.map(\.weir))
            report(contestants[place].strategy.title, pairs.map(\.other))
            for (name, part) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
                let ratios = pairs.map { $0.weir.percentile(part) / $0.other.percentile(part) }
                print(
                    "    ratio of \(name), weir / \(contestants[place].strategy.title): \(median(ratios).short)"
                        + "  (\(ratios.map(\.short).joined(separator: " ")))")
            }
        }
        if !alone.isEmpty {
            print("  at \(rates[0].rounded)/s, \(share.short) of its own peak:")
            report(contestants[0].strategy.title, alone)
        }
    }

    private func ask(
        _ contestant: Contestant, _ rate: Double, _ moments: [Double], _ prefix: String
    ) throws -> Sample {
        let meters = contestant.meters
        let before = meters.map(\.seconds).reduce(0, +)
        let form = HotIntentForm(prefix: prefix, waitSeconds: 10)
        let result = try OpenLoopClients(
            port: contestant.port, rate: rate, most: connections, request: form.request, watch: { 0 },
            moments: moments, isPunctual: true
        ).run(seconds: seconds, patience: 15)
        let cost = meters.map(\.seconds).reduce(0, +) - before
        return Sample(
            result: result, latencies: (result.answers[200] ?? []).sorted(),
            cost: cost / Double(max(1, result.count(200))) * 1e6)
    }

    private func report(_ name: String, _ samples: [Sample]) {
        let times = [0.5, 0.9, 0.99].map { part in (median(samples.map { $0.percentile(part) }) * 1e3).short }
        let others = samples.reduce(0) { sum, sample in
            sum + sample.result.asked - sample.result.count(200)
        }
        let late = samples.map(\.result.late).max() ?? 0
        let padded = name.padding(toLength: 32, withPad: " ", startingAt: 0)
        print(
            "    \(padded) p50 \(times[0]) ms, p90 \(times[1]) ms, p99 \(times[2]) ms,"
                + " \(median(samples.map(\.cost)).rounded) core-µs; without an outcome: \(others),"
                + " sent late by up to \((late * 1e3).short) ms")
    }

    private func closed(_ contestant: Contestant, _ prefix: String) -> KeepAliveClients {
        let form = HotIntentForm(prefix: prefix, waitSeconds: 10)
        return KeepAliveClients(port: contestant.port, count: clients, request: form.request)
    }
}
