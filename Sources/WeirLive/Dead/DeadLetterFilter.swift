import PostgresClient
import WeirCore
import WeirWire

/// Which dead letters somebody means. What is nil does not matter.
public struct DeadLetterFilter: Sendable, Hashable {
    /// What has become of a letter.
    public enum State: String, Sendable, CaseIterable {
        /// Somebody has to look at it.
        case open
        /// It was published again, and has not come back.
        case replayed
        /// It was given up.
        case discarded
    }

    /// These letters and no others.
    public var ids: [Int64]?
    /// Letters in this state; `open` unless something else is said.
    public var state: State? = .open
    /// The partition whose worker could not decide it.
    public var partition: Int?
    /// The kind of reason, one word.
    public var reason: String?
    /// The reason with the field concerned.
    public var fault: String?
    /// The message's type.
    public var type: String?
    /// The intent's token.
    public var token: String?
    /// The SKU.
    public var sku: String?
    /// Last seen then or later.
    public var since: Timestamp?
    /// Last seen before then.
    public var until: Timestamp?
    /// Text that the body or the explanation holds.
    public var text: String?

    /// All letters that are open.
    public init() {}

    /// Exactly these letters, whatever their state.
    public init(ids: [Int64]) {
        self.ids = ids
        state = nil
    }

    /// The names that ``set(_:_:now:)`` knows.
    public static let names = "sku, reason, fault, type, token, partition, state, since, until, text"

    /// Sets one condition by its name.
    ///
    /// - Parameters:
    ///   - name: one of ``names``.
    ///   - value: for `since` and `until` a moment as RFC 3339 in UTC, or how long ago, as in `90s`, `30m`, `2h`, `7d`;
    ///     for `state` also `any`.
    ///   - now: from where `30m` counts back.
    public mutating func set(_ name: String, _ value: String, now: Timestamp) throws(WireRefusal) {
        guard !value.isEmpty else { throw Self.refusal(name, "is empty") }
        // PostgreSQL knows no NUL, so nothing of a letter can hold one.
        guard !value.utf8.contains(0) else { throw Self.refusal(name, "must not hold NUL") }
        switch name {
        case "sku": sku = value
        case "reason": reason = value
        case "fault": fault = value
        case "type": type = value
        case "token": token = value
        case "text": text = value
        case "since": since = try Self.moment(name, value, now)
        case "until": until = try Self.moment(name, value, now)
        case "partition":
            guard let number = Int(value), (0..<Partitioning.range.upperBound).contains(number) else {
                throw Self.refusal(name, "must be a number from 0 to \(Partitioning.range.upperBound - 1)")
            }
            partition = number
        case "state":
            guard value == "any" || State(rawValue: value) != nil else {
                throw Self.refusal(
                    name, "must be any, \(State.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            state = State(rawValue: value)
        default:
            throw WireRefusal(
                .unknownField, at: name,
                "the condition '\(printable(name))' is unknown; known are \(Self.names)")
        }
    }

    /// Reads `sku=tea,reason=invalid_field`; a comma in a value is written `\,`.
    public mutating func add(where text: String, now: Timestamp) throws(WireRefusal) {
        for clause in Self.clauses(text) {
            guard let equals = clause.firstIndex(of: "=") else {
                throw WireRefusal(
                    .invalidField, at: "where",
                    "'\(printable(clause))' is no condition; write NAME=VALUE with one of \(Self.names)")
            }
            try set(String(clause[..<equals]), String(clause[clause.index(after: equals)...]), now: now)
        }
    }

    private static func clauses(_ text: String) -> [String] {
        var (clauses, current, isEscaped) = ([String](), "", false)
        for character in text {
            switch character {
            case _ where isEscaped:
                if character != "," { current.append("\\") }
                current.append(character)
                isEscaped = false
            case "\\": isEscaped = true
            case ",":
                clauses.append(current)
                current = ""
            default: current.append(character)
            }
        }
        if isEscaped { current.append("\\") }
        return clauses + [current]
    }

    private static func moment(
        _ name: String, _ text: String, _ now: Timestamp
    ) throws(WireRefusal) -> Timestamp {
        guard let moment = Timestamp(asked: text, now: now) else {
            throw refusal(
                name,
                "must be a time as RFC 3339 in UTC, such as 2026-11-21T09:30:00Z, or how long ago, as in 90s, 30m,"
                    + " 2h, 7d")
        }
        return moment
    }

    private static func refusal(_ name: String, _ problem: String) -> WireRefusal {
        WireRefusal(.invalidField, at: name, "the condition '\(printable(name))' \(problem)")
    }
}

extension DeadLetterFilter {
    /// The filter as JSON, as runs of a replay keep it.
    var json: String {
        let bytes = JSONWriter.object { json in
            if let ids { json.member("ids", ids.map(String.init).joined(separator: " ")) }
            json.member("state", state?.rawValue ?? "any")
            if let partition { json.member("partition", String(partition)) }
            if let reason { json.member("reason", reason) }
            if let fault { json.member("fault", fault) }
            if let type { json.member("type", type) }
            if let token { json.member("token", token) }
            if let sku { json.member("sku", sku) }
            if let since { json.member("since", since.rfc3339) }
            if let until { json.member("until", until.rfc3339) }
            if let text { json.member("text", text) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads what ``json`` wrote.
    init(json: String) throws(WireRefusal) {
        self.init()
        try add(try JSONFields(json.utf8), now: Timestamp(microseconds: 0))
    }

    /// Sets the conditions of an object, `{"sku":"tea","since":"2h"}`. Names every one that is wrong.
    public mutating func add(_ fields: JSONFields, now: Timestamp) throws(WireRefusal) {
        var flaws = Flaws()
        for (name, value) in fields.pairs {
            switch value {
            case .text(let text) where name == "ids":
                let words = text.split(separator: " ")
                ids = words.compactMap { Int64($0) }
                if ids?.count != words.count {
                    flaws.note(Self.refusal(name, "must be whole numbers, separated by blanks"))
                }
            case .array(let elements) where name == "ids":
                ids = elements.compactMap { if case .integer(let id) = $0 { id } else { nil } }
                for (position, element) in elements.enumerated() {
                    if case .integer = element { continue }
                    flaws.note(
                        WireRefusal(
                            .invalidField, at: name, element: position,
                            "the condition 'ids' must be an array of whole numbers, and \(element.kind) is none"
                        ))
                }
            case .text(let text):
                flaws.read { () throws(WireRefusal) in try set(name, text, now: now) }
            case .integer(let number) where name == "partition":
                flaws.read { () throws(WireRefusal) in try set(name, String(number), now: now) }
            case .null: continue
            default: flaws.note(Self.refusal(name, "must be a string, not \(value.kind)"))
            }
        }
        try flaws.check()
    }

    /// The values of a query's first eleven parameters.
    var binds: [Bind] {
        [
            ids.map(Bind.int8s) ?? .null, Self.text(state?.rawValue),
            partition.map { .int4(Int32(clamping: $0)) } ?? .null, Self.text(reason), Self.text(fault),
            Self.text(type), Self.text(token), Self.text(sku), Self.moment(since), Self.moment(until),
            Self.text(text),
        ]
    }

    private static func text(_ text: String?) -> Bind { text.map(Bind.text) ?? .null }
    private static func moment(_ moment: Timestamp?) -> Bind {
        moment.map { .timestamp($0.microseconds) } ?? .null
    }
}

extension Timestamp {
    /// A moment as people write it: RFC 3339 in UTC, a date, which is its beginning in UTC, or how long ago, as in `90s`,
    /// `30m`, `2h`, `7d`.
    public init?(asked text: String, now: Timestamp) {
        if let moment = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") {
            self = moment
            return
        }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        // Five digits of days are more than two centuries, and nothing can overflow.
        guard let unit = text.last.flatMap({ units[$0] }), (2...6).contains(text.utf8.count),
            let count = Int64(text.dropLast()), count >= 0
        else { return nil }
        self = now.adding(seconds: -count * unit)
    }
}
