import Glibc
import PostgresClient
import WeirTopology

/// Which worker process owns which partition, as the database's locks tell it.
public struct PartitionOwners: Sendable {
    /// The process id of each partition's owner on its own machine; a partition without an owner is not in here.
    public let processes: [Int: Int32]

    /// Connects, reads them, and disconnects. Blocks.
    public init(databaseURL: String) throws {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "weir"))
        defer { session.close() }
        try self.init(session)
    }

    init(_ session: Session) throws {
        let rows = try session.run(Query(Queries.lookOwners, [.int4(LockClass.partition)]))
        var processes: [Int: Int32] = [:]
        for row in 0..<rows.count {
            processes[rows.int(row, 0)] = OwnerName.process(in: rows.text(row, 1))
        }
        self.processes = processes
    }

    /// The partitions that a process owns, in order.
    public func partitions(of process: Int32) -> [Int] {
        processes.filter { $0.value == process }.keys.sorted()
    }
}

/// What a partition's session calls itself, for `pg_stat_activity`: process and partition.
enum OwnerName {
    static func text(partition: Int) -> String { "weir worker \(getpid()) partition \(partition)" }

    static func process(in text: String) -> Int32? {
        let words = text.split(separator: " ")
        return words.count == 5 && words[0] == "weir" ? Int32(words[2]) : nil
    }
}
