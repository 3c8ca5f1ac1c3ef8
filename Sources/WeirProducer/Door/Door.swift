import AMQPClient
import Synchronization
import WeirCore
import WeirWire

/// How a wish came through the door.
package enum DoorEnding: Sendable {
    /// Its token was decided before.
    case known(Intent)
    /// It was published, and this is what the broker said.
    case published(Publisher.Outcome)
    /// Too many were on their way to the broker.
    case overloaded
}

extension ProducerCore {
    /// Lets the neighbour look a wish's token up and, when nobody knows it, publishes the wish.
    ///
    /// The look-up thread hands it on to the publisher's thread without waking the request in between: what waits
    /// for the outcome sleeps until there is one. A wish that gets none dismisses its waiter.
    package func pass(_ submit: Submit, id: UInt64, trace: TraceParent?) -> Awaited<DoorEnding> {
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

    /// Whether some partition's door might be shut: while not, none is, and nobody need find out which one it would be.
    package var mayBeShut: Bool {
        let now = monotonicNanoseconds()
        return inFlight.load(ordering: .relaxed) >= settings.inFlightLimit
            || congestion.withLock { $0.contains { $0.isWary(now: now) } }
    }

    /// Whether a wish that came now would be refused at a partition's door; it counts as refused then.
    package func isShut(_ partition: Int) -> Bool {
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

    // MARK: A flight

    /// Has wishes looked up that wait for their flight.
    func check(_ wishes: [Lanes.Wish], _ partition: Int) {
        let patient = wishes.filter { wish in
            let isLate = monotonicNanoseconds() &- wish.since > settings.lanePatienceNanoseconds
            if isLate {
                end(wish, .published(.unavailable("it was not sent, because too many were before it")))
            }
            return !isLate
        }
        guard let lookUp = neighbour.lookUp, !patient.isEmpty else {
            return lanes.clear(patient, partition: partition)
        }
        lookUp(patient) { [self] known in
            guard let known else { return lanes.clear(patient, partition: partition) }
            let unknown = patient.filter { wish in
                guard let intent = known(wish.submit.token) else { return true }
                end(wish, .known(intent))
                return false
            }
            lanes.clear(unknown, partition: partition)
        }
    }

    /// Publishes wishes in one message; the next flight departs when this one is decided.
    func depart(_ flight: [Lanes.Wish], _ partition: Int) {
        neighbour.beforePublish(flight)
        publisher.publish([message(flight, partition)]) { [self] _, outcome in
            for wish in flight {
                if outcome != .confirmed { neighbour.afterFailure(wish) }
                end(wish, .published(outcome))
            }
            if outcome == .confirmed { neighbour.afterConfirm(flight.count, partition) }
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
