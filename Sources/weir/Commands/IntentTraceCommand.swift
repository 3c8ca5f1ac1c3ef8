import ArgumentParser
import WeirCore
import WeirLive
import WeirWire

/// `weir intent trace`, also called `weir order trace`: reads the database, no ingress is asked.
struct IntentTraceCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Tells all that happened to a token: asked, decided, changed, dead-lettered, replayed.",
        discussion: """
            Reads the database. When a token was accepted nobody writes down: its line stands first, without a time. \
            A token that is still in its queue is not known here. An order's token shows the order, with what its \
            partitions answered; its lines have tokens of their own, ORDER/1, ORDER/2 and so on.
            """)
    @OptionGroup var settings: CommandSettings
    @Argument(help: "The token of an intent or of an order; of an order's line ORDER/NUMBER.") var token:
        String
    @Flag(
        help:
            "Look for the token in every partition, where it may have been tried with another SKU; takes longer."
    )
    var everywhere = false

    func execute() async throws {
        guard let token = IntentTrace.token(named: token) else {
            throw Failure(
                "'\(printable(token))' is no token, which has \(Token.form); a line of an order is ORDER/NUMBER",
                .usage)
        }
        let url = try settings.requireDatabaseURL(try await settings.reader())
        let trace = try await onThread { [everywhere] in
            try IntentTrace.read(token, everywhere: everywhere, databaseURL: url)
        }
        guard let trace else {
            throw Failure(
                "nothing is known of the token '\(token)': it was never accepted, still waits in its queue, or was pruned"
                    + (token.line.map { "; its order is traced with `weir intent trace \($0.order)`" } ?? ""),
                .failed)
        }
        if settings.json { return printJSON { trace.write(to: &$0) } }
        for entry in trace.entries { print(Self.line(entry)) }
        conclude(trace)
    }

    /// Where the intent and the order stand, and what else there is to trace.
    private func conclude(_ trace: IntentTrace) {
        let (token, state) = (trace.token, trace.intent?.state.rawValue)
        if let order = trace.order {
            if let state { say("the intent \(token) is \(state)") }
            say("the order \(token) is \(order.state.rawValue)")
            for (line, token) in zip(order.lines, order.lineTokens) {
                say("  its line \(token): \(line.quantity.units) of \(line.sku)")
            }
            if let first = order.lineTokens.first { say("trace a line with: weir intent trace \(first)") }
        } else {
            say("\(token) is \(state ?? "not decided")")
            if let line = token.line {
                say("it is line \(line.number) of an order, traced with: weir intent trace \(line.order)")
            }
        }
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
