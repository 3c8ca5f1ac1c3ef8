import AMQPClient
import WeirCore
import WeirWire

/// How a wish came through the door.
enum DoorEnding: Sendable {
    /// Its token was decided before.
    case known(Intent)
    /// It was published, and this is what the broker said.
    case published(Publisher.Outcome)
    /// Too many were on their way to the broker.
    case overloaded
}

extension RequestHandler {
    /// Looks a wish's token up and, when nobody knows it, publishes the wish.
    ///
    /// The look-up thread hands it on to the publisher's thread without waking the request in between: what waits
    /// for the outcome sleeps until there is one. A wish that gets none dismisses its waiter.
    func pass(_ submit: Submit, id: UInt64, trace: TraceParent?) -> Awaited<DoorEnding> {
        let door = Awaited<DoorEnding>()
        @Sendable func end(_ ending: DoorEnding) {
            door.finish(ending)
            desk.dismiss(id)
        }
        @Sendable func goOn(_ finding: LookedUp<IntentFinding>) {
            if case .found(.intent(let intent)) = finding { return end(.known(intent)) }
            guard mayPublish() else { return end(.overloaded) }
            memory.remember(submit, id: id)
            publish(.submit(submit), id: id, trace: trace) { [self] outcome in
                if outcome == .confirmed { return door.finish(.published(outcome)) }
                memory.forget(submit.token, id: id)
                end(.published(outcome))
            }
        }
        // Skipped while PostgreSQL is away or slow, because the worker says the same.
        if settings.lookUpAtTheDoor, lookUps.isQuick {
            lookUps.intent(submit.token, then: goOn)
        } else {
            goOn(.away)
        }
        return door
    }

    /// What the door says to a wish: the intent that is known, a problem, or nil when it was accepted.
    ///
    /// A known token needs no queue: the same wish gets its intent, another one is a conflict.
    func settle(_ ending: DoorEnding, _ submit: Submit) throws(Problem) -> Answer? {
        switch ending {
        case .known(let intent):
            guard intent.repeats(submit) else { throw Self.tokenConflict(submit.token) }
            var answer = Answer(intent)
            answer.markReplayed()
            return answer
        case .published(let outcome):
            try accepted(outcome, partition: partitioning.partition(of: submit.sku))
            return nil
        case .overloaded:
            throw Self.overloaded
        }
    }
}
