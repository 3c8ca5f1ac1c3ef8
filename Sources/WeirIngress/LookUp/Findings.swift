import PostgresClient
import WeirCore
import WeirTopology
import WeirWire

/// What the database knows of a token.
enum IntentFinding: Sendable {
    case intent(Intent)
    /// It could not be decided and lies among the dead letters.
    case deadLetter
    case nothing
}

/// An answer of the database, or that there is none.
enum LookedUp<Value: Sendable>: Sendable {
    case found(Value)
    /// PostgreSQL is away, or its answer took too long.
    case away
}

extension Statement {
    init(_ text: SQLText) { self.init(name: text.name, sql: text.text) }
}

/// The statements of the look-ups, each with the reading of its rows.
enum LookUpQueries {
    static let intents = Statement(Queries.lookIntents)
    static let commands = Statement(Queries.readCommands)
    static let skus = Statement(Queries.readSkus)
    static let page = Statement(Queries.lookSkus)

    static func findings(_ rows: Rows) -> [Token: IntentFinding] {
        var findings: [Token: IntentFinding] = [:]
        for row in 0..<rows.count {
            let token = Token(unchecked: rows.text(row, 0))
            if let status = rows.optionalText(row, 4), let state = IntentState(rawValue: status) {
                findings[token] = .intent(
                    Intent(
                        token: token, sku: SKU(unchecked: rows.text(row, 1)),
                        quantity: Quantity(unchecked: Int64(rows.int(row, 2))),
                        buyer: Buyer(unchecked: rows.text(row, 3)), state: state,
                        reason: rows.optionalText(row, 5).flatMap(RejectionReason.init),
                        holdUntil: rows.optionalTimestamp(row, 6).map(Timestamp.init(microseconds:)),
                        decidedAt: Timestamp(microseconds: rows.timestamp(row, 7))))
            } else if !rows.isNull(row, 8) {
                findings[token] = .deadLetter
            }
        }
        return findings
    }

    static func stocks(_ rows: Rows) -> [Stock] {
        (0..<rows.count).map { row in
            Stock(
                sku: SKU(unchecked: rows.text(row, 0)), stocked: rows.int8(row, 1),
                available: rows.int8(row, 2), held: rows.int8(row, 3), sold: rows.int8(row, 4),
                version: rows.int8(row, 5),
                policy: SKUPolicy(
                    holdSeconds: Int64(rows.int(row, 6)),
                    maxPerIntent: rows.optionalInt(row, 7).map(Int64.init)))
        }
    }

    /// Stored results by command id; one that cannot be read counts as none.
    static func results(_ rows: Rows) -> [CommandID: StoredResult] {
        var results: [CommandID: StoredResult] = [:]
        for row in 0..<rows.count {
            let id = CommandID(unchecked: rows.text(row, 0))
            guard let result = try? CommandResult(stored: rows.text(row, 2)) else { continue }
            results[id] = StoredResult(id: id, payload: rows.text(row, 1), result: result)
        }
        return results
    }
}
