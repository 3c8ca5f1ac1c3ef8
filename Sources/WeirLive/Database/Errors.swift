import PostgresClient
import WeirPipeline

extension StoreError {
    /// What an error of the database means for a partition (DESIGN: 'When something breaks').
    init(_ error: PostgresError) {
        let kind: Kind
        switch error.kind {
        case .away: kind = .away
        case .commitUncertain: kind = .commitUncertain
        case .data: kind = .data
        case .retry: kind = .retry
        // The log's key was taken by another owner; any other key by another partition, which was first.
        case .unique: kind = error.table == "event" ? .notOwner : .retry
        case .raised: kind = error.sqlState == "WR001" ? .notOwner : .retry
        case .constraint: kind = .bug
        case .other: kind = Self.isPassing(error.sqlState ?? "") ? .away : .bug
        }
        self.init(kind, error.description)
    }

    /// Errors that a new session may not meet again: the server is a standby (25006 when written to, 55000 when asked
    /// for its log's end), a lock was not to be had (55006, 55P03), a prepared plan is out of date (0A000, 26000),
    /// the server's own disk failed (class 58).
    private static func isPassing(_ sqlState: String) -> Bool {
        ["25006", "55000", "55006", "55P03", "0A000", "26000"].contains(sqlState) || sqlState.hasPrefix("58")
    }
}

/// Runs database calls whose errors a partition must understand.
func asStoreError<Value>(
    _ call: () throws(PostgresError) -> Value
) throws(StoreError) -> Value {
    do throws(PostgresError) { return try call() } catch { throw StoreError(error) }
}
