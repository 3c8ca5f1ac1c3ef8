import PostgresClient
import WeirCore
import WeirWire

/// What a replay shall do.
public struct ReplayOrder: Sendable {
    /// Which letters; only open ones are ever sent.
    public var filter: DeadLetterFilter
    /// The most letters to look at.
    public var limit: Int64 = .max
    /// Letters a second; nil is as fast as the broker confirms.
    public var rate: Double?
    /// Whether letters older than the horizon of `weir prune` are sent too, whose tokens may have been decided and
    /// forgotten: they count as new.
    public var asNew = false
    /// Only predict what would become of the letters, and send none.
    public var isDryRun = false
    /// Who wants it, and why.
    public var signature: Signature

    /// What a rate may be.
    public static let rateRange: ClosedRange<Double> = 0.1...100_000

    /// A replay of the letters that a filter names.
    public init(_ filter: DeadLetterFilter, _ signature: Signature) {
        self.filter = filter
        self.filter.state = .open
        self.signature = signature
    }
}

/// What became of the letters of a run, or would.
public struct ReplayFindings: Sendable, Hashable {
    /// How many letters each finding has.
    public private(set) var counts: [Finding: Int] = [:]

    /// One thing that can become of a letter, as one word.
    public struct Finding: Sendable, Hashable, Comparable {
        /// The word, as in JSON.
        public let word: String

        public static func < (left: Finding, right: Finding) -> Bool { left.word < right.word }

        init(_ word: String) { self.word = word }

        /// The broker took it.
        public static let published = Finding("published")
        /// The same code as the worker's says that it would come back.
        public static let unreadable = Finding("unreadable")
        /// Older than the horizon.
        public static let tooOld = Finding("too_old")
        /// Another run was sending it.
        public static let elsewhere = Finding("elsewhere")
        /// No confirm came in time; it stays open.
        public static let unconfirmed = Finding("unconfirmed")
        /// Its token is known with the same payload.
        public static let known = Finding("known")
        /// Its token is known with another payload.
        public static let conflict = Finding("conflict")
    }

    /// No findings.
    public init() {}

    mutating func note(_ finding: Finding, _ count: Int = 1) { counts[finding, default: 0] += count }

    mutating func add(_ other: ReplayFindings) { counts.merge(other.counts, uniquingKeysWith: +) }

    subscript(finding: Finding) -> Int { counts[finding] ?? 0 }

    /// The most frequent first.
    public var ranked: [(finding: Finding, count: Int)] {
        counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0, $1) }
    }

    /// One sentence of a prediction: `812 would be reserved, 40 are decided already`.
    public var prediction: String {
        ranked.map { "\($0.count) \($0.finding.predicted)" }.joined(separator: ", ")
    }

    var json: String {
        let bytes = JSONWriter.object { json in
            for (finding, count) in ranked { json.member(named: finding.word, .integer(Int64(count))) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    init(json: String) {
        guard let fields = try? JSONFields(json.utf8) else { return }
        for (name, value) in fields.pairs {
            if case .integer(let count) = value { counts[Finding(name)] = Int(count) }
        }
    }
}

extension ReplayFindings.Finding {
    /// What the finding is in the sentence of a prediction.
    var predicted: String {
        switch self {
        case .known: "are decided already"
        case .conflict: "have a token that is known with another payload"
        case .unreadable: "still cannot be read"
        case .tooOld: "are older than the horizon of a prune"
        case .elsewhere: "are being sent by another run"
        default:
            if let state = IntentState(rawValue: word) {
                "would be \(state.rawValue)"
            } else if let reason = RejectionReason(rawValue: word) {
                "\(reason.rawValue.replacing("_", with: " "))"
            } else if word.hasPrefix("refused_") {
                "would be refused: \(word.dropFirst(8).replacing("_", with: " "))"
            } else if word == "unchanged" {
                "would change nothing"
            } else {
                "would be \(word.replacing("_", with: " "))"
            }
        }
    }
}

/// Where a run stands.
public struct ReplayView: Sendable {
    /// Where a run can stand.
    public enum State: String, Sendable { case running, stopped, done, failed }

    /// Its number.
    public let id: Int64
    /// When it began.
    public let begunAt: Timestamp
    /// When it ended; nil while it runs, and when its process died.
    public let endedAt: Timestamp?
    /// How many letters it was about.
    public let total: Int
    /// How many the broker took.
    public let published: Int
    /// How many were not sent.
    public let skipped: Int
    /// How many have come back.
    public let returned: Int
    /// Letters a second; nil is without a limit.
    public let rate: Double?
    /// Whether letters older than the horizon are sent too.
    public let asNew: Bool
    /// Whether it only predicts.
    public let isDryRun: Bool
    /// Who wanted it.
    public let signature: Signature
    /// Its filter as JSON.
    public let filter: String
    /// What became of the letters, or would.
    public let findings: ReplayFindings
    /// Why it ended early.
    public let trouble: String?
    /// Where it stands.
    public let state: State
    let doneID: Int64
    let lastID: Int64

    init(_ rows: Rows, _ row: Int) {
        id = rows.int8(row, 0)
        begunAt = Timestamp(microseconds: rows.timestamp(row, 1))
        endedAt = rows.optionalTimestamp(row, 2).map(Timestamp.init(microseconds:))
        doneID = rows.int8(row, 3)
        lastID = rows.int8(row, 4)
        total = rows.int(row, 5)
        published = rows.int(row, 6)
        skipped = rows.int(row, 7)
        rate = rows.isNull(row, 8) ? nil : rows.double(row, 8)
        asNew = rows.bool(row, 9)
        isDryRun = rows.bool(row, 10)
        signature = Signature(who: rows.text(row, 12), why: rows.text(row, 13))
        filter = rows.text(row, 14)
        findings = ReplayFindings(json: rows.text(row, 15))
        trouble = rows.optionalText(row, 16)
        returned = rows.int(row, 18)
        let isRunning = rows.bool(row, 17)
        state =
            if endedAt == nil { isRunning ? .running : .stopped } else {
                trouble != nil ? .failed : rows.bool(row, 11) && doneID < lastID ? .stopped : .done
            }
    }

    /// Writes the members of a run's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("id", id)
        json.member("state", state.rawValue)
        json.member("begun_at", begunAt.rfc3339)
        if let endedAt { json.member("ended_at", endedAt.rfc3339) }
        json.member("dry_run", isDryRun)
        json.member("total", Int64(total))
        json.member("done", Int64(published + skipped))
        json.member("published", Int64(published))
        json.member("skipped", Int64(skipped))
        json.member("returned", Int64(returned))
        if let rate { json.member(named: "rate", .otherNumber("\(rate)")) }
        json.member("as_new", asNew)
        json.member("who", signature.who)
        json.member("why", signature.why)
        if let filter = try? JSONFields(self.filter.utf8) { json.member(named: "where", .object(filter)) }
        json.member("findings") { findings in
            for (finding, count) in self.findings.ranked {
                findings.member(named: finding.word, .integer(Int64(count)))
            }
        }
        if isDryRun { json.member("prediction", findings.prediction) }
        if let trouble { json.member("trouble", trouble) }
    }
}
