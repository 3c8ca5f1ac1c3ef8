import PostgresClient
import WeirCore
import WeirTopology
import WeirWire

/// A dead letter as an operator sees it.
public struct DeadLetterView: Sendable {
    /// Its number.
    public let id: Int64
    /// When it first came.
    public let firstSeen: Timestamp
    /// When it last came.
    public let lastSeen: Timestamp
    /// How often it came.
    public let seen: Int
    /// The partition whose worker could not decide it.
    public let partition: Int
    /// The kind of reason, one word.
    public let reason: String
    /// One sentence.
    public let detail: String
    /// The message's type, if it had one.
    public let type: String?
    /// The intent's token, as far as it could be read.
    public let token: String?
    /// The SKU, as far as it could be read.
    public let sku: String?
    /// All that arrived; only where one letter is shown.
    public let message: Message?

    /// What arrived.
    public struct Message: Sendable {
        /// Where it was published.
        public let exchange: String
        /// With which routing key.
        public let routingKey: String
        /// The AMQP properties, a JSON object.
        public let properties: String
        /// The headers, a JSON object.
        public let headers: String
        /// The body.
        public let body: [UInt8]
    }

    init(_ rows: Rows, _ row: Int, message: Message? = nil) {
        id = rows.int8(row, 0)
        firstSeen = Timestamp(microseconds: rows.timestamp(row, 1))
        lastSeen = Timestamp(microseconds: rows.timestamp(row, 2))
        seen = rows.int(row, 3)
        partition = rows.int(row, 4)
        reason = rows.text(row, 5)
        detail = rows.text(row, 6)
        type = rows.optionalText(row, 7)
        token = rows.optionalText(row, 8)
        sku = rows.optionalText(row, 9)
        self.message = message
    }
}

/// Looks at the table of dead letters; looking never counts as a delivery.
public final class DeadLetterShelf {
    private let session: Session

    /// Connects.
    public init(databaseURL: String) throws {
        session = try Session(SessionSettings(url: databaseURL, applicationName: "weir dead"))
        _ = try Installation.read(session)
    }

    /// The letters after an id, the oldest first.
    public func list(after id: Int64 = 0, limit: Int) throws -> [DeadLetterView] {
        let rows = try session.run(
            Query(Queries.lookDeadLetters, [.int8(id), .int4(Int32(clamping: limit))]))
        return (0..<rows.count).map { DeadLetterView(rows, $0) }
    }

    /// One letter with all that arrived; nil when there is none under this id.
    public func letter(_ id: Int64) throws -> DeadLetterView? {
        let rows = try session.run(Query(Queries.lookDeadLetter, [.int8(id)]))
        guard rows.count == 1 else { return nil }
        return DeadLetterView(
            rows, 0,
            message: .init(
                exchange: rows.text(0, 10), routingKey: rows.text(0, 11), properties: rows.text(0, 12),
                headers: rows.text(0, 13), body: rows.bytes(0, 14)))
    }

    /// Disconnects.
    public func close() { session.close() }
}
