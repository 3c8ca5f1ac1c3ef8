import PostgresClient
import WeirCore
import WeirWire

/// A dead letter as an operator sees it.
public struct DeadLetterView: Sendable {
    /// Its number.
    public let id: Int64
    /// When it first came.
    public let firstSeen: Timestamp
    /// When it last came.
    public let lastSeen: Timestamp
    /// How often it came.
    public let seen: Int
    /// The partition whose worker could not decide it; nil when the broker gave it up and nobody can tell.
    public let partition: Int?
    /// The kind of reason, one word.
    public let reason: String
    /// The group of letters that failed in the same way.
    public let fault: String
    /// One sentence.
    public let detail: String
    /// The message's type, if it has one.
    public private(set) var type: String?
    /// The intent's token, as far as it could be read.
    public let token: String?
    /// The SKU, as far as it could be read.
    public let sku: String?
    /// What has become of it.
    public let state: DeadLetterFilter.State
    /// How often a replay of it was confirmed by the broker.
    public let replayed: Int
    /// How often a replay of it came back.
    public let returned: Int
    /// The state of the intent or, where the letter is about an order, of the order under its token, when that was
    /// decided.
    public let intentState: String?
    /// Where it was published.
    public let exchange: String
    /// With which routing key.
    public let routingKey: String
    /// The AMQP properties, a JSON object.
    public let properties: String
    /// The headers, a JSON object.
    public let headers: String
    /// The body; nil where only a list was asked for.
    public private(set) var body: [UInt8]?

    /// The letter as an edit would leave it.
    func with(type: String?, body: [UInt8]) -> DeadLetterView {
        var copy = self
        copy.type = type
        copy.body = body
        return copy
    }

    init(_ rows: Rows, _ row: Int) {
        id = rows.int8(row, 0)
        firstSeen = Timestamp(microseconds: rows.timestamp(row, 1))
        lastSeen = Timestamp(microseconds: rows.timestamp(row, 2))
        seen = rows.int(row, 3)
        partition = rows.optionalInt(row, 4)
        reason = rows.text(row, 5)
        detail = rows.text(row, 6)
        type = rows.optionalText(row, 7)
        token = rows.optionalText(row, 8)
        sku = rows.optionalText(row, 9)
        state = DeadLetterFilter.State(rawValue: rows.text(row, 10)) ?? .open
        fault = rows.text(row, 11)
        replayed = rows.int(row, 12)
        returned = rows.int(row, 13)
        intentState = rows.optionalText(row, 14)
        exchange = rows.text(row, 15)
        routingKey = rows.text(row, 16)
        properties = rows.text(row, 17)
        headers = rows.text(row, 18)
        body = rows.optionalBytes(row, 19)
    }
}

extension DeadLetterView {
    /// Writes the members of a letter's JSON: the same in the API, in `--json` and in an export.
    public func write(to json: inout JSONWriter) {
        json.member("id", id)
        json.member("state", state.rawValue)
        json.member("reason", reason)
        json.member("fault", fault)
        json.member("detail", detail)
        json.member("first_seen", firstSeen.rfc3339)
        json.member("last_seen", lastSeen.rfc3339)
        json.member("seen", Int64(seen))
        json.member("replayed", Int64(replayed))
        json.member("returned", Int64(returned))
        if let partition { json.member("partition", Int64(partition)) }
        if let type { json.member("type", type) }
        if let token { json.member("token", token) }
        if let sku { json.member("sku", sku) }
        if let intentState { json.member("intent_status", intentState) }
        guard let body else { return }
        json.member("exchange", exchange)
        json.member("routing_key", routingKey)
        json.member("properties", properties)
        json.member("headers", headers)
        Self.write(body: body, to: &json)
    }

    /// A body as text where it is UTF-8, which PostgreSQL, JSON and a person can hold; otherwise in hexadecimal digits.
    static func write(body: [UInt8], to json: inout JSONWriter) {
        if let text = String(validating: body, as: UTF8.self) {
            json.member("body", text)
        } else {
            json.member("body_hex", body.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        }
    }
}

/// Letters that failed in the same way.
public struct DeadLetterGroup: Sendable {
    /// The reason with the field concerned.
    public let fault: String
    /// The messages' type, if they have one.
    public let type: String?
    /// How many.
    public let count: Int
    /// When the first of them came.
    public let firstSeen: Timestamp
    /// When the last of them came.
    public let lastSeen: Timestamp
    /// The last one's number.
    public let example: Int64
    /// What the last one says.
    public let detail: String

    init(_ rows: Rows, _ row: Int) {
        fault = rows.text(row, 0)
        type = rows.optionalText(row, 1)
        count = rows.int(row, 2)
        firstSeen = Timestamp(microseconds: rows.timestamp(row, 3))
        lastSeen = Timestamp(microseconds: rows.timestamp(row, 4))
        example = rows.int8(row, 5)
        detail = rows.text(row, 6)
    }

    /// Writes the members of a group's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("fault", fault)
        if let type { json.member("type", type) }
        json.member("count", Int64(count))
        json.member("first_seen", firstSeen.rfc3339)
        json.member("last_seen", lastSeen.rfc3339)
        json.member("example", example)
        json.member("detail", detail)
    }
}

/// One thing that was done to a letter.
public struct DeadLetterAction: Sendable {
    /// When.
    public let at: Timestamp
    /// What: `edited`, `replayed`, `discarded`, `restored` or `imported`.
    public let action: String
    /// Who did it.
    public let who: String
    /// Why, in that person's words; may be empty.
    public let why: String
    /// The run of a replay.
    public let replay: Int64?
    /// When the broker confirmed a replay.
    public let confirmedAt: Timestamp?
    /// When a replay came back.
    public let returnedAt: Timestamp?
    /// Whether a discard had the intent decided as rejected.
    public let decides: Bool
    /// What an edit replaced.
    public let bodyBefore: [UInt8]?
    /// The type that an edit replaced.
    public let typeBefore: String?

    init(_ rows: Rows, _ row: Int) {
        at = Timestamp(microseconds: rows.timestamp(row, 0))
        action = rows.text(row, 1)
        who = rows.text(row, 2)
        why = rows.text(row, 3)
        replay = rows.optionalInt(row, 4).map(Int64.init)
        confirmedAt = rows.optionalTimestamp(row, 5).map(Timestamp.init(microseconds:))
        returnedAt = rows.optionalTimestamp(row, 6).map(Timestamp.init(microseconds:))
        decides = rows.bool(row, 7)
        typeBefore = rows.optionalText(row, 8)
        bodyBefore = rows.optionalBytes(row, 9)
    }

    /// Writes the members of an action's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("at", at.rfc3339)
        json.member("action", action)
        json.member("who", who)
        json.member("why", why)
        if let replay { json.member("replay", replay) }
        if let confirmedAt { json.member("confirmed_at", confirmedAt.rfc3339) }
        if let returnedAt { json.member("returned_at", returnedAt.rfc3339) }
        if decides { json.member("decides", true) }
        guard let bodyBefore else { return }
        json.member("before") { before in
            if let typeBefore { before.member("type", typeBefore) }
            DeadLetterView.write(body: bodyBefore, to: &before)
        }
    }
}
