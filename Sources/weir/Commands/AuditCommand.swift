import ArgumentParser
import WeirLive
import WeirPipeline

struct AuditCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract:
            "Checks on a live database what it can show of the promises; exits with 3 when one is broken.",
        discussion: """
            It reads one moment in one read-only transaction, and disturbs nobody. Where something does not follow it looks
            a second time, sorted by SKU and token, and names what is wrong.
            """)

    @Flag(help: "Takes the second look at once, which is several times slower.")
    var thorough = false

    @OptionGroup var settings: CommandSettings

    func execute() async throws {
        let reader = try await settings.reader()
        let report = try LiveAudit(databaseURL: try settings.requireDatabaseURL(reader)).run(
            thoroughly: thorough)
        if settings.json {
            printJSON { json in
                json.member("holds", report.holds)
                json.member("promises", array: report.lines) { json, line in
                    json.member("promise", Int64(line.promise))
                    json.member("title", line.title)
                    json.member("checked", Int64(line.checked))
                    json.member("broken", Int64(line.broken))
                    if line.underWay > 0 { json.member("under_way", Int64(line.underWay)) }
                    json.member("examples", array: line.examples) { $0.member("detail", $1) }
                }
            }
        } else {
            for line in report.lines {
                let verdict = line.holds ? "holds" : "IS BROKEN"
                let underWay = line.underWay > 0 ? ", \(line.underWay) under way" : ""
                print(
                    "promise \(line.promise) (\(line.title)) \(verdict): \(line.checked) checked, \(line.broken) broken"
                        + underWay)
                for example in line.examples { print("  \(example)") }
            }
        }
        guard report.holds else { throw ExitCode(Failure.Code.promiseBroken.rawValue) }
    }
}
