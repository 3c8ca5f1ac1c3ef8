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
        // A server that became a standby refuses to write: it is away as far as we are concerned.
        case .other: kind = error.sqlState == "25006" ? .away : .bug
        }
        self.init(kind, error.description)
    }
}

/// Runs database calls whose errors a partition must understand.
func asStoreError<Value>(
    _ call: () throws(PostgresError) -> Value
) throws(StoreError) -> Value {
    do throws(PostgresError) { return try call() } catch { throw StoreError(error) }
}
