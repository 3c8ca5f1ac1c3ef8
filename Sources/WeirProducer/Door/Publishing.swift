import AMQPClient
import Glibc
import Synchronization
import WeirCore
import WeirTopology
import WeirWire

extension ProducerCore {
    /// Publishes a command to its partition and returns what the broker said of it; nil when too many are on their way.
    ///
    /// - Parameter partition: whose it is, where it does not say so itself.
    package func publish(
        _ command: Command, id: UInt64, partition: Int? = nil, trace: TraceParent?
    ) async -> Publisher.Outcome? {
        guard mayPublish() else { return nil }
        let partition = partition ?? partitioning.home(of: command)
        let outcome = await publisher.publish(message(command, id: id, partition, trace: trace))
        endPublish()
        return outcome
    }

    /// Sends a command on its way: an intent flies with those that come at the same time, anything else goes alone. One
    /// that is not accepted dismisses its waiter.
    func send(_ command: Command, id: UInt64) -> Awaited<DoorEnding> {
        if case .submit(let submit) = command { return pass(submit, id: id, trace: nil) }
        let door = Awaited<DoorEnding>()
        guard mayPublish() else {
            door.finish(.overloaded)
            desk.dismiss(id)
            return door
        }
        let message = message(command, id: id, partitioning.home(of: command), trace: nil)
        publisher.publish([message]) { [self] _, outcome in
            endPublish()
            door.finish(.published(outcome))
            if outcome != .confirmed { desk.dismiss(id) }
        }
        return door
    }

    /// Counts a publish that begins; false when too many are on their way.
    func mayPublish() -> Bool {
        let isRoom = inFlight.wrappingAdd(1, ordering: .relaxed).newValue <= settings.inFlightLimit
        if !isRoom { inFlight.wrappingSubtract(1, ordering: .relaxed) }
        return isRoom
    }

    /// How many publishes are on their way.
    package var publishing: Int { inFlight.load(ordering: .relaxed) }

    /// Counts a publish that has ended.
    func endPublish() { inFlight.wrappingSubtract(1, ordering: .relaxed) }

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
