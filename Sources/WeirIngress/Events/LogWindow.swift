import DequeModule

/// The latest events of every partition, without a gap, as many as fit: what all streams read, so that the log is
/// read once for all of them.
struct LogWindow: Sendable {
    /// How many bytes of events are kept.
    static let byteLimit = 8 << 20

    /// By partition: the number of the event before the first one that is kept.
    private(set) var start: LogPosition
    private var entries: [Deque<LogEntry>]
    /// The partitions of the entries in the order of their coming: the oldest go first.
    private var order: Deque<UInt8> = []
    private var bytes = 0

    /// A window that begins at the end of the log.
    init(at head: LogPosition) {
        start = head
        entries = head.seqs.map { _ in [] }
    }

    /// The last event of every partition that was read.
    var end: LogPosition {
        LogPosition(seqs: zip(start.seqs, entries).map { $0 + Int64($1.count) })
    }

    /// Takes entries that follow the end, each partition's in their order.
    mutating func append(_ new: [LogEntry], limit: Int = byteLimit) {
        for entry in new {
            let partition = entry.partition
            guard entry.seq == start.seqs[partition] + Int64(entries[partition].count) + 1 else { continue }
            entries[partition].append(entry)
            order.append(UInt8(partition))
            bytes += entry.weight
        }
        while bytes > limit, let partition = order.popFirst().map(Int.init) {
            guard let oldest = entries[partition].popFirst() else { continue }
            start.seqs[partition] = oldest.seq
            bytes -= oldest.weight
        }
    }

    /// At most `limit` entries of these partitions behind a place, each partition's in their order; nil when some of
    /// them have left the window already.
    func entries(after place: LogPosition, in partitions: some Sequence<Int>, limit: Int) -> [LogEntry]? {
        var found: [LogEntry] = []
        for partition in partitions {
            let offset = place.seqs[partition] - start.seqs[partition]
            guard offset >= 0 else { return nil }
            let known = entries[partition]
            guard offset < known.count, found.count < limit else { continue }
            found.append(contentsOf: known[Int(offset)...].prefix(limit - found.count))
        }
        return found
    }
}
