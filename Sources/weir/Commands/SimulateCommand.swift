import ArgumentParser
import WeirSimulation

struct SimulateCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs the pipeline over servers in memory that crash, lose and repeat; needs no server.",
        discussion:
            "A seed determines a history; a seed that breaks a promise is printed and replays exactly.")

    @Option(parsing: .unconditional, help: "Replay one seed.")
    var seed: UInt64?

    @Option(parsing: .unconditional, help: "How many seeds to run, from --first on.")
    var seeds: UInt64 = 1_000

    @Option(parsing: .unconditional, help: "The first seed.")
    var first: UInt64 = 0

    @Flag(help: "Print each report as JSON.")
    var json = false

    func validate() throws {
        guard (1...1_000_000).contains(seeds) else {
            throw ValidationError("--seeds must be from 1 to 1000000")
        }
    }

    func execute() async throws {
        var (broken, published, commits, faults) = (0, 0, 0, 0)
        let range = seed.map { $0...$0 } ?? first...(first + max(1, seeds) - 1)
        for seed in range {
            let report = Simulation(seed: seed).run()
            published += report.published
            commits += report.commits
            faults += report.faults
            if !report.violations.isEmpty { broken += 1 }
            if json {
                printJSON { json in
                    json.member("seed", Int64(clamping: report.seed))
                    json.member("messages", Int64(report.published))
                    json.member("commits", Int64(report.commits))
                    json.member("faults", Int64(report.faults))
                    json.member("events", Int64(report.events))
                    json.member("late_parts", Int64(report.lateParts))
                    json.member("late_decisions", Int64(report.lateDecisions))
                    json.member("violations", array: report.violations) { $0.member("detail", $1) }
                }
            } else if !report.violations.isEmpty {
                print("seed \(seed) breaks a promise; `weir simulate --seed \(seed)` replays it")
                for violation in report.violations.prefix(5) { print("  \(violation)") }
            }
        }
        let sum =
            "\(count(range.count, "seed")): \(published) messages, \(commits) commits, \(faults) faults,"
            + " \(broken) broken"
        if json { say(sum) } else { print(sum) }
        if broken > 0 { throw ExitCode(Failure.Code.promiseBroken.rawValue) }
    }
}
