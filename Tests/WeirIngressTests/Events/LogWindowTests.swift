import Testing
import WeirCore

@testable import WeirIngress

/// What streams read together: contiguous in each partition, bounded, and honest about what has left it.
@Suite struct LogWindowTests {
    private func entry(_ partition: Int, _ seq: Int64, bytes: Int = 10) -> LogEntry {
        LogEntry(
            partition: partition, seq: seq, at: Timestamp(microseconds: 0), type: "t", sku: "s",
            body: Array(#"{"x":"\#(String(repeating: "x", count: bytes))"}"#.utf8), trace: nil)
    }

    private func seqs(
        _ window: LogWindow, after place: [Int64], in partitions: [Int] = [0, 1], limit: Int = 100
    ) -> [[Int64]]? {
        window.entries(after: LogPosition(seqs: place), in: partitions, limit: limit)?.map {
            [Int64($0.partition), $0.seq]
        }
    }

    @Test func itGivesWhatFollowsAPlaceInEachPartition() {
        var window = LogWindow(at: LogPosition(seqs: [10, 0]))
        window.append([entry(0, 11), entry(0, 12), entry(1, 1), entry(0, 13)])
        #expect(window.end.seqs == [13, 1])
        #expect(seqs(window, after: [10, 0]) == [[0, 11], [0, 12], [0, 13], [1, 1]])
        #expect(seqs(window, after: [12, 0]) == [[0, 13], [1, 1]])
        #expect(seqs(window, after: [10, 0], in: [1]) == [[1, 1]])
        #expect(seqs(window, after: [10, 0], limit: 2) == [[0, 11], [0, 12]])
        #expect(seqs(window, after: [13, 1]) == [])
        // A stream may have begun a little further than memory has come.
        #expect(seqs(window, after: [20, 1]) == [])
    }

    @Test func whatDoesNotFollowItsEndIsNotTaken() {
        var window = LogWindow(at: LogPosition(seqs: [0, 0]))
        window.append([entry(0, 2), entry(0, 1), entry(0, 1), entry(0, 3), entry(0, 2)])
        #expect(seqs(window, after: [0, 0]) == [[0, 1], [0, 2]])
    }

    @Test func whatLeftItIsSaidToBeMissingAndNotSkipped() {
        var window = LogWindow(at: LogPosition(seqs: [0, 0]))
        let limit = entry(0, 1, bytes: 1_000).weight * 3 + 100
        for seq in Int64(1)...10 { window.append([entry(0, seq, bytes: 1_000)], limit: limit) }
        #expect(window.start.seqs == [7, 0] && window.end.seqs == [10, 0])
        #expect(seqs(window, after: [6, 0]) == nil)
        #expect(seqs(window, after: [7, 0]) == [[0, 8], [0, 9], [0, 10]])
        // Another partition has lost nothing.
        #expect(seqs(window, after: [0, 0], in: [1]) == [])
    }

    @Test func aPlaceIsReadAsItIsWrittenAndNothingElseIs() throws {
        let partitioning = try #require(Partitioning(count: 3))
        let place = LogPosition(seqs: [0, 12, 9_223_372_036_854_775_807])
        #expect(LogPosition(place.text, partitioning) == place)
        for text in ["", "1.2", "1.2.3.4", "1.2.x", "1.2.-3", "1.2.03", "1.2.9223372036854775808", " 1.2.3"] {
            #expect(LogPosition(text, partitioning) == nil, "\(text)")
        }
    }
}
