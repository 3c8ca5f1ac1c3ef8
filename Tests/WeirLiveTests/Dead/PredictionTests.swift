import Testing
import WeirCore

@testable import WeirLive

/// `--dry-run` says beforehand what a replay does.
@Suite struct PredictionTests {
    @Test func aPredictionIsWhatBecomesOfTheLettersAndChangesNothing() async throws {
        let dead = try await DeadRoom.make()
        var confirm = dead.room.message(
            .confirm(
                IntentChange(
                    id: CommandID(unchecked: "c"), token: Token(unchecked: "known"),
                    sku: SKU(unchecked: dead.sku))))
        confirm.routingKey = "1"
        try await dead.kill(
            [
                dead.room.message(define(dead.sku, stocked: 4, holdSeconds: 900)),
                dead.room.message(submit("known", dead.sku)),
                // 1 of 4 units is taken: two fit, the next two do not, a smaller one does.
                dead.astray("a", 2), dead.astray("b", 2), dead.astray("c", 2), dead.astray("d", 1),
                dead.astray("known", 1), dead.astray("known", 2), confirm,
                dead.astray("lost", 1, sku: dead.other), dead.broken("x"),
                dead.broken("y", quantity: "\"1\""),
            ], letters: 10)
        let head = try dead.room.count("select sum(head)::bigint from partition")
        let dry = try await dead.replay { $0.isDryRun = true }
        #expect(dry.isDryRun && dry.state == .done && dry.published == 0 && dry.total == 10)
        let expected = [
            "reserved": 2, "sold_out": 2, "known": 1, "conflict": 1, "confirmed": 1, "unknown_sku": 1,
            "unreadable": 2,
        ]
        #expect(
            Dictionary(uniqueKeysWithValues: dry.findings.ranked.map { ($0.finding.word, $0.count) })
                == expected)
        #expect(dry.findings.prediction.contains("2 would be reserved"))
        #expect(dry.findings.prediction.contains("2 still cannot be read"))
        #expect(dry.findings.prediction.contains("1 are decided already"))
        #expect(try dead.room.count("select sum(head)::bigint from partition") == head)
        #expect(try dead.room.depth(0) == 0)
        #expect(
            try dead.room.count("select count(*) from dead_letter where state <> 'open' or replayed > 0") == 0
        )

        #expect(try await dead.replay().published == 8)
        try await dead.work {
            try await eventually { try dead.status("lost") != nil && dead.status("d") != nil }
        }
        #expect(try dead.status("a") == "reserved" && dead.status("d") == "reserved")
        #expect(
            try dead.status("b") == "rejected" && dead.status("c") == "rejected"
                && dead.status("lost") == "rejected")
        try await dead.work { try await eventually { try dead.status("known") == "confirmed" } }
        try await dead.end()
    }

    /// Several batches: each sees what the ones before would have taken.
    @Test func unitsThatAnEarlierBatchWouldTakeAreGone() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill(
            [dead.room.message(define(dead.sku, stocked: 130))] + (0..<250).map { dead.astray("t\($0)") },
            letters: 250)
        let dry = try await dead.replay { $0.isDryRun = true }
        #expect(dry.findings.prediction == "130 would be confirmed, 120 sold out")
        #expect(
            try await dead.replay {
                $0.limit = 10; $0.isDryRun = true
            }.findings.prediction == "10 would be confirmed")
        try await dead.end()
    }
}
