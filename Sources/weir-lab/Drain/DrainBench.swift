import ArgumentParser
import Foundation
import WeirCore
import WeirSandbox

/// How fast a queue that waits is decided: beside a consumer that only reads and acknowledges the same messages, or
/// beside the same worker in a smaller database.
struct DrainBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Decisions per second of a waiting queue, beside a bare consumer.",
        discussion: """
            Without options: intents for one SKU in one partition, beside a bare librabbitmq consumer of the same \
            queue. With --partitions 8: for 1,000 SKUs over 8 partitions, beside as many bare consumers.

            With --decided or --skus the comparison is another one: the same worker in a fresh database with one SKU.
            """)

    /// What `weir-lab all` measures: everything, with counts of which the largest is filled in within a minute.
    static let bounded = [
        [], ["--partitions", "8"], ["--decided", "1000000", "--intents", "100000"],
        ["--skus", "200000", "--intents", "100000"],
    ]

    @Option(help: "How many intents wait.")
    var intents = 200_000

    @Option(help: "How often everything is measured, in turn.")
    var runs = 3

    @Option(help: "Over how many partitions the intents are spread, 1 to 8; from 2 on, for 1,000 SKUs.")
    var partitions = 1

    @Option(
        help: "Beside empty tables, ones in which so many intents are decided; each takes 620 bytes of disk.")
    var decided: Int?

    @Option(help: "Beside one SKU, so many of them; each intent is for another one.")
    var skus: Int?

    @Option(
        help: "counted, uuid7 (in order of time) or uuid4 (random); beside decided intents, the latter two.")
    var tokens: TokenForm?

    func validate() throws {
        guard intents >= 10_000, runs >= 1 else {
            throw ValidationError("--intents must be 10000 or more, and --runs 1 or more")
        }
        guard (1...8).contains(partitions) else { throw ValidationError("--partitions must be 1 to 8") }
        guard decided == nil || skus == nil else {
            throw ValidationError("--decided and --skus are two measurements: name one")
        }
        guard (decided ?? 8) >= 8, (skus ?? 8) >= 8 else {
            throw ValidationError("--decided and --skus must be 8 or more")
        }
    }

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        if let decided { return try await measure(decided: decided, sandbox) }
        if let skus { return try await measure(skus: skus, sandbox) }
        try await measureBesideBare(sandbox)
    }

    // MARK: Beside a bare consumer

    private func measureBesideBare(_ sandbox: Sandbox) async throws {
        let count = partitions == 1 ? 1 : 1_000
        print("Drain: \(intents) intents for \(count) SKUs in \(partitions) partitions, \(runs) runs in turn")
        var (bare, grouped) = ([Double](), [Double]())
        var measured: [DrainMeasurement] = []
        for run in 1...runs {
            let shop = try await DrainShop(in: sandbox)
            let skus = shop.partitioning.names(count, over: partitions)
            try shop.stock(skus)
            let backlog = Backlog(
                intents: intents, skus: skus, tokens: tokens ?? .counted, run: run, shop.partitioning)
            for window in [1, 500] {
                try backlog.publish(to: shop.room)
                let speed =
                    Double(intents)
                    / (try BareConsumers.drain(backlog.queues, in: shop.room, window: window))
                if window == 1 { bare.append(speed) } else { grouped.append(speed) }
            }
            try backlog.publish(to: shop.room)
            let drain = try DrainMeasurement.worker(backlog, in: shop, sandbox)
            measured.append(drain)
            say(
                "  run \(run): bare \(bare[run - 1].rounded)/s, decided \(drain.decided.rounded)/s,"
                    + " published \(drain.published.rounded)/s")
        }
        let decided = measured.map(\.decided)
        print("  bare librabbitmq consumers, each message acknowledged \(median(bare).rounded)/s")
        print("  the same, 500 acknowledged at once, as a worker does  \(median(grouped).rounded)/s")
        print("  weir, decided and committed                           \(median(decided).rounded)/s")
        print(
            "  weir, events published and confirmed too              \(median(measured.map(\.published)).rounded)/s"
        )
        print("  ratio decided / bare                                  \(ratios(decided, bare))")
        print("  ratio decided / bare, 500 acknowledged at once        \(ratios(decided, grouped))")
        report(measured)
    }

    // MARK: Beside the same worker

    /// One of those that are compared: a shop, and which of its SKUs the intents are for.
    private struct Contestant {
        let name: String
        let shop: DrainShop
        let skus: [SKU]
    }

    private func measure(decided: Int, _ sandbox: Sandbox) async throws {
        let full = try await DrainShop(in: sandbox)
        let history = DrainHistory(intents: decided, full.partitioning)
        let skus =
            partitions == 1
            ? Array(history.skus.prefix(1))
            : history.skus.filter { full.partitioning.partition(of: $0) < partitions }
        print(
            "Drain: \(intents) intents for \(skus.count) SKUs in \(partitions) partitions, beside"
                + " \(history.intents) decided ones and in empty tables, \(runs) runs in turn")
        try fill(full) { try history.fill(full) }
        for form in tokens.map({ [$0] }) ?? [.uuid7, .uuid4] {
            print(" \(form.name)")
            try await compare(form, sandbox, Contestant(name: "decided ones", shop: full, skus: skus)) {
                let shop = try await DrainShop(in: sandbox)
                try shop.stock(skus)
                return Contestant(name: "empty tables", shop: shop, skus: skus)
            }
        }
    }

    private func measure(skus count: Int, _ sandbox: Sandbox) async throws {
        let large = try await DrainShop(in: sandbox)
        let skus = large.partitioning.names(count, over: partitions)
        print(
            "Drain: \(intents) intents for \(skus.count) SKUs in \(partitions) partitions, and for one,"
                + " \(runs) runs in turn")
        try fill(large) { try large.stock(skus) }
        try await compare(
            tokens ?? .counted, sandbox, Contestant(name: "many SKUs", shop: large, skus: skus)
        ) {
            let shop = try await DrainShop(in: sandbox)
            try shop.stock(Array(skus.prefix(1)))
            return Contestant(name: "one SKU", shop: shop, skus: Array(skus.prefix(1)))
        }
    }

    private func fill(_ shop: DrainShop, _ write: () throws -> Void) throws {
        let begin = ContinuousClock.now
        try write()
        let written = ContinuousClock.now
        try shop.settle()
        let megabytes = Double(try shop.size()) / 1_048_576
        print(
            "  filled in \((written - begin).seconds.rounded) s, vacuumed and analyzed in"
                + " \((.now - written).seconds.rounded) s: \(megabytes.rounded) MB on the disk")
    }

    /// Measures in turn, each time in a fresh database and in the large one; who is first changes.
    private func compare(
        _ form: TokenForm, _ sandbox: Sandbox, _ large: Contestant, fresh: () async throws -> Contestant
    ) async throws {
        var measured: [String: [DrainMeasurement]] = [:]
        var names: [String] = []
        for run in 1...runs {
            let small = try await fresh()
            names = [small.name, large.name]
            for contestant in run % 2 == 1 ? [small, large] : [large, small] {
                let backlog = Backlog(
                    intents: intents, skus: contestant.skus, tokens: form, run: run,
                    contestant.shop.partitioning)
                try backlog.publish(to: contestant.shop.room)
                try contestant.shop.checkpoint()
                let drain = try DrainMeasurement.worker(backlog, in: contestant.shop, sandbox)
                measured[contestant.name, default: []].append(drain)
                say("  run \(run): \(contestant.name) \(drain.decided.rounded)/s")
            }
        }
        let all = names.map { measured[$0] ?? [] }
        for (name, measurements) in zip(names, all) {
            print("  \(name): decided \(median(measurements.map(\.decided)).rounded)/s")
            report(measurements)
        }
        print("  ratio \(names[1]) / \(names[0]): \(ratios(all[1].map(\.decided), all[0].map(\.decided)))")
    }

    // MARK: Words

    private func ratios(_ measured: [Double], _ others: [Double]) -> String {
        let ratios = zip(measured, others).map { $0 / $1 }
        return "\(median(ratios).short)  (\(ratios.map(\.short).joined(separator: " ")))"
    }

    private func report(_ measurements: [DrainMeasurement]) {
        let parts = DrainMeasurement.parts.indices.map { part in median(measurements.map { $0.costs[part] }) }
        let list = zip(DrainMeasurement.parts, parts).map { "\($0) \($1.short)" }.joined(separator: ", ")
        print("  processor an intent: \(parts.reduce(0, +).short) µs (\(list))")
        print("  worker: peak memory \((measurements.map(\.megabytes).max() ?? 0).rounded) MB")
    }
}
