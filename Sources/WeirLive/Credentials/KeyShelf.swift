import PostgresClient
import WeirCore
import WeirTopology

/// An API key as an operator sees it.
public struct APIKeyView: Sendable {
    /// The middle part of the key.
    public let id: String
    /// What it was called when it was made.
    public let name: String
    /// What it lets its bearer do.
    public let scopes: ScopeSet
    /// When it was made.
    public let createdAt: Timestamp
    /// When it ended; nil while it is good.
    public let revokedAt: Timestamp?

    init(_ rows: Rows, _ row: Int) {
        id = rows.text(row, 0)
        name = rows.text(row, 1)
        scopes = ScopeSet(text: rows.text(row, 2))
        createdAt = Timestamp(microseconds: rows.timestamp(row, 3))
        revokedAt = rows.optionalTimestamp(row, 4).map(Timestamp.init(microseconds:))
    }
}

/// The table of API keys.
public final class KeyShelf {
    private let session: Session

    /// Connects.
    public init(databaseURL: String) throws {
        session = try Session(SessionSettings(url: databaseURL, applicationName: "weir keys"))
        _ = try Installation.read(session)
    }

    /// Makes a key. Its text is in what comes back and nowhere else.
    public func create(name: String, scopes: ScopeSet) throws -> APIKey {
        let key = APIKey()
        _ = try session.run(
            Query(
                Queries.keysInsert,
                [.text(key.id), .text(name), .text(scopes.text), .bytes(key.digest.bytes)]))
        return key
    }

    /// Every key that there ever was, the oldest first.
    public func list() throws -> [APIKeyView] {
        let rows = try session.run(Query(Queries.keysList))
        return (0..<rows.count).map { APIKeyView(rows, $0) }
    }

    /// Ends a key; nil when there is none under this id. Ending it again changes nothing.
    public func revoke(_ id: String) throws -> APIKeyView? {
        let rows = try session.run(Query(Queries.keysRevoke, [.text(id)]))
        return rows.count == 1 ? APIKeyView(rows, 0) : nil
    }

    /// Disconnects.
    public func close() { session.close() }
}

/// What an ingress keeps in memory of the API keys.
public struct KnownKeys: Sendable {
    /// One key that is good.
    public struct Key: Sendable {
        /// The key's id.
        public let id: String
        /// What it lets its bearer do.
        public let scopes: ScopeSet
    }

    /// The keys that are good.
    public let keys: [CredentialDigest: Key]
    /// Whether there ever was a key, be it revoked by now.
    public let isAny: Bool

    /// Reads them all, in one round trip.
    public static func read(_ session: Session) throws(PostgresError) -> KnownKeys {
        let rows = try session.run(Query(Queries.keysKnown))
        var keys: [CredentialDigest: Key] = [:]
        for row in 0..<rows.count where rows.bool(row, 3) {
            guard let digest = CredentialDigest(bytes: rows.bytes(row, 0)) else { continue }
            keys[digest] = Key(id: rows.text(row, 1), scopes: ScopeSet(text: rows.text(row, 2)))
        }
        return KnownKeys(keys: keys, isAny: rows.count > 0)
    }

    /// Connects, reads them, and disconnects. Blocks.
    public static func read(databaseURL: String) throws -> KnownKeys {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "weir"))
        defer { session.close() }
        do throws(PostgresError) {
            return try read(session)
        } catch {
            // 42P01: a database of before there were keys.
            if error.sqlState == "42P01" { throw LiveError.notMigrated }
            throw error
        }
    }
}
