import HTTPTypes
import NIOCore
import WeirCore
import WeirProducer

/// A plain request for an intent that is under way without a task.
struct QuickErrand: Sendable {
    let errand: Errand
    /// What is left of the credential's quota.
    let notes: RateNotes
    /// What the request's head says, for the line that it leaves in the log.
    let fields: HTTPFields

    var id: UInt64 { errand.passage.id }
}

/// What a plain request for an intent begins with.
enum Reception {
    /// It is answered at once.
    case answered(Answer)
    /// It is on its way: see ``RequestHandler/whenAnswered(_:on:_:)``.
    case begun(QuickErrand)
}

extension RequestHandler {
    /// Takes in a `POST /v1/intents` whose body is there, on the event loop, with no task behind it. It says the same
    /// as ``answer(_:)`` would, in the same order: whoever may not ask is told that, and not what is sold out.
    ///
    /// Of the head it reads only what ``PlainIntent`` keeps.
    ///
    /// - Parameter isShedding: whether nobody has asked at the door whether it is let in.
    func receive(_ fields: HTTPFields, _ body: ByteBuffer, isShedding: Bool) -> Reception {
        let start = monotonicNanoseconds()
        var notes = RateNotes()
        do throws(Problem) {
            let caller = try credentials.admit(fields, to: .intents, by: .post)
            notes = try rates.admit(credential: caller.rateName)
            let head = try IntentHead(fields, query: nil, settings)
            let errand = QuickErrand(
                errand: try begin(head, [UInt8](body.readableBytesView), caller, isShedding: isShedding),
                notes: notes, fields: fields)
            return answer(errand).map { .answered($0) } ?? .begun(errand)
        } catch {
            return .answered(refuse(error, notes, fields, since: start))
        }
    }

    /// Calls once, on the loop, with the answer to what has begun.
    ///
    /// - Parameter isWanted: whether anybody is there to be answered, which is asked on the loop; if not, nobody is called.
    func whenAnswered(
        _ errand: QuickErrand, on loop: EventLoopExecutor, isWanted: @escaping @Sendable () -> Bool,
        _ then: @escaping @Sendable (Answer) -> Void
    ) {
        errand.errand.passage.whenEnded { [self] in
            loop.run { [self] in
                guard isWanted() else { return shedding.countServed() }
                if let answer = answer(errand) { return then(answer) }
                // The database has to be asked, or the door has not said anything yet.
                Task(executorPreference: loop) {
                    let answer = await self.lateAnswer(errand)
                    loop.run { then(answer) }
                }
            }
        }
    }

    /// The answer, if nobody has to be asked.
    private func answer(_ errand: QuickErrand) -> Answer? {
        do throws(Problem) {
            return try known(errand.errand.passage).map { finished($0, errand) }
        } catch {
            return refuse(error, errand)
        }
    }

    private func lateAnswer(_ errand: QuickErrand) async -> Answer {
        do throws(Problem) {
            return finished(try await finish(errand.errand.passage), errand)
        } catch {
            return refuse(error, errand)
        }
    }

    private func finished(_ answer: Answer, _ errand: QuickErrand) -> Answer {
        var answer = errand.errand.complete(answer)
        answer.add(errand.notes)
        note(answer, to: .post, Target.intentsPath, errand.fields, since: errand.errand.passage.start)
        return answer
    }

    private func refuse(_ problem: Problem, _ errand: QuickErrand) -> Answer {
        refuse(problem, errand.notes, errand.fields, since: errand.errand.passage.start)
    }

    private func refuse(
        _ problem: Problem, _ notes: RateNotes, _ fields: HTTPFields, since start: UInt64
    ) -> Answer {
        metrics.countRefused(problem.kind)
        var answer = Answer(problem)
        answer.add(notes)
        note(answer, to: .post, Target.intentsPath, fields, since: start)
        return answer
    }
}

extension Target {
    /// Where intents are sent, as it stands in a request without parameters.
    static let intentsPath = "/v1/intents"
}
