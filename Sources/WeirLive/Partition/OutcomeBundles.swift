import AMQPClient
import WeirPipeline
import WeirTopology
import WeirWire

/// The outcomes of one batch, gathered for the ingresses that wait for them.
///
/// An ingress binds its queue to the events under its own name: of a single outcome the public event reaches it as
/// well (BCC). From two on it gets them in one message of their own, and the broker has one copy less to carry an
/// event.
struct OutcomeBundles {
    private var events: [String: [LoggedEvent]] = [:]

    init(_ logged: [LoggedEvent]) {
        for event in logged {
            if let queue = Self.queue(of: event) { events[queue, default: []].append(event) }
        }
        events = events.filter { $1.count > 1 }
    }

    /// Whether an event's outcome travels in one of the messages.
    func contain(_ event: LoggedEvent) -> Bool {
        guard !events.isEmpty, let queue = Self.queue(of: event) else { return false }
        return events[queue] != nil
    }

    /// The longest correlation id that is gathered, in bytes: those of a full bundle must fit into one frame.
    static let longestCorrelationID = 64

    /// The ingress's queue that an event's outcome may be gathered for; a correlation id with a comma or a long one would
    /// not fit into the header, and an order's image may be large: it travels alone.
    private static func queue(of event: LoggedEvent) -> String? {
        guard !event.sku.isEmpty, let replyTo = event.replyTo,
            replyTo.hasPrefix(BrokerTopology.ingressQueuePrefix),
            let correlationID = event.correlationID, !correlationID.utf8.contains(UInt8(ascii: ",")),
            correlationID.utf8.count <= longestCorrelationID
        else { return nil }
        return replyTo
    }

    /// The messages. They are not persistent: the queue is gone with the ingress, and who waits looks up.
    var messages: [OutgoingMessage] {
        events.flatMap { queue, events in
            stride(from: 0, to: events.count, by: Bundle.most).map { start in
                message(events[start..<min(start + Bundle.most, events.count)], to: queue)
            }
        }
    }

    private func message(_ events: ArraySlice<LoggedEvent>, to queue: String) -> OutgoingMessage {
        var properties = MessageProperties(contentType: Bundle.contentType, type: Bundle.outcomes)
        properties.headers = [
            Bundle.typeHeader: .string(events.map(\.type).joined(separator: ",")),
            Bundle.correlationHeader: .string(events.map { $0.correlationID ?? "" }.joined(separator: ",")),
        ]
        return OutgoingMessage(
            exchange: "", routingKey: queue, properties: properties,
            body: Bundle.body(of: events.map(\.body)),
            mandatory: false)
    }
}
