import ArgumentParser
import Foundation
import PostgresClient
import WeirCore
import WeirLive
import WeirSandbox

/// How fast `weir audit` goes through a long history and `weir prune` lets it go, how much memory each takes, and what a
/// row takes in the database.
struct AuditBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Events per second and memory of `weir audit` and `weir prune` on a long history.")

    @Option(help: "How many intents the history has; it has 2.8 events for each.")
    var intents = 1_100_000

    @Option(help: "Of how many SKUs, 100 or more.")
    var skus = 800

    @Option(help: "How often it is audited.")
    var runs = 3

    @Flag(help: "Also audits it once with `--thorough`.")
    var thorough = false

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        let room = try await sandbox.makeRoom()
        let partitioning = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
            .partitioning
        let events = try fill(room.databaseURL, partitioning)
        print("Audit: \(skus) SKUs, \(skus * (intents / skus)) intents, \(events) events, \(runs) runs")
        try printSizes(room.databaseURL)
        for _ in 0..<runs { try await time(["audit"], events, sandbox, room.databaseURL) }
        if thorough { try await time(["audit", "--thorough"], events, sandbox, room.databaseURL) }
        try await time(["prune", "--before", "12h", "--yes"], events, sandbox, room.databaseURL)
        try run(LabQueries.historyEnd, room.databaseURL)
        try printSizes(room.databaseURL)
        try await time(["audit"], events, sandbox, room.databaseURL)
    }

    /// Runs a command of `weir` to its end, and prints what it took.
    private func time(_ arguments: [String], _ events: Int, _ sandbox: Sandbox, _ databaseURL: String)
        async throws
    {
        let begin = ContinuousClock.now
        let child = try Child("weir", arguments, environment: ["DATABASE_URL": databaseURL])
        let meters = [
            ProcessorMeter(name: "weir", roots: [child.pid]),
            ProcessorMeter(name: "PostgreSQL", roots: [sandbox.postgres.pid]),
        ]
        let before = meters.map(\.seconds)
        var (megabytes, used) = (0.0, before)
        try await until("the end of weir \(arguments[0])", within: .seconds(900)) {
            megabytes = max(megabytes, child.peakMegabytes)
            used = zip(meters, used).map { max($0.seconds, $1) }
            return !child.isRunning
        }
        guard child.exitCode == 0 else { throw LabError("weir \(arguments[0]) ended with \(child.exitCode)") }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let costs = zip(meters, zip(used, before)).map { "\($0.name) \(($1.0 - $1.1).short) s" }
        print(
            "  \(arguments[0]): \(seconds.short) s, \((Double(events) / seconds).rounded) events/s,"
                + " \(megabytes.rounded) MB at most; processor: \(costs.joined(separator: ", "))")
    }

    // MARK: The history

    /// Writes the history, and returns how many events it has.
    private func fill(_ databaseURL: String, _ partitioning: Partitioning) throws -> Int {
        let session = try open(databaseURL)
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

    private func printSizes(_ databaseURL: String) throws {
        let session = try open(databaseURL)
        defer { session.close() }
        let rows = try session.run(Query(LabQueries.sizes))
        for row in 0..<rows.count {
            print(
                "  \(rows.text(row, 0)): \(rows.int(row, 1)) rows of \(rows.double(row, 2).rounded) bytes, and"
                    + " \(rows.double(row, 3).rounded) in indexes")
        }
    }

    private func run(_ script: String, _ databaseURL: String) throws {
        let session = try open(databaseURL)
        defer { session.close() }
        try session.execute(script: script)
    }

    private func open(_ databaseURL: String) throws -> Session {
        var settings = SessionSettings(url: databaseURL, applicationName: "weir-lab")
        settings.statementTimeoutSeconds = 0
        settings.answerTimeoutSeconds = 3_600
        return try Session(settings)
    }
}
