import AMQPClient
import Synchronization
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
        let wish = Lanes.Wish(
            submit: submit, id: id, trace: trace, since: monotonicNanoseconds(), door: Awaited())
        let partition = partitioning.partition(of: submit.sku)
        guard mayPublish() else { return refuse(wish) }
        guard congestion.withLock({ $0[partition].enter(now: wish.since) }) else {
            endPublish()
            return refuse(wish)
        }
        lanes.enter(wish, partition: partition)
        return wish.door
    }

    /// Whether a wish that came now would be refused at a partition's door; it counts as refused then.
    func isShut(_ partition: Int) -> Bool {
        let now = monotonicNanoseconds()
        let isShut =
            inFlight.load(ordering: .relaxed) >= settings.inFlightLimit
            || congestion.withLock { $0[partition].refuses(now: now) }
        if isShut { refusals.wrappingAdd(1, ordering: .relaxed) }
        return isShut
    }

    private func refuse(_ wish: Lanes.Wish) -> Awaited<DoorEnding> {
        refusals.wrappingAdd(1, ordering: .relaxed)
        wish.door.finish(.overloaded)
        desk.dismiss(wish.id)
        return wish.door
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

    // MARK: A flight

    /// Looks wishes up that wait for their flight; skips it while PostgreSQL is away or slow, because the worker says
    /// the same.
    func check(_ wishes: [Lanes.Wish], _ partition: Int) {
        let patient = wishes.filter { wish in
            let isLate = monotonicNanoseconds() &- wish.since > settings.lanePatienceNanoseconds
            if isLate { end(wish, .published(.unavailable("it was not sent: the broker is slow"))) }
            return !isLate
        }
        guard settings.lookUpAtTheDoor, lookUps.isQuick, !patient.isEmpty else {
            return lanes.clear(patient, partition: partition)
        }
        lookUps.intents(patient.map(\.submit.token)) { [self] findings in
            guard case .found(let known) = findings else { return lanes.clear(patient, partition: partition) }
            let unknown = patient.filter { wish in
                guard case .intent(let intent, _) = known[wish.submit.token] else { return true }
                end(wish, .known(intent))
                return false
            }
            lanes.clear(unknown, partition: partition)
        }
    }

    /// Publishes wishes in one message; the next flight departs when this one is decided.
    func depart(_ flight: [Lanes.Wish], _ partition: Int) {
        for wish in flight { memory.remember(wish.submit, id: wish.id) }
        publisher.publish([message(flight, partition)]) { [self] _, outcome in
            for wish in flight {
                if outcome != .confirmed { memory.forget(wish.submit.token, id: wish.id) }
                end(wish, .published(outcome))
            }
            lanes.land(partition: partition, isOver: outcome != .confirmed)
        }
    }

    /// What was confirmed goes on waiting for its outcome.
    private func end(_ wish: Lanes.Wish, _ ending: DoorEnding) {
        endPublish()
        let partition = partitioning.partition(of: wish.submit.sku)
        congestion.withLock { $0[partition].leave(entered: wish.since, now: monotonicNanoseconds()) }
        wish.door.finish(ending)
        if case .published(.confirmed) = ending { return }
        desk.dismiss(wish.id)
    }
}
