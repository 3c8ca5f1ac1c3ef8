import WeirCore
import WeirWire

/// A delivery that was read: a command of this partition, or the reason why it is none.
enum Reading {
    case command(Command)
    case undecidable(DeadLetter)
}

extension Delivery {
    /// Reads the command ahead, for when there is time.
    mutating func readAhead(for partition: Int, of partitioning: Partitioning) {
        if case .command(let command) = read(for: partition, of: partitioning) { self.command = command }
    }

    /// Reads the delivery for a partition.
    func read(for partition: Int, of partitioning: Partitioning) -> Reading {
        if let command { return .command(command) }
        do throws(WireRefusal) {
            if isInternal { return .command(.order(.message(try OrderMessage.read(type: type, body: body)))) }
            try checkAnswerAddress()
            let command = try Command.read(
                type: type, messageID: messageID, contentType: contentType, body: body)
            guard let sku = command.sku else {
                return .command(try readOrder(command, for: partition, of: partitioning))
            }
            let home = partitioning.partition(of: sku)
            guard home == partition else {
                throw WireRefusal(
                    .wrongPartition, at: "sku",
                    "the SKU \(sku) lives in partition \(home), not \(partition);"
                        + " publish with the routing key \(home)")
            }
            return .command(command)
        } catch {
            return .undecidable(
                deadLetter(reason: error.code.rawValue, field: error.field, detail: error.detail))
        }
    }

    /// An order's command: a submit comes to its coordinator; of the others only the order's row can tell.
    private func readOrder(
        _ command: Command, for partition: Int, of partitioning: Partitioning
    ) throws(WireRefusal) -> Command {
        guard case .order(let read) = command else { return command }
        let sender = replyTo.map { Sender(replyTo: $0, correlationID: correlationID) }
        switch read {
        case .submit(var submit), .discard(var submit):
            let home = partitioning.coordinator(of: submit.token, lines: submit.lines)
            guard home == partition else {
                throw WireRefusal(
                    .wrongPartition, at: "token",
                    "the order \(submit.token) is coordinated by partition \(home), not \(partition);"
                        + " publish with the routing key \(home)")
            }
            submit.sender = sender
            if case .discard = read { return .order(.discard(submit)) }
            return .order(.submit(submit))
        case .confirm(var change):
            change.sender = sender
            return .order(.confirm(change))
        case .cancel, .extend, .message: return command
        }
    }

    /// A dead letter of this delivery, with as much of its token and SKU as can be read.
    public func deadLetter(reason: String, field: String? = nil, detail: String) -> DeadLetter {
        var (token, sku): (Token?, SKU?)
        if body.count <= Command.largestBody, var fields = try? JSONFields(body) {
            if case .text(let text) = fields.take("token") { token = Token(text) }
            if case .text(let text) = fields.take("sku") { sku = SKU(text) }
        }
        return DeadLetter(
            reason: reason, field: field, detail: detail, token: token?.text, sku: sku?.text, delivery: self)
    }

    /// Answers go where the sender says, but not into the queues that Weir itself works from: nobody shall have
    /// a worker write there what he may not write himself.
    private func checkAnswerAddress() throws(WireRefusal) {
        for (name, text) in [("reply_to", replyTo), ("correlation_id", correlationID)] {
            guard let text else { continue }
            guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw WireRefusal(
                    .invalidProperty, at: name, "the property '\(name)' must not hold control characters")
            }
            // Bytes that are no UTF-8 grow when they are read as text: what does not fit into a property any more
            // could never be sent back, and would hold up every event behind it.
            guard text.utf8.count <= 255 else {
                throw WireRefusal(
                    .invalidProperty, at: name,
                    "the property '\(name)' must be UTF-8 text of at most 255 bytes")
            }
        }
        // The broker decodes the rest of such a name, and a made-up one costs the publisher its connection.
        if let replyTo, replyTo.hasPrefix("amq.rabbitmq.reply-to") {
            throw WireRefusal(
                .invalidProperty, at: "reply_to",
                "the property 'reply_to' is RabbitMQ's direct reply-to; name a queue of your own")
        }
        if let replyTo, replyTo.hasPrefix("weir."), !replyTo.hasPrefix("weir.ingress.") {
            throw WireRefusal(
                .invalidProperty, at: "reply_to",
                "the property 'reply_to' names '\(printable(replyTo))'; name a queue of your own")
        }
    }
}
