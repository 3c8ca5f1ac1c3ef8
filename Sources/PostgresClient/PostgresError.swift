/// Something that PostgreSQL refused, or PostgreSQL itself out of reach.
///
/// `description` is one sentence that is safe for a log: it holds no value of the data. `debugDescription` holds
/// everything the server said, and so may hold data.
public struct PostgresError: Error, Sendable {
    /// What the caller can do about it.
    public enum Kind: Sendable, Hashable {
        /// The database cannot be reached, is lost, is out of resources, shuts down or takes too long
        /// (classes 08, 53, 57, every FATAL, every time-out). Ask `isBroken` whether the session is still good.
        /// Thrown by `run`, it leaves open whether the queries took effect; by `transaction`, they did not.
        case away
        /// The session was lost after COMMIT may have been sent and before its answer: it may have taken effect.
        case commitUncertain
        /// The data's fault: class 22, or more data than one message holds.
        case data
        /// Another session was in the way: 40001 or 40P01. The same again may work.
        case retry
        /// A unique constraint says no: 23505.
        case unique
        /// Any other constraint says no: the rest of class 23.
        case constraint
        /// Raised on purpose by a function in the database: class WR.
        case raised
        /// Everything else: a mistake in the SQL, missing rights, a bad URL.
        case other
    }

    /// What the caller can do about it.
    public let kind: Kind
    /// The server's five-character code (manual, Appendix A), nil when it did not come from the server.
    public let sqlState: String?
    /// The primary message.
    public let message: String
    /// The server's DETAIL; often holds values of the data.
    public var detail: String?
    /// The server's HINT.
    public var hint: String?
    /// Where in a function of the database it happened; may hold SQL.
    public var context: String?
    /// The character of the SQL at which it happened, from 1.
    public var position: Int?
    /// The constraint that said no.
    public var constraint: String?
    /// The table it is about.
    public var table: String?
    /// The name of the statement.
    public var statement: String?
    /// Which query of the call failed, from 0; nil for BEGIN, COMMIT and whatever concerns the whole call.
    public var queryIndex: Int?

    /// An error of the client's own making, or one for a test.
    public init(_ kind: Kind, _ message: String, sqlState: String? = nil) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
    }

    /// What a code of the server means to the caller.
    static func kind(ofSQLState state: String) -> Kind {
        switch state {
        case "40001", "40P01": return .retry
        case "23505": return .unique
        default: break
        }
        switch state.prefix(2) {
        case "08", "53", "57": return .away
        case "22": return .data
        case "23": return .constraint
        case "WR": return .raised
        default: return .other
        }
    }

    /// The same error under another kind.
    func turned(into kind: Kind, _ message: String) -> PostgresError {
        var copy = PostgresError(kind, message, sqlState: sqlState)
        copy.detail = detail
        copy.hint = hint
        copy.context = context
        copy.position = position
        copy.constraint = constraint
        copy.table = table
        copy.statement = statement
        copy.queryIndex = queryIndex
        return copy
    }
}
