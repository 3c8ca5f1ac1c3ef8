import ArgumentParser
import WeirCore
import WeirLive
import WeirWire

/// `weir intent trace`: reads the database, no ingress is asked.
struct IntentTraceCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Tells all that happened to a token: asked, decided, changed, dead-lettered, replayed.",
        discussion: """
            Reads the database. When a token was accepted nobody writes down: its line stands first, without a time. \
            A token that is still in its queue is not known here.
            """)
    @OptionGroup var settings: CommandSettings
    @Argument(help: "The intent's token.") var token: String
    @Flag(
        help:
            "Look for the token in every partition, where it may have been tried with another SKU; takes longer."
    )
    var everywhere = false

    func execute() async throws {
        guard let token = Token(token) else {
            throw Failure("'\(printable(token))' is no token, which has \(Token.form)", .usage)
        }
        let url = try settings.requireDatabaseURL(try await settings.reader())
        let trace = try await onThread { [everywhere] in
            try IntentTrace.read(token, everywhere: everywhere, databaseURL: url)
        }
        guard let trace else {
            throw Failure(
                "nothing is known of the token '\(token)': it was never accepted, still waits in its queue, or was pruned",
                .failed)
        }
        if settings.json { return printJSON { trace.write(to: &$0) } }
        for entry in trace.entries { print(Self.line(entry)) }
        say("\(token) is \(trace.intent?.state.rawValue ?? "not decided")")
    }

    /// Time, place and what happened, in columns.
    private static func line(_ entry: IntentTrace.Entry) -> String {
        let place = entry.place
        var at = entry.at?.rfc3339 ?? "-"
        at += String(repeating: " ", count: max(0, 27 - at.count))
        var spot = place.partition.map { "p\($0 < 10 ? "0" : "")\($0)" } ?? "-"
        if let seq = place.seq { spot += " seq \(seq)" }
        if let letter = place.letter { spot += " letter \(letter)" }
        if let replay = place.replay { spot += " replay \(replay)" }
        spot += String(repeating: " ", count: max(0, 16 - spot.count))
        var line = "\(at)  \(spot)  \(printable(entry.kind))  \(entry.detail)"
        if place.isPublished == false { line += "  [not published yet]" }
        if let replyTo = place.replyTo {
            line +=
                "  [answer to \(printable(replyTo))\(place.correlationID.map { " as \(printable($0))" } ?? "")]"
        }
        if let trace = place.trace { line += "  [trace \(trace.traceID)]" }
        return line
    }
}
