import PostgresClient
import WeirCore
import WeirTopology

/// Brings a database to what this binary needs.
public struct Migrator {
    /// What a migration did.
    public struct Outcome: Sendable {
        /// The steps that were run, in their order; empty when there was nothing to do.
        public let applied: [String]
        /// What the database is now.
        public let installation: Installation
    }

    private let settings: SessionSettings

    /// A migrator of this database.
    public init(databaseURL: String) {
        var settings = SessionSettings(url: databaseURL, applicationName: "weir migrate")
        // A step may take long on a large table, and another migration may hold the lock meanwhile.
        settings.statementTimeoutSeconds = 0
        settings.idleInTransactionTimeoutSeconds = 0
        settings.answerTimeoutSeconds = 3600
        self.settings = settings
    }

    /// Runs the steps that are missing, each in a transaction, and installs the partitions on the first run.
    ///
    /// - Parameters:
    ///   - partitions: how many partitions to install; nil takes what is there, or 8 on the first run.
    ///   - acceptFailover: takes this cluster and its timeline as the ones to go on with.
    public func run(partitions: Partitioning?, acceptFailover: Bool = false) throws -> Outcome {
        let session = try Session(settings)
        defer { session.close() }
        let encoding = try session.run(Query(Queries.migrateEncoding)).text(0, 0)
        guard encoding == "UTF8" else { throw LiveError.encoding(encoding) }
        _ = try session.run(Query(Queries.migrateLock, [.int4(LockClass.migration)]))
        try session.execute(script: Queries.migrateHistory.text)
        let known = try session.run(Query(Queries.migrateApplied))
        let done = Set((0..<known.count).map { known.text($0, 0) })
        let missing = Migrations.all.filter { !done.contains($0.name) }
        for step in missing { try apply(step, session) }
        let count = partitions?.count ?? 8
        _ = try session.run(Query(Queries.migrateInstall, [.int2(Int16(count))]))
        _ = try session.run(Query(Queries.migratePartitions))
        if acceptFailover { _ = try session.run(Query(Queries.migrateAcceptFailover)) }
        let installation = try Installation.read(session)
        if let partitions, partitions != installation.partitioning {
            throw LiveError.otherPartitions(
                inDatabase: installation.partitioning.count, asked: partitions.count)
        }
        return Outcome(applied: missing.map(\.name), installation: installation)
    }

    /// A step and its record in one transaction: half a step never stays.
    private func apply(_ step: SQLText, _ session: Session) throws {
        try session.execute(script: Queries.migrateBegin.text)
        do {
            try session.execute(script: step.text)
            _ = try session.run(Query(Queries.migrateRecord, [.text(step.name)]))
            try session.execute(script: Queries.migrateEnd.text)
        } catch {
            try? session.execute(script: Queries.migrateUndo.text)
            throw error
        }
    }
}
