import ArgumentParser
import Logging
import WeirCore
import WeirLive
import WeirWire

struct DeadReplay: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Sends dead letters again, the oldest first.",
        discussion: """
            Each letter goes to its SKU's own partition under its own token: what was decided meanwhile is not decided \
            again, so a replay can be repeated without harm. A letter is marked once the broker has confirmed it. \
            Ctrl-C stops in order; --resume goes on from there.
            """)
    @OptionGroup var settings: CommandSettings
    @OptionGroup var filter: FilterOptions
    @OptionGroup var signature: SignatureOptions
    @OptionGroup var confirmation: Confirmation
    @Option(parsing: .unconditional, help: "At most so many letters.")
    var limit: Int64?
    @Option(help: "Letters a second, as in 50 or 50/s; as fast as the broker confirms if nothing is said.")
    var rate: String?
    @Flag(help: "Say what would become of the letters, and send none.")
    var dryRun = false
    @Flag(
        help:
            "Send letters too that are older than the horizon of `weir prune`. Their tokens may have been decided and forgotten: they count as new, and may buy a second time."
    )
    var asNew = false
    @Option(parsing: .unconditional, help: "Go on with this replay, which was stopped.")
    var resume: Int64?
    @Option(parsing: .unconditional, help: "Seconds to wait at the end for letters that come back.")
    var settle = 10

    func validate() throws {
        guard limit.map({ $0 >= 1 }) ?? true else { throw ValidationError("--limit must be at least 1") }
        guard (0...600).contains(settle) else { throw ValidationError("--settle must be from 0 to 600") }
        _ = try lettersPerSecond()
        guard resume == nil || (filter.conditions.isEmpty && limit == nil && rate == nil && !dryRun && !asNew)
        else { throw ValidationError("--resume goes on as the replay began: give nothing else with it") }
    }

    private func lettersPerSecond() throws -> Double? {
        guard let rate else { return nil }
        let text = rate.hasSuffix("/s") ? String(rate.dropLast(2)) : rate
        guard let number = Double(text), ReplayOrder.rateRange.contains(number) else {
            throw ValidationError(
                "--rate must be from \(ReplayOrder.rateRange.lowerBound) to"
                    + " \(Int(ReplayOrder.rateRange.upperBound)) letters a second, as in 50 or 50/s")
        }
        return number
    }

    func execute() async throws {
        let reader = try await settings.reader()
        let databaseURL = try settings.requireDatabaseURL(reader)
        let amqpURL = dryRun ? "" : try settings.requireAMQPURL(reader)
        let work = try await work()
        let replay = DeadLetterReplay(databaseURL: databaseURL, amqpURL: amqpURL, logger: .silent)
        let progress = ProgressLine(silent: settings.json)
        defer { progress.finish() }
        let (settle, isDryRun) = (settle, dryRun)
        let (view, pending) = try await Interruption.guarding {
            let ticker = Task {
                while !Task.isCancelled {
                    let now = replay.progress
                    // Nothing has happened yet; perhaps nothing will, and one sentence says why.
                    if now.done > 0 || now.trouble != nil {
                        progress.show(
                            Self.line(now.id, now.done, now.total, now.published, isDryRun)
                                + (now.trouble.map { "; waiting: \($0)" } ?? ""))
                    }
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
            defer { ticker.cancel() }
            return try await withTaskCancellationHandler {
                let view = try await onThread { try replay.perform(work) }
                return try await Self.settled(view, databaseURL, seconds: settle)
            } onCancel: {
                replay.stop()
            }
        }
        let looked = view.isDryRun ? replay.progress.done : view.published + view.skipped
        progress.finish(Self.line(view.id, looked, view.total, view.published, view.isDryRun))
        tell(view, pending)
        guard view.state == .done else {
            throw Failure(
                "replay \(view.id) was stopped; go on with: weir dead replay --resume \(view.id)", .failed)
        }
    }

    private func work() async throws -> DeadLetterReplay.Work {
        if let resume { return .resume(resume) }
        var order = ReplayOrder(try filter.filter(), signature.signature)
        if let limit { order.limit = limit }
        order.rate = try lettersPerSecond()
        order.asNew = asNew
        order.isDryRun = dryRun
        let wanted = order.filter
        let found = try await withShelf(settings) { try $0.count(wanted).letters }
        let letters = limit.map { min(found, Int(clamping: $0)) } ?? found
        if !dryRun { try confirmation.ask("Send \(count(letters, "dead letter")) again?") }
        return .begin(order)
    }

    private static func line(
        _ id: Int64, _ done: Int, _ total: Int, _ published: Int, _ isDryRun: Bool
    ) -> String {
        "replay \(id): \(done) of \(count(total, "letter")) looked at"
            + (isDryRun ? "" : ", \(published) published")
    }

    /// Waits a moment for what became of the letters, so that the report can say what came back.
    private static func settled(
        _ view: ReplayView, _ databaseURL: String, seconds: Int
    ) async throws -> (ReplayView, Int) {
        guard view.published > 0 else { return (view, 0) }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let (now, pending) = try await onThread {
                let book = try ReplayLedger(databaseURL: databaseURL)
                defer { book.close() }
                return (try book.run(view.id) ?? view, try book.pending(view.id))
            }
            if pending == 0 || ContinuousClock.now >= deadline || Task.isCancelled { return (now, pending) }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func tell(_ view: ReplayView, _ pending: Int) {
        if settings.json {
            printJSON {
                view.write(to: &$0)
                $0.member("pending", Int64(pending))
            }
            return
        }
        if view.isDryRun {
            print(view.total == 0 ? "there are no such dead letters" : view.findings.prediction)
            return
        }
        print("replay \(view.id): \(view.published) of \(count(view.total, "letter")) published")
        for (finding, number) in view.findings.ranked where finding != .published {
            print("  \(number) not sent: \(finding.explained)")
        }
        if view.returned > 0 {
            print("  \(view.returned) CAME BACK: weir dead groups shows why")
        }
        if pending > 0 { print("  \(pending) are not decided yet; do workers run?") }
    }
}

extension ReplayFindings.Finding {
    /// Why a letter was not sent, with the remedy.
    fileprivate var explained: String {
        switch self {
        case .unreadable: "still cannot be read; weir dead edit mends one"
        case .tooOld:
            "older than the horizon of a prune, so that its token may be forgotten; --as-new sends it as new"
        case .elsewhere: "another replay was sending it"
        default: word
        }
    }
}

struct DeadReplays: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "replays", abstract: "Lists replays, the newest first, and where each stands.")
    @OptionGroup var settings: CommandSettings
    @Option(parsing: .unconditional, help: "At most so many.")
    var limit = 20
    @Option(parsing: .unconditional, help: "Asks this replay to stop, wherever it runs.")
    var stop: Int64?

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 10000") }
    }

    func execute() async throws {
        let url = try settings.requireDatabaseURL(try await settings.reader())
        let (stop, limit) = (stop, limit)
        let views = try await onThread {
            let book = try ReplayLedger(databaseURL: url)
            defer { book.close() }
            if let stop, try !book.askToStop(stop) {
                throw Failure("replay \(stop) does not run", .failed)
            }
            return try book.runs(limit: limit)
        }
        for view in views {
            if settings.json {
                printJSON { view.write(to: &$0) }
            } else {
                print(
                    "\(view.id)  \(view.begunAt.rfc3339)  \(view.state.rawValue)"
                        + "\(view.isDryRun ? ", dry run" : "")  \(view.published + view.skipped) of \(view.total)"
                        + "  \(view.returned) came back  by \(view.signature.who)"
                        + (view.trouble.map { "  \($0)" } ?? ""))
            }
        }
        if views.isEmpty { say("there are no replays") }
    }
}

extension Logger {
    /// For commands that tell what they have to tell themselves.
    static var silent: Logger { Logger(label: "weir") { _ in SwiftLogNoOpLogHandler() } }
}
