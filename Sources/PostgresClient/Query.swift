/// An SQL statement that a session prepares once, when it is first used, in the same round trip.
/// The set of statements is meant to be fixed: a session never forgets one that works.
public struct Statement: Sendable, Hashable {
    /// What errors and the server's log call it.
    public let name: String

    /// One SQL statement with parameters `$1`, `$2` …
    public let sql: String

    /// A statement under a name. Two statements may share a name; they are told apart by their SQL.
    public init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }

    /// Hashes the name alone: it tells nearly all statements apart, and the SQL is long.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}

/// A statement and the values for its parameters.
public struct Query: Sendable {
    /// What to run.
    public let statement: Statement

    /// The values of `$1`, `$2` …, at most 65,535 of them.
    public let binds: [Bind]

    /// A statement with its values, in the order of the parameters.
    public init(_ statement: Statement, _ binds: [Bind] = []) {
        self.statement = statement
        self.binds = binds
    }
}

/// A value for a parameter. It is sent in binary format and with its type, so the server never guesses; arrays have
/// one dimension and begin at 1. Text that holds a NUL is refused by the server (22021), not here.
public enum Bind: Sendable {
    /// NULL; the type is that of the place where it stands.
    case null
    /// `boolean`
    case bool(Bool)
    /// `smallint`
    case int2(Int16)
    /// `integer`
    case int4(Int32)
    /// `bigint`
    case int8(Int64)
    /// `text`
    case text(String)
    /// `bytea`
    case bytes([UInt8])
    /// `timestamptz`, in microseconds since 1970. `Int64.max` is `infinity`, `Int64.min` is `-infinity`.
    case timestamp(Int64)
    /// `boolean[]`
    case bools([Bool])
    /// `smallint[]`
    case int2s([Int16])
    /// `integer[]`
    case int4s([Int32])
    /// `bigint[]`
    case int8s([Int64])
    /// `integer[]` with NULLs
    case optionalInt4s([Int32?])
    /// `bigint[]` with NULLs
    case optionalInt8s([Int64?])
    /// `text[]`
    case texts([String])
    /// `text[]` with NULLs
    case optionalTexts([String?])
    /// `text[]`, each element already as UTF-8
    case textBytes([[UInt8]])
    /// `bytea[]`
    case byteStrings([[UInt8]])
    /// `timestamptz[]` with NULLs, each as in `timestamp`
    case optionalTimestamps([Int64?])
    /// `timestamptz[]`, each as in `timestamp`
    case timestamps([Int64])
}
