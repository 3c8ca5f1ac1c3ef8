import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `GET /v1/intents/{token}`. With `?wait=N` a token that is not decided yet is waited for; one that is decided
    /// is shown at once, since what the client waits for has happened.
    func showIntent(
        _ token: Token, _ request: Request, _ caller: Caller
    ) async throws(Problem) -> Answer {
        let start = monotonicNanoseconds()
        let query = try QueryParameters(request.uri.query, knowing: ["wait", "sku"])
        let sku = try query.sku()
        let seconds = min(try query.integer("wait", in: 0...999_999_999) ?? 0, settings.waitLimitSeconds)
        var answer: Answer?
        if seconds > 0 {
            let id = producer.nextID()
            guard let waiter = desk.expect(id, token: token, forSeconds: Double(seconds)) else {
                throw Self.tooManyWait
            }
            defer { desk.dismiss(id) }
            answer = try await state(of: token, sku, caller)
            if answer == nil {
                answer = try await outcome(
                    of: id, token: token, waiter, seconds: seconds, since: start
                ) { happening throws(Problem) in
                    try happening.intent.map { intent throws(Problem) in
                        try Self.shown(intent, sku, caller)
                    }
                } lookUp: { () throws(Problem) in
                    try await self.state(of: token, sku, caller)
                }
            }
        } else {
            answer = try await state(of: token, sku, caller)
        }
        if let answer { return answer }
        guard let queued = memory[token], sku == nil || sku == queued.sku, caller.mayActFor(queued.buyer)
        else { throw Self.unknown(token) }
        return Answer.queued(queued, .ok)
    }

    /// What the database shows of a token; nil when it has nothing, or nothing of the caller's.
    private func state(of token: Token, _ sku: SKU?, _ caller: Caller) async throws(Problem) -> Answer? {
        switch await lookUps.intent(token) {
        case .found(.intent(let intent, let position)):
            return try Self.shown(intent, sku, caller, position: position)
        case .found(.deadLetter):
            let submit = memory[token]
            // Whose rubbish it is cannot be told, unless it came through here.
            guard caller.buyer == nil || submit.map({ caller.mayActFor($0.buyer) }) ?? false else {
                return nil
            }
            return Answer.undecidable(token, submit)
        case .found(.nothing): return nil
        case .away: throw Self.databaseAway("come back later")
        }
    }

    private static func shown(
        _ intent: Intent, _ sku: SKU?, _ caller: Caller, position: Int64? = nil
    ) throws(Problem) -> Answer {
        guard sku == nil || sku == intent.sku, caller.mayActFor(intent.buyer) else {
            throw unknown(intent.token)
        }
        return Answer(intent, position: position)
    }

    static func unknown(_ token: Token) -> Problem {
        Problem(
            .unknownToken,
            "no intent with the token '\(token.text)' is decided; if it was accepted a moment ago, by whichever"
                + " server, it will be here soon; an order is not here but at /v1/orders/\(token.text)",
            retryAfterSeconds: 1)
    }

    static func databaseAway(_ remedy: String) -> Problem {
        Problem(.databaseUnavailable, "the database cannot be reached at the moment; \(remedy)")
    }

    // MARK: Stock

    /// `GET /v1/skus/{sku}`.
    func showStock(_ sku: SKU, _ request: Request) async throws(Problem) -> Answer {
        _ = try QueryParameters(request.uri.query, knowing: [])
        switch await lookUps.sku(sku) {
        case .found(let stock?): return Answer(stock, partition: partitioning.partition(of: sku))
        case .found(nil):
            throw Problem(
                .unknownSKU, "the SKU '\(sku.text)' is not defined; define it with PUT /v1/skus/\(sku.text)")
        case .away: throw Self.databaseAway("come back later")
        }
    }

    /// `GET /v1/skus`, page by page: `next` is the `after` of the page behind, and is missing on the last one.
    func listStock(_ request: Request) async throws(Problem) -> Answer {
        let query = try QueryParameters(request.uri.query, knowing: ["limit", "after"])
        let limit = try query.integer("limit", in: 1...1000) ?? 100
        var after = ""
        if let text = query["after"] { after = try Cursor.read(text).text }
        // One more than the page holds tells whether there is another.
        guard case .found(let stocks) = await lookUps.page(after: after, limit: limit + 1) else {
            throw Self.databaseAway("come back later")
        }
        let page = stocks.prefix(limit)
        return Answer(
            .ok,
            JSONWriter.object(capacity: 64 + page.count * 256) { json in
                json.member("skus", array: page) { json, stock in
                    stock.write(to: &json, partition: self.partitioning.partition(of: stock.sku))
                }
                if stocks.count > limit, let last = page.last {
                    json.member("next", Cursor.text(after: last.sku))
                }
            })
    }
}

extension Happening {
    /// The intent as it stands after the event, if it is about one.
    var intent: Intent? {
        switch self {
        case .intent(let intent, _, _), .shortfall(let intent, _), .extended(let intent, _),
            .returned(let intent, _, _):
            intent
        case .answered(_, _, _, let result):
            if case .intent(let intent) = result.subject { intent } else { nil }
        case .conflict, .defined, .adjusted, .crossed, .order: nil
        }
    }
}
