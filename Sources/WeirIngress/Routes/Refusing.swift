import HTTPTypes
import NIOCore
import WeirCore
import WeirWire

extension RequestHandler {
    /// The answer to a request for an intent that the gate or the door refuses; nil when it has to go its way.
    ///
    /// It says the same as ``submit(_:_:)`` would, in the same order: whoever may not ask is told that, and not what is
    /// sold out.
    func refusal(of head: HTTPRequest, _ body: ByteBuffer, isShedding: Bool) -> Answer? {
        // Nothing is read here that would be read again while nobody is refused. At debug every request leaves a line.
        guard logger.logLevel > .debug,
            gate?.isClosedToSome ?? false || producer.mayBeShut || isShedding,
            let token = try? IdempotencyKey.require(head.headerFields),
            let submit = body.withUnsafeReadableBytes({ Submit(token: token, plain: $0) }),
            let refusal = refusal(of: submit) ?? (isShedding && !shedding.admits() ? Self.shed : nil)
        else { return nil }
        var notes = RateNotes()
        var answer: Answer
        do throws(Problem) {
            let caller = try credentials.admit(head, to: .intents)
            notes = try rates.admit(credential: caller.rateName)
            _ = try Preference.read(head.headerFields, limit: settings.waitLimitSeconds, otherwise: 0)
            try BodyHeaders.check(head.headerFields, largestBody: settings.largestBody)
            try caller.requireBuyer(submit.buyer)
            _ = try rates.admit(buyer: submit.buyer)
            metrics.countRefused(refusal.kind)
            answer = Answer(refusal)
        } catch {
            metrics.countRefused(error.kind)
            answer = Answer(error)
        }
        answer.add(notes)
        return answer
    }

    private func refusal(of submit: Submit) -> Problem? {
        if let gate, gate.refuses(submit) { return Self.soldOut(submit) }
        let partition = partitioning.partition(of: submit.sku)
        return producer.isShut(partition) ? Self.overloaded : nil
    }

    /// What the connections ask while the server sheds load.
    var door: DoorKeeper.Door {
        let shed = ReadyAnswer { Answer(Self.shed) }
        return DoorKeeper.Door(
            isShedding: { [self] in shedding.isShedding && logger.logLevel > .debug },
            admits: { [self] in shedding.admits() },
            mustRead: { [self] in gate?.isClosedToSome ?? false },
            answer: { [self] in
                metrics.countRefused(.overloaded)
                return shed.bytes
            })
    }
}
