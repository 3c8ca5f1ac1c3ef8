import AMQPClient
import Logging
import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

extension DeadLetterShelf {
    /// Saves an edit; what it replaced stays in the history.
    ///
    /// Throws ``DeadLetterError``: the letter is not open, changed meanwhile, or would still be refused.
    public func edit(_ id: Int64, _ edit: LetterEdit, _ signature: Signature) throws -> DeadLetterView {
        guard let letter = try letter(id) else { throw Self.missing(id) }
        guard letter.state == .open else {
            throw DeadLetterError(
                .state, "dead letter \(id) is \(letter.state.rawValue); only an open one is edited")
        }
        let (type, body, command) = try edit.applied(to: letter)
        let rows = try session.run(
            Query(
                Queries.deadEdit,
                [
                    .int8(id), letter.type.map(Bind.text) ?? .null, .bytes(letter.body ?? []),
                    type.map(Bind.text) ?? .null, .bytes(body),
                    (command.token ?? command.order).map { .text($0.text) } ?? .null,
                    command.sku.map { .text($0.text) } ?? .null,
                    .text(signature.who), .text(signature.why),
                ]))
        guard rows.count == 1, let after = try self.letter(id) else {
            throw DeadLetterError(.state, "dead letter \(id) changed meanwhile; look at it and edit it again")
        }
        return after
    }

    /// What a discard or a restore did.
    public struct Outcome: Sendable, Hashable {
        /// How many letters changed.
        public var letters = 0
        /// Of these, how many intents and orders are decided as rejected because of it.
        public var intents = 0
        /// How many could not be changed.
        public var refused = 0
    }

    /// Gives the open letters up that a filter names. An intent or an order that was accepted and that nobody has
    /// decided is decided by its worker, `rejected` and `discarded`, so that whoever waits for it is told.
    public func discard(
        _ filter: DeadLetterFilter, limit: Int = .max, _ signature: Signature, amqpURL: String, logger: Logger
    ) throws -> Outcome {
        guard !signature.why.isEmpty else { throw DeadLetterError(.invalid, "a discard needs a reason") }
        var filter = filter
        filter.state = .open
        let last = try count(filter).last
        var publisher: Publisher?
        defer { publisher?.stop(drain: .zero) }
        var (outcome, after, left) = (Outcome(), Int64(0), limit)
        while left > 0 {
            let letters = try list(filter, after: after, upTo: last, limit: min(100, left), bodies: true)
            guard let end = letters.last else { break }
            var decisions: [(id: Int64, message: OutgoingMessage)] = []
            for letter in letters where letter.intentState == nil {
                guard let discard = letter.discard else { continue }
                decisions.append((letter.id, letter.discarding(discard, of: partitioning)))
            }
            var confirmed: [Bool] = []
            if !decisions.isEmpty {
                let channel = try publisher ?? Self.publisher(amqpURL, logger)
                publisher = channel
                let ledger = OutcomeLedger(decisions.count)
                channel.publish(decisions.map(\.message)) { ledger.note($0, $1) }
                confirmed = ledger.wait().map { $0 == .confirmed }
            }
            let decided = Set(zip(decisions, confirmed).filter(\.1).map(\.0.id))
            let failed = Set(decisions.map(\.id)).subtracting(decided)
            let ids = letters.map(\.id).filter { !failed.contains($0) }
            let rows = try session.run(
                Query(
                    Queries.deadDiscard,
                    [
                        .int8s(ids), .bools(ids.map { decided.contains($0) }), .text(signature.who),
                        .text(signature.why),
                    ]))
            outcome.letters += rows.count
            outcome.intents += decided.count
            guard failed.isEmpty else {
                throw DeadLetterError(
                    .broker,
                    "the broker did not take the decision of \(failed.count) intents; these letters stay open,"
                        + " \(outcome.letters) are discarded: do the same again")
            }
            after = end.id
            left -= letters.count
        }
        return outcome
    }

    /// Opens discarded letters again, unless their intents were decided meanwhile, by the discard itself or because
    /// they were asked for again.
    public func restore(
        _ filter: DeadLetterFilter, limit: Int = .max, _ signature: Signature
    ) throws -> Outcome {
        var filter = filter
        filter.state = .discarded
        let last = try count(filter).last
        var (outcome, after, left) = (Outcome(), Int64(0), limit)
        while left > 0 {
            let letters = try list(filter, after: after, upTo: last, limit: min(500, left))
            guard let end = letters.last else { break }
            let rows = try session.run(
                Query(
                    Queries.deadRestore,
                    [.int8s(letters.map(\.id)), .text(signature.who), .text(signature.why)]))
            outcome.letters += rows.count
            outcome.refused += letters.count - rows.count
            after = end.id
            left -= letters.count
        }
        return outcome
    }

    static func missing(_ id: Int64) -> DeadLetterError {
        DeadLetterError(.missing, "there is no dead letter \(id); `weir dead list` shows them")
    }

    private static func publisher(_ amqpURL: String, _ logger: Logger) throws -> Publisher {
        let settings = AMQPSettings(url: amqpURL, connectionName: "weir dead")
        let publisher = Publisher(settings: .init(amqp: settings), logger: logger)
        guard publisher.waitUntilReady(timeout: .seconds(10)) else {
            publisher.stop(drain: .zero)
            // A connection of its own says why.
            try Connection(settings).close()
            throw AMQPError(.away, "the broker does not accept messages")
        }
        return publisher
    }
}
