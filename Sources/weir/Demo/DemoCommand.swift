import ArgumentParser
import Foundation
import WeirSandbox

/// `weir demo`.
struct DemoCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A rush of buyers on real servers, started for it: thousands fall on a few hundred units.",
        discussion: """
            Starts a private RabbitMQ and PostgreSQL, an ingress and two workers, sends the rush, kills a worker in \
            the middle, and proves that nothing was oversold, lost or decided twice. Exits with 3 if a promise is broken.
            """)

    @Option(parsing: .unconditional, help: "So many buyers.")
    var buyers = 20_000
    @Option(parsing: .unconditional, help: "So many units of the SKU that most of them want.")
    var units: Int64 = 500
    @Option(parsing: .unconditional, help: "So many other SKUs.")
    var otherSkus = 30
    @Option(parsing: .unconditional, help: "What the buyers' choices follow from.")
    var seed: UInt64 = 1
    @Flag(help: "Leave everything running afterwards, and say how to talk to it.")
    var keep = false
    @Flag(help: "Print data as JSON.")
    var json = false

    func validate() throws {
        if !(1...1_000_000).contains(buyers) { throw ValidationError("--buyers must be from 1 to 1000000") }
        if !(0...1_000_000_000).contains(units) { throw ValidationError("--units must not be below 0") }
        if !(0...1_000).contains(otherSkus) { throw ValidationError("--other-skus must be from 0 to 1000") }
    }

    func execute() async throws {
        let holds: Bool
        do {
            holds = try await Interruption.guarding { try await demo() }
        } catch is CancellationError {
            throw Failure("interrupted; everything has been stopped", .failed)
        } catch let error as WeirClientError {
            throw error.failure
        }
        if !holds { throw ExitCode(Failure.Code.promiseBroken.rawValue) }
    }

    /// The whole demo; false when a promise is broken.
    private func demo() async throws -> Bool {
        let start = ContinuousClock.now
        let progress = ProgressLine(plainEvery: .seconds(1))
        let servers = try await DemoServers.start { progress.say($0) }
        do {
            let report = try await run(on: servers, progress, since: start)
            progress.clear()
            print(json ? String(decoding: report.json, as: UTF8.self) : report.text)
            // What follows may take a while; a reader of a pipe should have the report by then.
            fflush(nil)
            if keep { try await keepRunning(servers, progress) } else { await servers.stop() }
            return report.holds
        } catch {
            progress.clear()
            await servers.stop()
            throw error
        }
    }

    private func run(
        on servers: DemoServers, _ progress: ProgressLine, since start: ContinuousClock.Instant
    ) async throws -> DemoReport {
        let plan = RushPlan(buyers: buyers, units: units, otherSKUs: otherSkus, seed: seed)
        let tally = RushTally()
        return try await WeirClient.with(url: servers.url, connections: Rush.connections, patienceSeconds: 30)
        {
            client in
            for item in plan.items {
                _ = try await Retrying(patience: .seconds(10)).call { () async throws(WeirClientError) in
                    try await client.putSKU(item.sku, stocked: item.stocked, holdSeconds: item.holdSeconds)
                }
            }
            progress.say(
                "\(buyers) buyers, \(units) units of '\(plan.hot.sku)', \(otherSkus) other SKUs; holds last "
                    + "\(RushPlan.holdSeconds) s")
            let rush = Rush(
                plan: plan, servers: servers, client: client, tally: tally, progress: progress)
            let kill = try await rush.run()
            try servers.checkAlive()
            try await Aftermath(plan: plan, client: client, progress: progress).waitUntilAtRest()
            let checks = try await Aftermath(plan: plan, client: client, progress: progress)
                .check(tally.records)
            progress.show("auditing")
            let audit = try await servers.run(["audit"])
            guard [0, 3].contains(audit.exitCode) else {
                throw Failure("weir audit failed:\n\(audit.output)", .failed)
            }
            return DemoReport(
                plan: plan, numbers: tally.now, retries: tally.retries.count, kill: kill, checks: checks,
                audit: audit.output.split(separator: "\n").map(String.init), auditExitCode: audit.exitCode,
                seconds: (ContinuousClock.now - start) / .seconds(1))
        }
    }

    /// Starts ingress and workers anew, as processes that outlive this one, and says how to use and end them.
    private func keepRunning(_ servers: DemoServers, _ progress: ProgressLine) async throws {
        progress.say("starting ingress and workers again, so that they go on without this command")
        await servers.stopChildren()
        try await servers.startAll(endWithUs: false)
        let stopServers = try await servers.sandbox.keep()
        let script = try KeptDemo.writeScript(
            folder: servers.sandbox.path, pids: servers.pids, stopServers: stopServers)
        FileHandle.standardError.write(
            Data(
                KeptDemo.directions(
                    servers: servers, script: script,
                    rabbitmqctl: try servers.sandbox.writeRabbitmqctl()
                ).utf8))
    }
}
