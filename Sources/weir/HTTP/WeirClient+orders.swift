import WeirCore
import WeirWire

/// An order as the API shows it.
struct OrderAnswer: Sendable, Hashable {
    /// Where an order stands, the two states that no row ever says included.
    enum Status: String, Sendable, CaseIterable {
        case queued, undecidable
        case reserving, reserved, confirmed, cancelled, expired, rejected, reclaiming

        /// Whether the order has an outcome, or never will have one.
        var isSettled: Bool { self != .queued && self != .reserving && self != .reclaiming }
    }

    /// One line of it.
    struct Line: Sendable, Hashable {
        let number: Int
        let sku: String
        let quantity: Int64?
        let status: String
        let reason: String?
    }

    let token: String
    let buyer: String?
    let status: Status
    /// Why it was rejected.
    let reason: String?
    let holdUntil: String?
    let lines: [Line]
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
        buyer = fields.text("buyer")
        reason = fields.text("reason")
        holdUntil = fields.text("hold_until")
        var lines: [Line] = []
        if case .array(let elements) = fields.take("lines") {
            for case .object(var line) in elements {
                lines.append(
                    Line(
                        number: Int(clamping: line.integer("line") ?? 0), sku: line.text("sku") ?? "",
                        quantity: line.integer("quantity"), status: line.text("status") ?? "?",
                        reason: line.text("reason")))
            }
        }
        self.lines = lines
        isReplayed = reply.isReplayed
        body = reply.body
    }
}

extension WeirClient {
    /// Sends an order. Without `waitSeconds` the answer comes as soon as it is accepted.
    func submitOrder(
        token: String, buyer: String, lines: [(sku: String, quantity: Int64)], waitSeconds: Int? = nil
    ) async throws(WeirClientError) -> OrderAnswer {
        let body = JSONWriter.object { json in
            json.member("buyer", buyer)
            json.member("lines", array: lines) { json, line in
                json.member("sku", line.sku)
                json.member("quantity", line.quantity)
            }
        }
        return try OrderAnswer(
            try await call(
                .post, "/v1/orders", headers: [("Idempotency-Key", token)] + Self.preference(waitSeconds),
                body: body, serverWaitSeconds: Double(waitSeconds ?? 0)))
    }

    /// Looks an order up; with `waitSeconds` it may wait for its decision first.
    func order(token: String, waitSeconds: Int? = nil) async throws(WeirClientError) -> OrderAnswer {
        let query = Self.text(of: waitSeconds.map { ["wait=\($0)"] } ?? [])
        return try OrderAnswer(
            try await call(
                .get, "/v1/orders/\(Self.escaped(token))\(query)",
                serverWaitSeconds: Double(waitSeconds ?? 0)))
    }

    /// Turns the order's hold into a sale.
    func confirmOrder(token: String) async throws(WeirClientError) -> OrderAnswer {
        try await changeOrder(token, "confirm", body: nil)
    }

    /// Gives the order up, or some of its lines.
    func cancelOrder(token: String, lines: [Int] = []) async throws(WeirClientError) -> OrderAnswer {
        let body = JSONWriter.object { json in
            json.member(named: "lines", .array(lines.map { .integer(Int64($0)) }))
        }
        return try await changeOrder(token, "cancel", body: lines.isEmpty ? nil : body)
    }

    /// Gives the order's hold a later deadline, as RFC 3339 in UTC.
    func extendOrder(token: String, until: String) async throws(WeirClientError) -> OrderAnswer {
        try await changeOrder(token, "extend", body: JSONWriter.object { $0.member("hold_until", until) })
    }

    private func changeOrder(
        _ token: String, _ verb: String, body: [UInt8]?
    ) async throws(WeirClientError) -> OrderAnswer {
        try OrderAnswer(try await call(.post, "/v1/orders/\(Self.escaped(token))/\(verb)", body: body))
    }
}
