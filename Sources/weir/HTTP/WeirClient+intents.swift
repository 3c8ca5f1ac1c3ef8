import Foundation
import WeirCore
import WeirWire

/// An intent as the API shows it.
struct IntentAnswer: Sendable, Hashable {
    /// Where an intent stands, the two states that no row ever says included.
    enum Status: String, Sendable, CaseIterable {
        case queued, undecidable
        case reserved, confirmed, cancelled, expired, rejected, waitlisted, backordered

        /// Whether the intent has an outcome, or never will have one.
        var isSettled: Bool { self != .queued }
    }

    let token: String
    let sku: String
    let quantity: Int64?
    let buyer: String?
    let status: Status
    /// Why it was rejected.
    let reason: String?
    let holdUntil: String?
    let decidedAt: String?
    /// How many come before it in line, and itself.
    let position: Int64?
    /// When units are expected that were promised to it.
    let availableFrom: String?
    /// Units that were given back.
    let returned: Int64?
    /// Whether the server had answered this token before.
    let isReplayed: Bool
    /// The JSON as it came.
    let body: [UInt8]

    init(_ reply: WeirClient.Reply) throws(WeirClientError) {
        var fields = try reply.fields()
        guard let token = fields.text("token") else { throw .garbled("it has no 'token'") }
        guard let word = fields.text("status"), let status = Status(rawValue: word) else {
            throw .garbled("it has no 'status' that is known")
        }
        self.token = token
        self.status = status
        sku = fields.text("sku") ?? ""
        quantity = fields.integer("quantity")
        buyer = fields.text("buyer")
        reason = fields.text("reason")
        holdUntil = fields.text("hold_until")
        decidedAt = fields.text("decided_at")
        position = fields.integer("position")
        availableFrom = fields.text("available_from")
        returned = fields.integer("returned")
        isReplayed = reply.isReplayed
        body = reply.body
    }
}

extension WeirClient {
    /// Sends an intent. Without `waitSeconds` the answer comes as soon as it is accepted.
    func submit(
        token: String, sku: String, quantity: Int64, buyer: String, onShortage: String? = nil,
        replaces: String? = nil, waitSeconds: Int? = nil
    ) async throws(WeirClientError) -> IntentAnswer {
        let body = JSONWriter.object { json in
            json.member("sku", sku)
            json.member("quantity", quantity)
            json.member("buyer", buyer)
            if let onShortage { json.member("on_shortage", onShortage) }
            if let replaces { json.member("replaces", replaces) }
        }
        return try IntentAnswer(
            try await call(
                .post, "/v1/intents", headers: [("Idempotency-Key", token)] + Self.preference(waitSeconds),
                body: body, serverWaitSeconds: Double(waitSeconds ?? 0)))
    }

    /// Looks an intent up; with `waitSeconds` it may wait for the next change first.
    func intent(
        token: String, sku: String? = nil, waitSeconds: Int? = nil
    ) async throws(WeirClientError) -> IntentAnswer {
        var query: [String] = []
        if let sku { query.append("sku=\(Self.escaped(sku))") }
        if let waitSeconds { query.append("wait=\(waitSeconds)") }
        return try IntentAnswer(
            try await call(
                .get, "/v1/intents/\(Self.escaped(token))\(Self.text(of: query))",
                serverWaitSeconds: Double(waitSeconds ?? 0)))
    }

    /// Turns a hold into a sale.
    func confirm(
        token: String, sku: String? = nil, key: String? = nil, waitSeconds: Int? = nil
    ) async throws(WeirClientError) -> IntentAnswer {
        try await change("confirm", token, sku, key, waitSeconds)
    }

    /// Gives an intent up, or with `quantity` so many units of a sale; that needs a key.
    func cancel(
        token: String, sku: String? = nil, quantity: Int64? = nil, key: String? = nil, waitSeconds: Int? = nil
    ) async throws(WeirClientError) -> IntentAnswer {
        let body = quantity.map { units in JSONWriter.object { $0.member("quantity", units) } }
        return try await change("cancel", token, sku, key, waitSeconds, body: body)
    }

    /// Gives a hold a later deadline.
    func extend(
        token: String, holdUntil: String, sku: String? = nil, key: String? = nil, waitSeconds: Int? = nil
    ) async throws(WeirClientError) -> IntentAnswer {
        let body = JSONWriter.object { $0.member("hold_until", holdUntil) }
        return try await change("extend", token, sku, key, waitSeconds, body: body)
    }

    private func change(
        _ verb: String, _ token: String, _ sku: String?, _ key: String?, _ waitSeconds: Int?,
        body: [UInt8]? = nil
    ) async throws(WeirClientError) -> IntentAnswer {
        let query = sku.map { "?sku=\(Self.escaped($0))" } ?? ""
        let headers = (key.map { [("Idempotency-Key", $0)] } ?? []) + Self.preference(waitSeconds)
        return try IntentAnswer(
            try await call(
                .post, "/v1/intents/\(Self.escaped(token))/\(verb)\(query)", headers: headers, body: body,
                serverWaitSeconds: Double(waitSeconds ?? 0)))
    }

    static func preference(_ waitSeconds: Int?) -> [(name: String, value: String)] {
        waitSeconds.map { [("Prefer", "wait=\($0)")] } ?? []
    }

    /// The part of a URL behind its path.
    static func text(of query: [String]) -> String {
        query.isEmpty ? "" : "?" + query.joined(separator: "&")
    }

    /// One segment of a path or one value of a query. What has an identifier's form stays as it is.
    static func escaped(_ text: String) -> String {
        if text.utf8.allSatisfy(Token.permits) { return text }
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? text
    }
}

extension JSONFields {
    /// A member if it is a string: an answer is read leniently, because a later server may say more.
    mutating func text(_ name: String) -> String? {
        if case .text(let text) = take(name) { text } else { nil }
    }

    /// A member if it is a whole number.
    mutating func integer(_ name: String) -> Int64? {
        if case .integer(let number) = take(name) { number } else { nil }
    }
}
