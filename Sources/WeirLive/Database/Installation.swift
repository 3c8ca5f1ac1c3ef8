import PostgresClient
import WeirCore
import WeirTopology

/// What a database says it is: how many partitions it has, and which cluster and WAL timeline were accepted.
public struct Installation: Sendable, Hashable {
    /// The number of partitions, chosen at the first migration.
    public let partitioning: Partitioning
    /// Whether the database is the cluster and on the timeline that were accepted last.
    public let isAccepted: Bool

    /// Reads it.
    ///
    /// Throws ``LiveError``: the database cannot be reached, or has not been migrated.
    public static func read(_ session: Session) throws -> Installation {
        let rows = try look(session)
        guard rows.count == 1, let partitioning = Partitioning(count: rows.int(0, 0)) else {
            throw LiveError.notMigrated
        }
        return Installation(
            partitioning: partitioning,
            isAccepted: rows.int8(0, 1) == rows.int8(0, 3) && rows.int(0, 2) == rows.int(0, 4))
    }

    private static func look(_ session: Session) throws -> Rows {
        do throws(PostgresError) {
            return try session.run(Query(Queries.lookInstallation))
        } catch {
            // 42P01: the table does not exist.
            if error.sqlState == "42P01" { throw LiveError.notMigrated }
            throw error
        }
    }

    /// Connects, reads it, and disconnects.
    public static func read(databaseURL: String) throws -> Installation {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "weir"))
        defer { session.close() }
        return try read(session)
    }
}

/// What keeps Weir from working with the servers that it was given.
public enum LiveError: Error, CustomStringConvertible, Sendable {
    /// The database has no tables of Weir's.
    case notMigrated
    /// The database has another number of partitions than was asked for.
    case otherPartitions(inDatabase: Int, asked: Int)
    /// The database is another cluster, or on another WAL timeline, than the one that was accepted.
    case otherTimeline
    /// The database cannot store every text.
    case encoding(String)
    /// The broker lacks something, or has it otherwise.
    case topology([String])

    public var description: String {
        switch self {
        case .notMigrated:
            "the database has not been prepared for Weir; run `weir migrate`"
        case .otherPartitions(let inDatabase, let asked):
            "the database has \(inDatabase) partitions, not \(asked): the number is chosen at the first"
                + " `weir migrate` and cannot change"
        case .otherTimeline:
            "the database is on another timeline than the one that was accepted: after a failover or a restore the"
                + " end of the log may be missing. Look at it, then run `weir migrate --accept-failover`"
        case .encoding(let name):
            "the database is encoded in \(name) and cannot store every text; make one with `create database weir"
                + " encoding 'UTF8' template template0`"
        case .topology(let findings):
            "the broker is not as Weir needs it (\(findings.joined(separator: "; "))); run `weir topology apply`"
        }
    }
}
