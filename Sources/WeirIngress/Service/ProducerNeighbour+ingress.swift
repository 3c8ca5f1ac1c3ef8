import WeirCore
import WeirProducer

extension ProducerNeighbour {
    /// What an ingress does around its producer: it looks known tokens up before they are published, remembers what is
    /// queued, tells its gate what it hears, and counts.
    static func ingress(
        _ settings: IngressSettings, lookUps: LookUps, memory: QueuedMemory,
        orderMemory: WishMemory<OrderSubmit>, gate: SoldOutGate?, metrics: IngressMetrics
    ) -> ProducerNeighbour {
        var neighbour = ProducerNeighbour()
        if settings.lookUpAtTheDoor {
            neighbour.lookUp = { flight, then in
                // Skipped while PostgreSQL is away or slow, because the worker says the same.
                guard lookUps.isQuick else { return then(nil) }
                lookUps.decided(flight.map(\.submit.token)) { findings in
                    guard case .found(let known) = findings else { return then(nil) }
                    then { known[$0] }
                }
            }
        }
        neighbour.beforePublish = { flight in
            for wish in flight { memory.remember(wish.submit, id: wish.id) }
        }
        neighbour.afterConfirm = { metrics.countAccepted($0, partition: $1) }
        neighbour.afterFailure = { memory.forget($0.submit.token, id: $0.id) }
        // Before anybody is told: whoever brought units back may send a wish for them at once.
        if let gate { neighbour.beforeOutcome = { gate.note($0) } }
        neighbour.afterOutcome = { happening, correlation in
            if case .order(let told) = happening {
                orderMemory.note(told, correlation)
            } else {
                memory.note(happening, correlation)
            }
        }
        return neighbour
    }
}
