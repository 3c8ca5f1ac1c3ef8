import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

/// A partition's rows in PostgreSQL: one session, which holds the partition's lock as long as it lives.
public final class LivePartitionStore: PartitionStore {
    let session: Session
    let partition: Int
    let key: Int16
    /// Whether the session is somebody else's, in a transaction that sees one moment.
    let isReader: Bool

    /// Connects and takes the partition's lock.
    ///
    /// Throws `.notOwner` when another session has it, `.otherDatabase` when the cluster, its timeline or the
    /// number of partitions is another than the one that was accepted.
    public init(_ settings: SessionSettings, partition: Int, of partitioning: Partitioning) throws(StoreError)
    {
        self.partition = partition
        key = Int16(partition)
        isReader = false
        var settings = settings
        // A frozen owner loses its lock: every session with a partition says something once a second.
        settings.idleSessionTimeoutSeconds = 5
        settings.applicationName = OwnerName.text(partition: partition)
        session = try asStoreError { [settings] () throws(PostgresError) in try Session(settings) }
        do throws(StoreError) {
            try takeLock()
            try checkInstallation(partitioning)
        } catch {
            session.close()
            throw error
        }
    }

    /// Only reads, in somebody else's session and transaction, and holds no lock: for predictions.
    init(reading session: Session, partition: Int) {
        self.session = session
        self.partition = partition
        isReader = true
        key = Int16(partition)
    }

    private func takeLock() throws(StoreError) {
        try asStoreError { () throws(PostgresError) in
            try session.execute(script: Queries.ownSessionSettings.text)
        }
        let lock = Query(Queries.ownTryLock, [.int4(LockClass.partition), .int4(Int32(partition))])
        let rows = try run(lock)
        guard rows.bool(0, 0) else {
            throw StoreError(.notOwner, "partition \(partition) has another owner")
        }
    }

    private func checkInstallation(_ partitioning: Partitioning) throws(StoreError) {
        let rows = try run(Query(Queries.readPosition, [.int2(key)]))
        guard rows.count == 1, rows.int(0, 2) == partitioning.count else {
            throw StoreError(
                .otherDatabase,
                "the database does not have \(partitioning.count) partitions, as this worker has")
        }
        guard rows.int8(0, 3) == rows.int8(0, 5), rows.int(0, 4) == rows.int(0, 6) else {
            throw StoreError(.otherDatabase, LiveError.otherTimeline.description)
        }
    }

    public func position() throws(StoreError) -> Position {
        let rows = try run(Query(Queries.readPosition, [.int2(key)]))
        guard rows.count == 1 else {
            throw StoreError(.otherDatabase, "the database has no partition \(partition); run `weir migrate`")
        }
        return Position(
            head: rows.int8(0, 0), published: rows.int8(0, 1),
            now: Timestamp(microseconds: rows.timestamp(0, 7)))
    }

    public func nextDeadline() throws(StoreError) -> Timestamp? {
        let rows = try run(Query(Queries.readNextDeadline, [.int2(key)]))
        return rows.count == 0 ? nil : Timestamp(microseconds: rows.timestamp(0, 0))
    }

    public func unservedLines() throws(StoreError) -> [SKU] {
        let rows = try run(Query(Queries.readUnserved, [.int2(key)]))
        return (0..<rows.count).map { SKU(unchecked: rows.text($0, 0)) }
    }

    public func noteSuspect(_ body: [UInt8]) throws(StoreError) -> Int {
        try run(Query(Queries.suspectNote, [.int2(key), .bytes(body)])).int(0, 0)
    }

    public func readLog(after seq: Int64, limit: Int) throws(StoreError) -> [LoggedEvent] {
        let rows = try run(
            Query(Queries.readLog, [.int2(key), .int8(seq), .int4(Int32(clamping: limit))]))
        return (0..<rows.count).map { LoggedEvent(rows, $0) }
    }

    public func ping() throws(StoreError) {
        _ = try asStoreError { () throws(PostgresError) in try session.run([]) }
    }

    public func close() { session.close() }

    /// Ends the session without a goodbye, as a killed process does (for fault tests).
    public func abandon() { session.abandon() }

    func run(_ query: Query) throws(StoreError) -> Rows {
        try asStoreError { () throws(PostgresError) in try session.run(query) }
    }
}

extension LoggedEvent {
    /// Reads the columns seq, at, type, sku, token, reply_to, correlation_id, body, traceparent.
    init(_ rows: Rows, _ row: Int) {
        self.init(
            seq: rows.int8(row, 0), at: Timestamp(microseconds: rows.timestamp(row, 1)),
            type: rows.text(row, 2),
            sku: rows.text(row, 3), token: rows.optionalText(row, 4), replyTo: rows.optionalText(row, 5),
            correlationID: rows.optionalText(row, 6),
            trace: rows.optionalText(row, 8).map(TraceParent.init(unchecked:)), body: rows.bytes(row, 7))
    }
}
