import WeirCore

extension SnapshotRequest {
    /// What commands need so that somebody can say what would become of them in a partition.
    public init(toForecast commands: [Command], in partition: Int, of partitioning: Partitioning) {
        self.init(for: commands, dueUntil: nil) { partitioning.partition(of: $0) == partition }
    }
}

/// What would become of commands, decided as a worker would: rows that the decision turns out to lack are read.
public func forecast(
    _ commands: [Command], _ snapshot: inout Snapshot, _ store: some PartitionStore
) throws(StoreError) -> Decision {
    try LineMemory().decide(commands, &snapshot, store)
}
