import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `GET /v1/orders/{token}`. With `?wait=N` an order that is not decided yet is waited for.
    func showOrder(_ token: Token, _ request: Request, _ caller: Caller) async throws(Problem) -> Answer {
        let start = monotonicNanoseconds()
        let query = try QueryParameters(request.uri.query, knowing: ["wait"])
        let seconds = min(try query.integer("wait", in: 0...999_999_999) ?? 0, settings.waitLimitSeconds)
        guard seconds > 0 else { return try await shownOrder(token, caller) }
        let id = producer.nextID()
        guard let waiter = desk.expect(id, token: token.ofOrder, forSeconds: Double(seconds)) else {
            throw Self.tooManyWait
        }
        defer { desk.dismiss(id) }
        if case .found(.order(let order)) = await lookUps.order(token), !order.state.isUndecided {
            return try Self.shown(order, caller)
        }
        let heard = try await outcome(
            of: id, token: token.ofOrder, waiter, seconds: seconds, since: start
        ) { happening throws(Problem) in
            guard let order = happening.shownOrder, !order.state.isUndecided else { return nil }
            return try Self.shown(order, caller)
        } lookUp: { () throws(Problem) in
            try await self.shownOrder(token, caller)
        }
        if let heard { return heard }
        return try await shownOrder(token, caller)
    }

    /// What is known of an order at the moment, as far as it is the caller's.
    private func shownOrder(_ token: Token, _ caller: Caller) async throws(Problem) -> Answer {
        let queued = orderMemory[token].flatMap { caller.mayActFor($0.buyer) ? $0 : nil }
        switch await lookUps.order(token) {
        case .found(.order(let order)): return try Self.shown(order, caller)
        case .found(.deadLetter):
            // Whose it was nobody can tell but who remembers it.
            guard queued != nil || caller.buyer == nil else { throw Self.unknownOrder(token) }
            return Answer.undecidable(token, queued)
        case .found(.nothing):
            guard let queued else { throw Self.unknownOrder(token) }
            return Answer.queued(queued, .ok)
        case .away: throw Self.databaseAway("come back later")
        }
    }

    private static func shown(_ order: Order, _ caller: Caller) throws(Problem) -> Answer {
        guard caller.mayActFor(order.buyer) else { throw unknownOrder(order.token) }
        return Answer(order)
    }

    static func unknownOrder(_ token: Token) -> Problem {
        Problem(
            .unknownToken,
            "no order with the token '\(token.text)' is known; if it was accepted a moment ago, by whichever"
                + " server, it will be here soon; an intent is not here but at /v1/intents/\(token.text)",
            retryAfterSeconds: 1)
    }
}
