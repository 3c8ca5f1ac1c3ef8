import AMQPClient
import WeirCore
import WeirPipeline
import WeirWire

extension AMQPClient.Delivery {
    /// Appends what the message carries: one command, or the lines of a bundle, each with the bundle's properties.
    func append(to commands: inout [WeirPipeline.Delivery], isInternal: Bool = false) {
        guard properties.type == Bundle.submits, let lines = Bundle.lines(of: body) else {
            var command = WeirPipeline.Delivery(self, properties, trace: properties.trace, body)
            command.isInternal = isInternal
            return commands.append(command)
        }
        let correlationIDs = properties.headers[Bundle.correlationHeader]?.stringValue
            .flatMap { Bundle.values($0, count: lines.count) }
        var shared = properties
        shared.type = CommandKind.submit.rawValue
        shared.contentType = "application/json"
        shared.messageID = nil
        let traces = properties.headers[Bundle.traceHeader]?.stringValue
            .flatMap { Bundle.values($0, count: lines.count) }
        shared.headers.fields.removeAll {
            $0.name == Bundle.correlationHeader || $0.name == Bundle.traceHeader
        }
        let trace = properties.trace
        for (position, line) in lines.enumerated() {
            if let correlationIDs { shared.correlationID = correlationIDs[position] }
            var command = WeirPipeline.Delivery(
                self, shared, trace: traces.map { TraceParent($0[position]) } ?? trace, line)
            command.isInternal = isInternal
            command.endsMessage = position == lines.count - 1
            commands.append(command)
        }
    }
}

extension WeirPipeline.Delivery {
    /// A command of a message of the broker as the pipeline sees it.
    fileprivate init(
        _ delivery: AMQPClient.Delivery, _ properties: MessageProperties, trace: TraceParent?, _ body: [UInt8]
    ) {
        self.init(
            tag: delivery.deliveryTag, redelivered: delivery.redelivered,
            deliveryCount: delivery.redelivered ? delivery.deliveryCount ?? 0 : 0,
            exchange: delivery.exchange, routingKey: delivery.routingKey, type: properties.type,
            messageID: properties.messageID, contentType: properties.contentType,
            replyTo: properties.replyTo, correlationID: properties.correlationID,
            trace: trace, body: body,
            details: {
                DeliveryDetails(
                    properties: properties.json, headers: properties.headers.json,
                    replayKey: properties.headers.replayKey)
            })
    }
}

extension MessageProperties {
    /// The header `traceparent`, if it is well-formed.
    fileprivate var trace: TraceParent? {
        headers[TraceParent.name]?.stringValue.flatMap(TraceParent.init)
    }

    /// The properties that are set, as a JSON object.
    var json: String {
        let bytes = JSONWriter.object { json in
            if let contentType { json.member("content_type", contentType) }
            if let contentEncoding { json.member("content_encoding", contentEncoding) }
            if let type { json.member("type", type) }
            if let messageID { json.member("message_id", messageID) }
            if let correlationID { json.member("correlation_id", correlationID) }
            if let replyTo { json.member("reply_to", replyTo) }
            if let expiration { json.member("expiration", expiration) }
            if let appID { json.member("app_id", appID) }
            if let userID { json.member("user_id", userID) }
            if let deliveryMode { json.member("delivery_mode", Int64(deliveryMode)) }
            if let priority { json.member("priority", Int64(priority)) }
            if let timestamp { json.member("timestamp", String(timestamp)) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension FieldTable {
    /// The fields as a JSON object; of a name that occurs twice the first is shown.
    var json: String {
        let bytes = JSONWriter.object { json in
            for (name, value) in seenOnce { json.member(named: name, value.json) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private var seenOnce: [(String, FieldValue)] {
        var seen: Set<String> = []
        return fields.filter { seen.insert($0.name).inserted }.map { ($0.name, $0.value) }
    }

    fileprivate var object: JSONValue {
        .object(JSONFields(seenOnce.map { ($0.0, $0.1.json) }))
    }
}

extension FieldValue {
    /// The value as JSON. What JSON does not know is shown as text: bytes in hexadecimal, times in seconds.
    fileprivate var json: JSONValue {
        switch self {
        case .bool(let flag): .flag(flag)
        case .int(let number): .integer(number)
        case .double(let number): .text(String(number))
        case .string(let text): .text(text)
        case .bytes(let bytes): .text(bytes.map { String($0, radix: 16) }.joined(separator: " "))
        case .timestamp(let seconds): .text(String(seconds))
        case .decimal(let scale, let value): .text("\(value)e-\(scale)")
        case .array(let elements): .array(elements.map(\.json))
        case .table(let table): table.object
        case .void: .null
        }
    }
}
