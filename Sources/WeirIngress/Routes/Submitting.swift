import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `POST /v1/intents`. The order matters: register the waiter, look up, publish; otherwise an outcome could
    /// pass between two of them.
    func submit(_ request: Request, _ caller: Caller) async throws(Problem) -> Answer {
        let start = monotonicNanoseconds()
        let token = try IdempotencyKey.require(request.headers)
        let preference = try Preference.read(
            request.headers, limit: settings.waitLimitSeconds, otherwise: 0)
        try BodyHeaders.check(request.headers, largestBody: settings.largestBody)
        _ = try QueryParameters(request.uri.query, knowing: [])
        let body = try await request.bytes(upTo: settings.largestBody)
        let submit = try reading { () throws(WireRefusal) in try Submit(token: token, body: body) }
        try caller.requireBuyer(submit.buyer)
        let notes = try rates.admit(buyer: submit.buyer)
        guard shedding.enters() else { throw Self.shed }
        let passage = try begin(
            submit, waitSeconds: preference.waitSeconds, since: start, trace: TraceParent(request.headers))
        var answer = try await finish(passage)
        answer.fields[.location] = Self.location(submit.token, submit.sku)
        if let applied = preference.applied { answer.fields[.preferenceApplied] = applied }
        answer.add(notes)
        return answer
    }

    /// Sends a wish on its way; ``finish(_:)`` must follow. Of two that begin one after the other, the first one
    /// is published first.
    func begin(
        _ submit: Submit, waitSeconds: Int, since start: UInt64, trace: TraceParent?
    ) throws(Problem) -> Passage {
        if let gate, gate.refuses(submit) { throw Self.soldOut(submit) }
        let id = producer.nextID()
        var waiter: OutcomeDesk.Waiter?
        if waitSeconds > 0 {
            waiter = desk.expect(id, forSeconds: Double(waitSeconds))
            guard waiter != nil else { throw Self.tooManyWait }
        }
        return Passage(
            submit: submit, id: id, waiter: waiter, door: producer.pass(submit, id: id, trace: trace),
            waitSeconds: waitSeconds, start: start)
    }

    /// What became of a wish: its outcome, if the client waits and it comes in time, else that it is queued.
    func finish(_ passage: Passage) async throws(Problem) -> Answer {
        let submit = passage.submit
        let known: Answer?
        if let waiter = passage.waiter {
            known = try await outcome(
                of: submit, passage.id, waiter, passage.door, seconds: passage.waitSeconds,
                since: passage.start)
        } else {
            known = try settle(await passage.door.value, submit)
        }
        shedding.countServed()
        return known ?? Answer.queued(submit, .accepted)
    }

    /// What a client who waits is told; nil when the wish was accepted and its outcome is not known in time.
    private func outcome(
        of submit: Submit, _ id: UInt64, _ waiter: OutcomeDesk.Waiter, _ door: Awaited<DoorEnding>,
        seconds: Int,
        since start: UInt64
    ) async throws(Problem) -> Answer? {
        switch await waiter.value {
        case .happening: metrics.recordOutcome(nanoseconds: monotonicNanoseconds() - start)
        case .dismissed, .timedOut, .interrupted:
            // An outcome proves that the wish was accepted; without one the door has to say so.
            if let known = try settle(await door.value, submit) { return known }
        }
        return try await outcome(of: id, waiter, seconds: seconds, since: start) {
            happening throws(Problem) in
            try self.answer(happening, to: .submit(submit))
        } lookUp: { () throws(Problem) in
            try await self.decided(submit)
        }
    }

    static func location(_ token: Token, _ sku: SKU) -> String { "/v1/intents/\(token.text)?sku=\(sku.text)" }

    /// What the database knows of a wish whose outcome was not heard.
    private func decided(_ submit: Submit) async throws(Problem) -> Answer? {
        switch await lookUps.intent(submit.token) {
        case .found(.intent(let intent, _)):
            memory.forget(submit.token)
            guard intent.repeats(submit) else { throw Self.tokenConflict(submit.token) }
            return Answer(intent)
        // Anybody's rubbish may name this token: this wish can still be decided, and GET tells what became of it.
        case .found(.deadLetter), .found(.nothing), .away: return nil
        }
    }

    /// Nothing was accepted, and nothing is said about the token: an earlier request may have got a unit for it.
    static func soldOut(_ submit: Submit) -> Problem {
        let location = location(submit.token, submit.sku)
        var problem = Problem(
            .soldOut,
            "there is nothing left of the SKU '\(submit.sku.text)' at the moment, and nothing was accepted. If you have"
                + " sent this key before, it may have got a unit: GET \(location) tells what became of it; 404 there"
                + " means that nothing has been decided for it")
        problem.location = location
        return problem
    }

    static func tokenConflict(_ token: Token) -> Problem {
        Problem(
            .tokenConflict, header: "Idempotency-Key",
            "the token '\(token.text)' is known with another payload, and nothing has changed; send what you sent"
                + " first, or choose a new key for a new intent")
    }
}

/// A wish on its way from the request to its answer.
struct Passage: Sendable {
    let submit: Submit
    let id: UInt64
    /// Nil when the client does not wait.
    let waiter: OutcomeDesk.Waiter?
    let door: Awaited<DoorEnding>
    let waitSeconds: Int
    /// When the request came, in monotonic nanoseconds.
    let start: UInt64
}

extension Answer {
    /// A message about the token lies among the dead letters, where a person has to look at it.
    static func undecidable(_ token: Token, _ submit: Submit?) -> Answer {
        Answer(
            .ok,
            JSONWriter.object { json in
                json.member("token", token.text)
                if let submit {
                    json.member("sku", submit.sku.text)
                    json.member("quantity", submit.quantity.units)
                    json.member("buyer", submit.buyer.text)
                }
                json.member("status", "undecidable")
            })
    }
}
