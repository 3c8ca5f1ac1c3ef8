import WeirWire

/// What a load found, for a person and for a program.
struct LoadReport: Sendable {
    /// How the requests came.
    enum Loop: Sendable, Hashable {
        case open(rate: Double, due: Int, maxInFlight: Int)
        case closed(clients: Int)
    }

    let loop: Loop
    let numbers: Tally.Numbers
    let seconds: Double
    /// How long every request waited for its outcome; 0: acceptance was enough.
    let waitSeconds: Int
    let wasInterrupted: Bool

    /// Requests that ended with an outcome, per second.
    var outcomesPerSecond: Double { seconds > 0 ? Double(numbers.decided) / seconds : 0 }

    /// What is wrong when not one request was answered: then this was no measurement.
    var failure: Failure? {
        let silent: Set<AnswerKind> = [.unreachable, .timedOut, .unavailable]
        guard !numbers.answers.isEmpty, numbers.answers.keys.allSatisfy(silent.contains),
            let example = numbers.examples.values.first
        else { return nil }
        return Failure(example, .unavailable)
    }

    /// The report as lines.
    var text: String {
        var lines = [headline]
        if wasInterrupted { lines.append("interrupted: this is what had happened by then") }
        let kinds = AnswerKind.allCases.compactMap { kind in
            numbers.answers[kind].map { "\(kind.words) \($0)" }
        }
        lines.append("answers: \(kinds.isEmpty ? "none" : kinds.joined(separator: ", "))")
        if numbers.duplicates > 0 {
            lines.append(
                "duplicates: \(numbers.duplicates) sent again, \(numbers.replayed) answered from memory")
        }
        lines.append("outcomes per second: \(outcomesPerSecond.rounded(to: 1))")
        lines.append(Self.row("latency in ms", Latencies.headings) + "   measured")
        lines.append(Self.row("  to acceptance", numbers.toAcceptance))
        lines.append(Self.row("  to outcome", numbers.toOutcome))
        for kind in AnswerKind.allCases {
            if let example = numbers.examples[kind] { lines.append("\(kind.words), for example: \(example)") }
        }
        return lines.joined(separator: "\n")
    }

    private var headline: String {
        let time = "in \(seconds.rounded(to: 2)) s"
        switch loop {
        case .open(let rate, let due, let maxInFlight):
            return "open loop, \(rate.rounded(to: 3)) intents per second: \(due) due, \(numbers.sent) sent, "
                + "\(numbers.dropped) dropped (more than \(maxInFlight) in flight), "
                + "\(numbers.late) started late (over 10 ms), \(time); latency counts from the due time"
        case .closed(let clients):
            return "closed loop, \(clients) clients: \(numbers.sent) sent \(time); "
                + "a slow server is asked less, so do not compare these latencies with an open loop's"
        }
    }

    private static func row(_ name: String, _ latencies: Latencies) -> String {
        guard latencies.count > 0 else { return name.padded(to: 16) + "  none measured" }
        return row(name, latencies.columns.map { $0.fixed(2) }) + "\(latencies.count)".leftPadded(to: 11)
    }

    private static func row(_ name: String, _ columns: [String]) -> String {
        name.padded(to: 16) + columns.map { $0.leftPadded(to: 10) }.joined()
    }

    /// The report as one JSON object.
    var json: [UInt8] {
        JSONWriter.object { json in
            switch loop {
            case .open(let rate, let due, let maxInFlight):
                json.member("loop", "open")
                json.member("rate_per_minute", Int64((rate * 60).rounded()))
                json.member("due", Int64(due))
                json.member("max_in_flight", Int64(maxInFlight))
            case .closed(let clients):
                json.member("loop", "closed")
                json.member("clients", Int64(clients))
            }
            json.member("interrupted", wasInterrupted)
            json.member("milliseconds", Int64(seconds * 1000))
            json.member("wait_seconds", Int64(waitSeconds))
            json.member("sent", Int64(numbers.sent))
            json.member("dropped", Int64(numbers.dropped))
            json.member("late", Int64(numbers.late))
            json.member("duplicates", Int64(numbers.duplicates))
            json.member("replayed", Int64(numbers.replayed))
            json.member("outcomes", Int64(numbers.decided))
            json.member("outcomes_per_second", Int64(outcomesPerSecond.rounded()))
            json.member("answers", array: AnswerKind.allCases.filter { numbers.answers[$0] != nil }) {
                $0.member("answer", $1.rawValue)
                $0.member("count", Int64(numbers.answers[$1] ?? 0))
            }
            json.member("to_acceptance_microseconds", object: { numbers.toAcceptance.write(to: &$0) })
            json.member("to_outcome_microseconds", object: { numbers.toOutcome.write(to: &$0) })
        }
    }
}

extension Double {
    /// The number with so many digits behind the point, zeros at the end left out.
    func rounded(to digits: Int) -> String {
        var text = fixed(digits)
        while text.contains("."), text.hasSuffix("0") || text.hasSuffix(".") {
            if text.removeLast() == "." { break }
        }
        return text
    }

    /// The number with exactly so many digits behind the point.
    func fixed(_ digits: Int) -> String {
        let scale = (0..<digits).reduce(1) { product, _ in product * 10 }
        let whole = Int64((magnitude * Double(scale)).rounded())
        let sign = self < 0 && whole != 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(whole % Int64(scale))
        return "\(sign)\(whole / Int64(scale))."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

extension String {
    /// The text with spaces behind it up to a width.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// The text with spaces in front of it up to a width.
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
