import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `POST /v1/orders`. As with an intent: register the waiter, look up, publish.
    func submitOrder(_ request: Request, _ caller: Caller) async throws(Problem) -> Answer {
        let start = monotonicNanoseconds()
        let token = try IdempotencyKey.require(request.headers)
        let preference = try Preference.read(
            request.headers, limit: settings.waitLimitSeconds, otherwise: 0)
        try BodyHeaders.check(request.headers, largestBody: settings.largestBody)
        _ = try QueryParameters(request.uri.query, knowing: [])
        var fields = try await request.jsonFields(upTo: settings.largestBody)
        let submit = try reading { () throws(WireRefusal) in try OrderSubmit(token: token, from: &fields) }
        try caller.requireBuyer(submit.buyer)
        let notes = try rates.admit(buyer: submit.buyer)

        let id = producer.nextID()
        var waiter: OutcomeDesk.Waiter?
        if preference.waitSeconds > 0 {
            waiter = desk.expect(id, token: token.ofOrder, forSeconds: Double(preference.waitSeconds))
            guard waiter != nil else { throw Self.tooManyWait }
        }
        defer { desk.dismiss(id) }
        var known = try await knownOrder(submit)
        if known == nil {
            try await publishNew(submit, id: id, TraceParent(request.headers))
            if let waiter {
                known = try await outcome(
                    of: id, token: token.ofOrder, waiter, seconds: preference.waitSeconds, since: start
                ) { happening throws(Problem) in
                    try self.answer(happening, to: submit)
                } lookUp: { () throws(Problem) in
                    try await self.decidedOrder(submit)
                }
            }
        }
        var answer = known ?? Answer.queued(submit, .accepted)
        answer.fields[.location] = Self.orderLocation(token)
        if let applied = preference.applied { answer.fields[.preferenceApplied] = applied }
        answer.add(notes)
        return answer
    }

    static func orderLocation(_ token: Token) -> String { "/v1/orders/\(token.text)" }

    private func publishNew(
        _ submit: OrderSubmit, id: UInt64, _ trace: TraceParent?
    ) async throws(Problem) {
        orderMemory.remember(submit, token: submit.token, id: id)
        do throws(Problem) {
            try await publish(.order(.submit(submit)), id: id, trace: trace)
        } catch {
            orderMemory.forget(submit.token, id: id)
            throw error
        }
    }

    /// The answer to an order that was decided before. One that is being decided is published once more, so that its
    /// outcome comes to this ingress.
    private func knownOrder(_ submit: OrderSubmit) async throws(Problem) -> Answer? {
        // Skipped while PostgreSQL is away or slow, because the worker says the same.
        guard settings.lookUpAtTheDoor, lookUps.isQuick,
            case .found(.order(let order)) = await lookUps.order(submit.token)
        else { return nil }
        guard order.repeats(submit) else { throw Self.orderConflict(submit.token) }
        guard !order.state.isUndecided else { return nil }
        var answer = Answer(order)
        answer.markReplayed()
        return answer
    }

    /// What the database knows of an order whose outcome was not heard.
    private func decidedOrder(_ submit: OrderSubmit) async throws(Problem) -> Answer? {
        guard case .found(.order(let order)) = await lookUps.order(submit.token) else { return nil }
        orderMemory.forget(submit.token)
        guard order.repeats(submit) else { throw Self.orderConflict(submit.token) }
        return order.state.isUndecided ? nil : Answer(order)
    }

    /// The answer that an event is to the sender of an order; nil for one that is no outcome.
    private func answer(_ happening: Happening, to submit: OrderSubmit) throws(Problem) -> Answer? {
        guard case .order(let told) = happening else { return nil }
        switch told {
        case .state(let order, _): return order.state.isUndecided ? nil : Answer(order)
        case .conflict(let token): throw Self.orderConflict(token)
        case .answered(_, _, _, let result):
            guard case .order(let order) = result.subject, !order.state.isUndecided else { return nil }
            var answer = Answer(order)
            if result.isReplayed { answer.markReplayed() }
            return answer
        case .shortfall(let order): return Answer(order)
        case .part, .inquired, .told: return nil
        }
    }

    static func orderConflict(_ token: Token) -> Problem {
        Problem(
            .tokenConflict, header: "Idempotency-Key",
            "the token '\(token.text)' is known with another order, and nothing has changed; send what you sent"
                + " first, or choose a new key for a new order")
    }
}

extension Answer {
    /// 200 with an order as it stands.
    init(_ order: Order, status: HTTPResponse.Status = .ok) {
        self.init(status, JSONWriter.object(capacity: 256 + order.lines.count * 96) { order.write(to: &$0) })
    }

    /// An order that its coordinator has not seen yet, in the form that it will have.
    static func queued(_ submit: OrderSubmit, _ status: HTTPResponse.Status) -> Answer {
        Answer(status, JSONWriter.object { submit.write(to: &$0, status: "queued") })
    }

    /// A message about the order lies among the dead letters, where a person has to look at it.
    static func undecidable(_ token: Token, _ submit: OrderSubmit?) -> Answer {
        Answer(
            .ok,
            JSONWriter.object { json in
                if let submit { return submit.write(to: &json, status: "undecidable") }
                json.member("token", token.text)
                json.member("status", "undecidable")
            })
    }
}

extension OrderSubmit {
    fileprivate func write(to json: inout JSONWriter, status: String) {
        json.member("token", token.text)
        json.member("buyer", buyer.text)
        json.member("status", status)
        json.member("lines", array: lines.enumerated()) { json, line in
            json.member("line", Int64(line.offset + 1))
            json.member("sku", line.element.sku.text)
            json.member("quantity", line.element.quantity.units)
            json.member("status", status)
        }
    }
}
