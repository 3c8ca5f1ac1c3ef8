import ArgumentParser
import Foundation
import PostgresClient
import WeirCore
import WeirLive
import WeirSandbox

/// How fast `weir audit` goes through a long history, and how much memory it takes for it.
struct AuditBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Events per second and memory of `weir audit` on a long history.")

    @Option(help: "How many intents the history has; it has 2.8 events for each.")
    var intents = 1_100_000

    @Option(help: "Of how many SKUs, 100 or more.")
    var skus = 800

    @Option(help: "How often it is audited.")
    var runs = 3

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        let room = try await sandbox.makeRoom()
        let partitioning = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
            .partitioning
        let events = try fill(room.databaseURL, partitioning)
        print("Audit: \(skus) SKUs, \(skus * (intents / skus)) intents, \(events) events, \(runs) runs")
        for run in 1...runs {
            let begin = ContinuousClock.now
            let audit = try Child("weir", ["audit"], environment: ["DATABASE_URL": room.databaseURL])
            let meters = [
                ProcessorMeter(name: "audit", roots: [audit.pid]),
                ProcessorMeter(name: "PostgreSQL", roots: [sandbox.postgres.pid]),
            ]
            let before = meters.map(\.seconds)
            var (megabytes, used) = (0.0, before)
            try await until("the end of the audit", within: .seconds(600)) {
                megabytes = max(megabytes, audit.peakMegabytes)
                used = zip(meters, used).map { max($0.seconds, $1) }
                return !audit.isRunning
            }
            guard audit.exitCode == 0 else { throw LabError("weir audit ended with \(audit.exitCode)") }
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            let costs = zip(meters, zip(used, before)).map { "\($0.name) \(($1.0 - $1.1).short) s" }
            print(
                "  run \(run): \(seconds.short) s, \((Double(events) / seconds).rounded) events/s,"
                    + " \(megabytes.rounded) MB at most; processor: \(costs.joined(separator: ", "))")
        }
    }

    /// Writes the history, and returns how many events it has.
    private func fill(_ databaseURL: String, _ partitioning: Partitioning) throws -> Int {
        var settings = SessionSettings(url: databaseURL, applicationName: "weir-lab")
        settings.statementTimeoutSeconds = 0
        settings.answerTimeoutSeconds = 3_600
        let session = try Session(settings)
        defer { session.close() }
        let names = (0..<max(100, skus)).map { "article-\($0)" }
        try session.execute(script: LabQueries.historyBegin)
        _ = try session.run(
            Query(
                LabQueries.historySkus,
                [
                    .int2s(names.map { Int16(partitioning.partition(of: SKU(unchecked: $0))) }),
                    .texts(names),
                    .int4(Int32(intents / names.count)),
                ]))
        try session.execute(script: LabQueries.history)
        try session.execute(script: LabQueries.historyEnd)
        return try session.run(Query(LabQueries.historyCount)).int(0, 0)
    }
}
