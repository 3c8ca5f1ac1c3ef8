import AMQPClient
import Glibc
import Synchronization
import WeirCore
import WeirTopology
import WeirWire

extension RequestHandler {
    /// Publishes a command to its partition and returns once the broker has taken charge of it.
    func publish(
        _ command: Command, id: UInt64, partition: Int? = nil, trace: TraceParent?
    ) async throws(Problem) {
        guard mayPublish() else { throw Self.overloaded }
        let partition = partition ?? partitioning.home(of: command)
        let outcome = await publisher.publish(message(command, id: id, partition, trace: trace))
        endPublish()
        try accepted(outcome, partition: partition)
    }

    /// Counts a publish that begins; false when too many are on their way.
    func mayPublish() -> Bool {
        let isRoom = inFlight.wrappingAdd(1, ordering: .relaxed).newValue <= settings.inFlightLimit
        if !isRoom { inFlight.wrappingSubtract(1, ordering: .relaxed) }
        return isRoom
    }

    /// Counts a publish that has ended.
    func endPublish() { inFlight.wrappingSubtract(1, ordering: .relaxed) }

    static let overloaded = Problem(
        .overloaded, "too many requests are being published; nothing was accepted, come back later")

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

    /// The message of several wishes of a partition; of one it is a plain one.
    func message(_ flight: [Lanes.Wish], _ partition: Int) -> OutgoingMessage {
        if flight.count == 1 {
            return message(.submit(flight[0].submit), id: flight[0].id, partition, trace: flight[0].trace)
        }
        let ids = flight.map { hexadecimal($0.id) }.joined(separator: ",")
        var properties = properties(type: Bundle.submits, contentType: Bundle.contentType)
        properties.headers = [Bundle.correlationHeader: .string(ids)]
        if flight.contains(where: { $0.trace != nil }) {
            let traces = flight.map { $0.trace?.text ?? "" }.joined(separator: ",")
            properties.headers.append(Bundle.traceHeader, .string(traces))
        }
        return OutgoingMessage(
            exchange: BrokerTopology.intents, routingKey: BrokerTopology.routingKey(partition),
            properties: properties, body: Bundle.body(of: flight.map { Command.submit($0.submit).body }),
            mandatory: true)
    }

    private func message(
        _ command: Command, id: UInt64, _ partition: Int, trace: TraceParent?
    ) -> OutgoingMessage {
        var properties = properties(type: command.kind.rawValue, contentType: "application/json")
        properties.messageID = command.messageID
        properties.correlationID = hexadecimal(id)
        if let trace { properties.headers = [TraceParent.name: .string(trace.text)] }
        return OutgoingMessage(
            exchange: BrokerTopology.intents, routingKey: BrokerTopology.routingKey(partition),
            properties: properties, body: command.body, mandatory: true)
    }

    private func properties(type: String, contentType: String) -> MessageProperties {
        MessageProperties(
            contentType: contentType, type: type, replyTo: listener.queue, deliveryMode: 2,
            timestamp: UInt64(time(nil)))
    }
}
