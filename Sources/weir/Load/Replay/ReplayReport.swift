import WeirWire

/// What a replay did, for a person and for a program.
struct ReplayReport: Sendable {
    let numbers: ReplayBook.Numbers
    let lines: Int
    let skus: Int
    let publishers: Int
    let window: Int
    let seconds: Double
    /// Units sold and the reference's, where they were read.
    let sold: (units: Int64, reference: Int64)?
    let verification: ReplayVerification?
    let wasInterrupted: Bool

    /// Whether everything that was checked holds.
    var holds: Bool { verification?.holds ?? true }

    private static let words: [(ReplayBook.Entry, String)] = [
        (.confirmed, "confirmed"), (.soldOut, "sold_out"), (.returned, "returned"),
        (.turnedAway, "turned_away"), (.unexpected, "unexpected"),
    ]

    /// The report as lines.
    var text: String {
        let perSecond = seconds > 0 ? (Double(numbers.settled) / seconds).rounded(to: 1) : "0"
        var text = [
            "replay: \(numbers.settled) of \(lines) lines settled in \(seconds.rounded(to: 2)) s, "
                + "\(perSecond) a second; \(skus) SKUs; "
                + (publishers == 1
                    ? "in file order within a SKU, at most \(window) lines under way"
                    : "\(publishers) publishers, in no order")
        ]
        if wasInterrupted { text.append("interrupted: this is what had happened by then") }
        text.append(
            "outcomes: "
                + Self.words.compactMap { entry, word in
                    numbers.counts[entry].map { "\(word.replacingUnderscores) \($0)" }
                }.joined(separator: ", "))
        if numbers.replayed > 0 { text.append("\(numbers.replayed) tokens were known from before") }
        text.append(
            "latency in ms to acceptance: "
                + zip(Latencies.headings, numbers.toAcceptance.columns).map { "\($0) \($1.fixed(2))" }
                .joined(separator: ", "))
        text += numbers.examples.map { "unexpected: \($0)" }
        if let sold {
            text.append("units sold: \(sold.units); in file order one till sells \(sold.reference)")
        }
        for check in verification?.checks ?? [] {
            let verdict = check.broken == 0 ? "holds" : "IS BROKEN"
            text.append("\(check.title): \(verdict), \(check.checked) checked, \(check.broken) broken")
            text += check.examples.map { "  \($0)" }
        }
        return text.joined(separator: "\n")
    }

    /// The report as one JSON object.
    var json: [UInt8] {
        JSONWriter.object { json in
            json.member("lines", Int64(lines))
            json.member("settled", Int64(numbers.settled))
            json.member("skus", Int64(skus))
            json.member("publishers", Int64(publishers))
            json.member("milliseconds", Int64(seconds * 1000))
            json.member("interrupted", wasInterrupted)
            json.member("replayed", Int64(numbers.replayed))
            json.member("outcomes", array: Self.words) {
                $0.member("outcome", $1.1)
                $0.member("count", Int64(numbers.counts[$1.0] ?? 0))
            }
            json.member("to_acceptance_microseconds", object: { numbers.toAcceptance.write(to: &$0) })
            if let sold {
                json.member("units_sold", sold.units)
                json.member("units_sold_by_reference", sold.reference)
            }
            guard let verification else { return }
            json.member("holds", verification.holds)
            json.member("checks", array: verification.checks) { json, check in
                json.member("title", check.title)
                json.member("checked", Int64(check.checked))
                json.member("broken", Int64(check.broken))
                json.member("examples", array: check.examples) { $0.member("detail", $1) }
            }
        }
    }
}

extension String {
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}
