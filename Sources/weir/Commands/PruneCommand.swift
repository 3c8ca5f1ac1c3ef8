import ArgumentParser
import WeirCore
import WeirLive
import WeirWire

struct PruneCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Forgets tokens and events that are older than a retention; workers go on meanwhile.",
        discussion: """
            A FORGOTTEN TOKEN COUNTS AS NEW: whoever sends it again buys a second time, and a command whose id was \
            forgotten takes effect again. Choose a moment that no retry comes from any more. Kept are all that is not \
            published yet, live intents, and sales, which can be cancelled (unless --sold-before says that they are \
            final). What is pruned is checked first, as `weir audit` does it; a checkpoint stays from which the audit \
            goes on. Ctrl-C stops in order; the same command goes on from there.
            """)
    @OptionGroup var settings: CommandSettings
    @OptionGroup var confirmation: Confirmation
    @Option(help: "What is older goes: a date or time in UTC, as in 2026-08-01, or how long ago, as in 90d.")
    var before: String
    @Option(help: "Sales confirmed before then are final and go too: they cannot be cancelled any more.")
    var soldBefore: String?
    @Flag(help: "Say what would go, and let nothing go.")
    var dryRun = false

    func execute() async throws {
        let url = try settings.requireDatabaseURL(try await settings.reader())
        // Both count from one moment: as many days ago are then the same day.
        let now = Timestamp.now
        let order = PruneOrder(
            before: try moment("--before", before, now),
            soldBefore: try soldBefore.map { try moment("--sold-before", $0, now) })
        let prune = Prune(databaseURL: url)
        if dryRun || !confirmation.yes {
            let expected = try await onThread { try prune.foresee(order) }
            if dryRun { return tell(expected, "would go") }
            tell(expected, "would go", onlyTalk: true)
            try confirmation.ask("Forget them for ever? A forgotten token counts as new.")
        }
        let progress = ProgressLine(silent: settings.json)
        defer { progress.finish() }
        let report = try await Interruption.guarding {
            let ticker = Task {
                while !Task.isCancelled {
                    let now = prune.progress
                    if now.total > 0 || now.walk != nil { progress.show(Self.line(now)) }
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
            defer { ticker.cancel() }
            return try await withTaskCancellationHandler {
                try await onThread { try prune.perform(order) }
            } onCancel: {
                prune.stop()
            }
        }
        progress.finish(Self.line(prune.progress))
        tell(report, "went")
        guard report.isWhole else {
            throw Failure("the prune was stopped; the same command goes on from there", .failed)
        }
    }

    private func moment(_ option: String, _ text: String, _ now: Timestamp) throws -> Timestamp {
        guard let moment = Timestamp(asked: text, now: now) else {
            throw Failure(
                "\(option) '\(printable(text))' must be a date or a time in UTC, such as 2026-08-01 or"
                    + " 2026-08-01T06:00:00Z, or how long ago, as in 90d", .usage)
        }
        return moment
    }

    private static func line(_ progress: Prune.Progress) -> String {
        "pruning: \(progress.done) of \(count(Int(progress.total), "event")),"
            + " \(count(progress.forgotten, "intent"))"
            + (progress.orders > 0 ? ", \(count(progress.orders, "order"))" : "")
            + (progress.walk.map { "; \($0)" } ?? "")
    }

    private func tell(_ report: PruneReport, _ verb: String, onlyTalk: Bool = false) {
        if settings.json, !onlyTalk { return printJSON { report.write(to: &$0) } }
        let states = IntentState.allCases.compactMap { state in
            report.intents[state].map { "\($0) \(state.rawValue)" }
        }
        let detail = states.isEmpty ? "" : " (\(states.joined(separator: ", ")))"
        let ends = OrderState.allCases.compactMap { state in
            report.orders[state].map { "\($0) \(state.rawValue)" }
        }
        let orders =
            ends.isEmpty
            ? ""
            : ", \(count(report.forgottenOrders, "order")) (\(ends.joined(separator: ", "))) with"
                + " \(count(report.lines, "line"))"
        let text =
            "\(count(report.events, "event")), \(count(report.forgotten, "intent"))\(detail)\(orders) and"
            + " \(count(report.commands, "command result")) \(verb)"
        if onlyTalk { say(text) } else { print(text) }
    }
}
