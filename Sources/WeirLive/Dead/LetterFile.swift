import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

/// A dead letter as a line of an export says it.
struct ImportedLetter {
    let letter: DeadLetter
    let firstSeen: Timestamp
    let lastSeen: Timestamp
    let partition: Int16

    /// Reads a line that an export wrote. What this table counts by itself (id, state, how often …) is not taken over;
    /// token and SKU are read from the body again.
    init(line: [UInt8], of partitioning: Partitioning, now: Timestamp) throws(WireRefusal) {
        var fields = try JSONFields(line)
        for name in ["id", "state", "seen", "replayed", "returned", "intent_status", "token", "sku"] {
            _ = fields.take(name)
        }
        let reason = try Self.required("reason", &fields)
        let fault = try Self.text("fault", &fields) ?? reason
        let detail = try Self.text("detail", &fields) ?? ""
        let details = DeliveryDetails(
            properties: try Self.object("properties", &fields),
            headers: try Self.object("headers", &fields))
        let delivery = Delivery(
            tag: 0, exchange: try Self.text("exchange", &fields) ?? "",
            routingKey: try Self.text("routing_key", &fields) ?? "", type: try Self.text("type", &fields),
            body: try Self.body(&fields), details: { details })
        var letter = delivery.deadLetter(reason: reason, detail: detail)
        letter.fault = fault
        self.letter = letter
        firstSeen = try Self.moment("first_seen", &fields) ?? now
        lastSeen = try Self.moment("last_seen", &fields) ?? now
        switch fields.take("partition") {
        case nil: partition = -1
        case .integer(let number) where (0..<Int64(partitioning.count)).contains(number):
            partition = Int16(number)
        default:
            throw Self.refusal("partition", "must be a number from 0 to \(partitioning.count - 1)")
        }
        try fields.end(knowing: "what `weir dead export` writes")
    }

    private static func text(_ name: String, _ fields: inout JSONFields) throws(WireRefusal) -> String? {
        switch fields.take(name) {
        case nil: return nil
        case .text(let text): return storable(text)
        case .some(let value): throw refusal(name, "must be a string, not \(value.kind)")
        }
    }

    private static func required(_ name: String, _ fields: inout JSONFields) throws(WireRefusal) -> String {
        guard let text = try text(name, &fields), !text.isEmpty else { throw refusal(name, "is missing") }
        return text
    }

    private static func moment(
        _ name: String, _ fields: inout JSONFields
    ) throws(WireRefusal) -> Timestamp? {
        guard let text = try text(name, &fields) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw refusal(name, "must be a time as RFC 3339 in UTC, such as 2026-11-21T09:30:00Z")
        }
        return moment
    }

    /// Properties and headers stand in an export as the text that was stored; by hand an object is easier to write.
    private static func object(_ name: String, _ fields: inout JSONFields) throws(WireRefusal) -> String {
        switch fields.take(name) {
        case nil: return "{}"
        case .text(let text): return text
        case .object(let object): return String(decoding: object.json, as: UTF8.self)
        case .some(let value): throw refusal(name, "must be an object, or one as a string, not \(value.kind)")
        }
    }

    private static func body(_ fields: inout JSONFields) throws(WireRefusal) -> [UInt8] {
        switch (fields.take("body"), fields.take("body_hex")) {
        case (.text(let text)?, nil): return Array(text.utf8)
        case (nil, .text(let text)?):
            let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
            guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else {
                throw refusal("body_hex", "must be an even number of hexadecimal digits")
            }
            return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        default: throw refusal("body", "is missing; send it as a string, or its bytes in body_hex")
        }
    }

    private static func refusal(_ name: String, _ problem: String) -> WireRefusal {
        WireRefusal(.invalidField, at: name, "the field '\(name)' \(problem)")
    }
}

extension DeadLetterShelf {
    /// What became of the lines of an import.
    public struct Import: Sendable {
        /// How many letters are new.
        public var imported = 0
        /// How many were here already.
        public var known = 0
        /// Lines that are none, from 1, with the reason.
        public var bad: [(line: Int, detail: String)] = []

        /// Nothing yet.
        public init() {}
    }

    /// Takes letters over that an export wrote, one a line; a bad line spoils only itself.
    ///
    /// `first` is the number of the first line, for an import in parts.
    public func importLines(
        _ lines: [[UInt8]], from first: Int = 1, _ signature: Signature, now: Timestamp
    ) throws -> Import {
        var outcome = Import()
        var letters: [(line: Int, letter: ImportedLetter)] = []
        for (position, line) in lines.enumerated() where !line.isEmpty {
            do throws(WireRefusal) {
                letters.append(
                    (first + position, try ImportedLetter(line: line, of: partitioning, now: now)))
            } catch {
                outcome.bad.append((first + position, error.detail))
            }
        }
        guard !letters.isEmpty else { return outcome }
        do throws(PostgresError) {
            let count = try insert(letters.map(\.letter), signature)
            outcome.imported = count
            outcome.known = letters.count - count
        } catch {
            guard error.kind == .data else { throw error }
            for (line, letter) in letters {
                do throws(PostgresError) {
                    let count = try insert([letter], signature)
                    outcome.imported += count
                    outcome.known += 1 - count
                } catch {
                    guard error.kind == .data else { throw error }
                    outcome.bad.append((line, "PostgreSQL refuses it: \(error)"))
                }
            }
        }
        return outcome
    }

    private func insert(_ imported: [ImportedLetter], _ signature: Signature) throws(PostgresError) -> Int {
        let deliveries = imported.map(\.letter.delivery)
        let details = deliveries.map { $0.details() }
        return try session.run(
            Query(
                Queries.deadImport,
                [
                    .int2s(imported.map(\.partition)), .texts(imported.map(\.letter.reason)),
                    .texts(imported.map(\.letter.fault)), .texts(imported.map(\.letter.detail)),
                    .optionalTexts(deliveries.map(\.type)), .optionalTexts(imported.map(\.letter.token)),
                    .optionalTexts(imported.map(\.letter.sku)), .texts(deliveries.map(\.exchange)),
                    .texts(deliveries.map(\.routingKey)), .texts(details.map(\.properties)),
                    .texts(details.map(\.headers)), .byteStrings(deliveries.map(\.body)),
                    .timestamps(imported.map(\.firstSeen.microseconds)),
                    .timestamps(imported.map(\.lastSeen.microseconds)), .text(signature.who),
                    .text(signature.why),
                ])
        ).count
    }
}
