import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `POST /v1/intents`, in whatever way it comes. The order matters: register the waiter, look up, publish; otherwise
    /// an outcome could pass between two of them.
    ///
    /// What is plain takes the shorter way of ``QuickIntents``, through the same steps.
    func submit(_ request: Request, _ caller: Caller) async throws(Problem) -> Answer {
        let head = try IntentHead(request.headers, query: request.uri.query, settings)
        let body = try await request.bytes(upTo: settings.largestBody)
        let errand = try begin(head, body, caller)
        return errand.complete(try await finish(errand.passage))
    }

    /// Sends a single wish on its way.
    ///
    /// - Parameter isShedding: whether nobody has asked at the door whether it is let in.
    func begin(
        _ head: IntentHead, _ body: [UInt8], _ caller: Caller, isShedding: Bool = false
    ) throws(Problem) -> Errand {
        let submit = try reading { () throws(WireRefusal) in try Submit(token: head.token, body: body) }
        try caller.requireBuyer(submit.buyer)
        let notes = try rates.admit(buyer: submit.buyer)
        // Whoever is refused anyway takes nobody's place.
        try requireOnSale(submit)
        if producer.mayBeShut, producer.isShut(partitioning.partition(of: submit.sku)) {
            throw Self.overloaded
        }
        guard !isShedding || shedding.admits(), shedding.enters() else { throw Self.shed }
        let passage = try send(
            submit, waitSeconds: head.preference.waitSeconds, since: head.start, trace: head.trace)
        return Errand(passage: passage, applied: head.preference.applied, notes: notes)
    }

    /// Sends one wish of many on its way; ``finish(_:)`` must follow. Of two that begin one after the other, the first
    /// one is published first.
    func begin(
        _ submit: Submit, waitSeconds: Int, since start: UInt64, trace: TraceParent?
    ) throws(Problem) -> Passage {
        try requireOnSale(submit)
        return try send(submit, waitSeconds: waitSeconds, since: start, trace: trace)
    }

    private func requireOnSale(_ submit: Submit) throws(Problem) {
        if let gate, gate.refuses(submit) { throw Self.soldOut(submit) }
    }

    private func send(
        _ submit: Submit, waitSeconds: Int, since start: UInt64, trace: TraceParent?
    ) throws(Problem) -> Passage {
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
        await passage.ended()
        if let answer = try known(passage) { return answer }
        return try await lookedUp(passage)
    }

    /// What became of a wish, if that can be said without asking anybody.
    func known(_ passage: Passage) throws(Problem) -> Answer? {
        let submit = passage.submit
        var answer: Answer?
        if let waiter = passage.waiter {
            switch waiter.current {
            case .happening(let happening):
                metrics.recordOutcome(nanoseconds: monotonicNanoseconds() - passage.start)
                answer = try self.answer(happening, to: .submit(submit))
            case .dismissed, .timedOut, .interrupted:
                // An outcome proves that the wish was accepted; without one the door has to say so.
                if let ending = passage.door.current { answer = try settle(ending, submit) }
            case nil: break
            }
        } else if let ending = passage.door.current {
            answer = try settle(ending, submit) ?? Answer.queued(submit, .accepted)
        }
        if answer != nil { shedding.countServed() }
        return answer
    }

    /// What became of a wish whose sender waits and has heard nothing that answers it.
    private func lookedUp(_ passage: Passage) async throws(Problem) -> Answer {
        let submit = passage.submit
        var answer: Answer?
        if let waiter = passage.waiter {
            if case .happening = await waiter.value {
            } else {
                answer = try settle(await passage.door.value, submit)
            }
            if answer == nil {
                answer = try await outcome(
                    of: passage.id, waiter, seconds: passage.waitSeconds, since: passage.start
                ) { happening throws(Problem) in
                    try self.answer(happening, to: .submit(submit))
                } lookUp: { () throws(Problem) in
                    try await self.decided(submit)
                }
            }
        }
        shedding.countServed()
        return answer ?? Answer.queued(submit, .accepted)
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
