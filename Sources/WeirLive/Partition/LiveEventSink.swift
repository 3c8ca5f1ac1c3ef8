import AMQPClient
import Synchronization
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

/// Publishes a partition's events through the worker process's publisher.
public final class LiveEventSink: EventSink {
    private let publisher: Publisher
    private let partition: Int
    private let receipts = ReceiptBox()

    /// A sink of this partition's events.
    public init(_ publisher: Publisher, partition: Int) {
        self.publisher = publisher
        self.partition = partition
    }

    public func send(_ events: [LoggedEvent], epoch: Int) {
        var messages: [OutgoingMessage] = []
        // For each message the event whose receipt it decides; an answer decides none: the sender who waits may be
        // gone, and whoever still waits looks the outcome up.
        var deciding: [Int64?] = []
        messages.reserveCapacity(events.count * 2)
        deciding.reserveCapacity(events.count * 2)
        let bundles = OutcomeBundles(events)
        // Those who wait come first: they are told while the rest is laid out.
        for message in publishAhead(bundles.messages) {
            messages.append(message)
            deciding.append(nil)
        }
        for event in events {
            var properties = MessageProperties(event, partition: partition)
            if let replyTo = event.replyTo, !bundles.contain(event) {
                if replyTo.hasPrefix(BrokerTopology.ingressQueuePrefix) {
                    // An ingress binds its queue under its name: one message reaches it and everybody else.
                    properties.headers.append("BCC", .array([.string(replyTo)]))
                } else {
                    messages.append(
                        OutgoingMessage(
                            exchange: "", routingKey: replyTo, properties: properties, body: event.body,
                            mandatory: false))
                    deciding.append(nil)
                }
            }
            messages.append(
                OutgoingMessage(
                    exchange: BrokerTopology.events,
                    routingKey: BrokerTopology.eventRoutingKey(type: event.type, sku: event.sku),
                    properties: properties, body: event.body, mandatory: false))
            deciding.append(event.seq)
        }
        publisher.publish(messages) { [receipts, deciding] position, outcome in
            guard let seq = deciding[position] else { return }
            receipts.put(Receipt(epoch: epoch, seq: seq, confirmed: outcome == .confirmed))
        }
    }

    public func takeReceipts() -> [Receipt] { receipts.take() }

    /// Publishes outcomes by themselves; returns those that were not taken. These go with their events, in front of them:
    /// what is refused then is refused together, and sent again together.
    private func publishAhead(_ outcomes: [OutgoingMessage]) -> [OutgoingMessage] {
        guard !outcomes.isEmpty else { return [] }
        let declined = Declined()
        publisher.publish(outcomes) { position, outcome in
            if case .unavailable = outcome { declined.note(position) }
        }
        return declined.close().map { outcomes[$0] }
    }
}

/// What a publisher has not taken of what it was just given: it says so before it returns, and never later.
private final class Declined: Sendable {
    private let positions = Mutex<[Int]?>([])

    func note(_ position: Int) { positions.withLock { $0?.append(position) } }

    /// The positions; what is noted from now on counts no more.
    func close() -> [Int] {
        positions.withLock { positions in
            defer { positions = nil }
            return positions ?? []
        }
    }
}

/// Where the publisher's thread leaves receipts for the partition's thread.
private final class ReceiptBox: Sendable {
    private let receipts = Mutex<[Receipt]>([])

    func put(_ receipt: Receipt) { receipts.withLock { $0.append(receipt) } }

    func take() -> [Receipt] {
        receipts.withLock { receipts in
            defer { receipts = [] }
            return receipts
        }
    }
}

extension MessageProperties {
    /// The properties of an event: CloudEvents 1.0 in binary mode (AMQP Protocol Binding, section 3.1).
    init(_ event: LoggedEvent, partition: Int) {
        let id = "\(partition)-\(event.seq)"
        self.init()
        contentType = "application/json"
        type = event.type
        messageID = id
        correlationID = event.correlationID
        deliveryMode = 2
        headers = FieldTable([
            ("cloudEvents_specversion", .string("1.0")),
            ("cloudEvents_id", .string(id)),
            ("cloudEvents_source", .string("/weir/partitions/\(partition)")),
            ("cloudEvents_type", .string(event.type)),
            ("cloudEvents_time", .string(event.at.rfc3339)),
            ("x-weir-partition", .int(Int64(partition))),
            ("x-weir-seq", .int(event.seq)),
        ])
        if let subject = EventSubject.text(sku: event.sku, token: event.token) {
            headers.append("cloudEvents_subject", .string(subject))
        }
        if let trace = event.trace {
            // The CloudEvents attribute, and the header that instrumented clients look for.
            headers.append("cloudEvents_" + TraceParent.name, .string(trace.text))
            headers.append(TraceParent.name, .string(trace.text))
        }
    }
}
