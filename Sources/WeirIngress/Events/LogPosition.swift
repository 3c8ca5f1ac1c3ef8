import WeirCore

/// A place in the whole log: for each partition the number of the last event that lies behind it.
///
/// As text, which is the id of an event in a stream, the numbers in the order of the partitions, `12.0.7.3`: whoever
/// comes back with it goes on without a gap in any of them.
struct LogPosition: Sendable, Hashable {
    /// By partition.
    var seqs: [Int64]

    /// Reads a text that ``text`` wrote for so many partitions; nil for anything else.
    init?(_ text: String, _ partitioning: Partitioning) {
        // Each number has at most 19 digits.
        guard text.utf8.count <= 20 * partitioning.count else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == partitioning.count else { return nil }
        let seqs = parts.compactMap { Int64($0) }
        guard seqs.count == parts.count, zip(seqs, parts).allSatisfy({ $0 >= 0 && String($0) == $1 }) else {
            return nil
        }
        self.seqs = seqs
    }

    init(seqs: [Int64]) { self.seqs = seqs }

    var text: String { seqs.map(String.init).joined(separator: ".") }

    /// Whether what follows it in some of these partitions was pruned.
    func isBefore(_ begin: LogPosition, in partitions: [Int]) -> Bool {
        partitions.contains { seqs[$0] < begin.seqs[$0] }
    }

    /// Whether it lies behind the end of the log in some partition, where no event ever was.
    func isAhead(of head: LogPosition) -> Bool { zip(seqs, head.seqs).contains { $0 > $1 } }
}

/// From where to where a log reaches.
struct LogExtent: Sendable {
    /// What lies before it was pruned.
    let begin: LogPosition
    /// The last event of every partition.
    let end: LogPosition
}
