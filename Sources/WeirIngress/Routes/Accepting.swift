import AMQPClient
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// Publishes a command to its partition and returns once the broker has taken charge of it.
    func publish(
        _ command: Command, id: UInt64, partition: Int? = nil, trace: TraceParent?
    ) async throws(Problem) {
        let partition = partition ?? partitioning.home(of: command)
        guard let outcome = await producer.publish(command, id: id, partition: partition, trace: trace)
        else { throw Self.overloaded }
        try accepted(outcome, partition: partition)
        metrics.countCommand(partition: partition)
    }

    static let overloaded = Problem(
        .overloaded, "too many requests are being published; nothing was accepted, come back later")

    /// What waits for the event loop would make everybody wait.
    static let shed = Problem(
        .overloaded, "the server has more to do than it can; nothing was accepted, come back later")

    /// Returns when the broker has taken charge of a command; every other end is a 503 that says what the client
    /// should do: the same again, under the same key.
    func accepted(_ outcome: Publisher.Outcome, partition: Int) throws(Problem) {
        switch outcome {
        case .confirmed: return
        case .nacked:
            throw Problem(
                .queueFull,
                "the queue of this SKU's partition is full; nothing was accepted, come back later",
                retryAfterSeconds: 2)
        case .returned(let code, let text):
            logger.error(
                "a command reached no queue",
                metadata: ["partition": "\(partition)", "reply": "\(code) \(printable(text))"])
            throw Problem(
                .notRoutable,
                "the queue of this SKU's partition does not exist; nothing was accepted. An operator has to"
                    + " run 'weir topology apply'", retryAfterSeconds: 5)
        case .unavailable(let reason):
            throw Problem(
                .brokerUnavailable,
                "the broker did not take the request: \(printable(reason)). It may still have arrived; send it"
                    + " again with the same Idempotency-Key")
        case .timedOut:
            throw Problem(
                .publishTimeout,
                "the broker did not confirm the request in time, and may still accept it; send it again with"
                    + " the same Idempotency-Key to learn its outcome")
        case .refused(let reason):
            logger.error("a command cannot be published", metadata: ["reason": "\(reason)"])
            throw Problem(
                .internalError, "the request could not be turned into a message; nothing was accepted")
        }
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
