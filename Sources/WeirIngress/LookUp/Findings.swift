import PostgresClient
import WeirCore
import WeirLive
import WeirTopology
import WeirWire

/// What the database knows of a token.
enum IntentFinding: Sendable {
    /// It is decided; while it stands in line, `position` says where.
    case intent(Intent, position: Int64?)
    /// It could not be decided and lies among the dead letters.
    case deadLetter
    case nothing
}

/// What the database knows of an order.
enum OrderFinding: Sendable {
    case order(Order)
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
    static let orders = Statement(Queries.lookOrders)
    static let decided = Statement(Queries.readIntents)
    static let commands = Statement(Queries.readCommands)
    static let skus = Statement(Queries.readSkus)
    static let page = Statement(Queries.lookSkus)

    static func findings(_ rows: Rows) -> [Token: IntentFinding] {
        var findings: [Token: IntentFinding] = [:]
        for row in 0..<rows.count {
            let token = Token(unchecked: rows.text(row, 0))
            if !rows.isNull(row, 4), let intent = Intent(rows, row) {
                findings[token] = .intent(intent, position: rows.optionalInt(row, 14).map(Int64.init))
            } else if !rows.isNull(row, 15) {
                findings[token] = .deadLetter
            }
        }
        return findings
    }

    static func orders(_ rows: Rows) -> [Token: OrderFinding] {
        var findings: [Token: OrderFinding] = [:]
        for row in 0..<rows.count {
            let token = Token(unchecked: rows.text(row, 0))
            if !rows.isNull(row, 4), let order = try? Order(rows, row) {
                findings[token] = .order(order)
            } else if !rows.isNull(row, 9) {
                findings[token] = .deadLetter
            }
        }
        return findings
    }

    static func decided(_ rows: Rows) -> [Token: Intent] {
        var intents: [Token: Intent] = [:]
        for row in 0..<rows.count {
            guard let intent = Intent(rows, row) else { continue }
            intents[intent.token] = intent
        }
        return intents
    }

    static func stocks(_ rows: Rows) -> [Stock] {
        (0..<rows.count).map { Stock(SKU(unchecked: rows.text($0, 0)), rows, $0) }
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
