import AMQPClient
import WeirCore
import WeirTopology
import WeirWire

extension DeadLetterView {
    /// The command that the letter holds, read as a worker would read it.
    ///
    /// What is only wrong around the body does not count: a replay is sent to the right partition, without a content
    /// type or an answer address that a worker would refuse.
    public func command() throws(WireRefusal) -> Command {
        let properties = StoredProperties(properties)
        return try Command.read(
            type: type, messageID: properties.text("message_id"), contentType: nil, body: body ?? [])
    }

    /// The command that rejects what the letter wants, when that reads as an intent or an order: what a discard sends.
    var discard: Command? {
        switch try? command() {
        case .submit(let submit): .discard(submit)
        case .order(.submit(let submit)): .order(.discard(submit))
        default: nil
        }
    }

    /// The message that sends the letter again: the same command under the same token, to the partition that decides it.
    func message(
        _ command: Command, key: String, of partitioning: Partitioning
    ) -> OutgoingMessage {
        var headers = StoredProperties(self.headers).headers
        headers.append(ReplayKey.header, .string(key))
        return message(
            command.kind, body: body ?? [], headers: headers, to: home(of: command, in: partitioning))
    }

    /// The partition that decides the letter's command. Of a change of an order only the order's row could tell it: who
    /// sent it knew, so that it stays where it arrived.
    func home(of command: Command, in partitioning: Partitioning) -> Int {
        switch command {
        case .order(.submit), .order(.discard): return partitioning.home(of: command)
        case .order: return partition ?? partitioning.home(of: command)
        default: return partitioning.home(of: command)
        }
    }

    /// The message that has the letter's intent or order decided as rejected; whoever waits for it is told.
    func discarding(_ command: Command, of partitioning: Partitioning) -> OutgoingMessage {
        message(
            command.kind, body: command.body, headers: FieldTable(), to: partitioning.home(of: command))
    }

    private func message(
        _ kind: CommandKind, body: [UInt8], headers: FieldTable, to partition: Int
    ) -> OutgoingMessage {
        let stored = StoredProperties(properties)
        var properties = MessageProperties(
            contentType: "application/json", type: kind.rawValue, messageID: stored.text("message_id"),
            deliveryMode: 2, headers: headers)
        properties.appID = stored.text("app_id")
        properties.timestamp = stored.text("timestamp").flatMap { UInt64($0) }
        if let address = stored.answerAddress {
            properties.replyTo = address
            properties.correlationID = stored.text("correlation_id")
        }
        return OutgoingMessage(
            exchange: BrokerTopology.intents, routingKey: BrokerTopology.routingKey(partition),
            properties: properties, body: body, mandatory: true)
    }
}

/// The properties or the headers of a letter as they were stored: a JSON object.
private struct StoredProperties {
    private var fields: JSONFields

    init(_ json: String) { fields = (try? JSONFields(json.utf8)) ?? JSONFields([(String, JSONValue)]()) }

    /// A property, if it can be sent: texts of properties have at most 255 bytes, and ours no control characters.
    func text(_ name: String) -> String? {
        var fields = fields
        guard case .text(let text) = fields.take(name), text.utf8.count <= 255,
            !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { return nil }
        return text
    }

    /// Where an answer may go; not where a worker would refuse to send one.
    var answerAddress: String? {
        guard let address = text("reply_to"), !address.hasPrefix("amq.rabbitmq.reply-to"),
            !address.hasPrefix("weir.") || address.hasPrefix(BrokerTopology.ingressQueuePrefix)
        else { return nil }
        return address
    }

    /// The headers worth keeping, such as `traceparent`: plain ones, and none that the broker reads or wrote itself.
    var headers: FieldTable {
        var kept = FieldTable()
        for (name, value) in fields.pairs {
            let isBrokers =
                name.hasPrefix("x-") || name == "CC" || name == "BCC" || name.utf8.count > 255
                || kept.count >= 32
            guard !isBrokers else { continue }
            switch value {
            case .text(let text) where text.utf8.count <= 4_096: kept.append(name, .string(text))
            case .integer(let number): kept.append(name, .int(number))
            case .flag(let flag): kept.append(name, .bool(flag))
            default: continue
            }
        }
        return kept
    }
}
