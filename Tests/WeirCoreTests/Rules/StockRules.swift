import Testing
import WeirCore

/// The rules of define and adjust, in order of precedence.
@Suite struct StockRules {
    @Test(arguments: definitions) func aDefinitionFollowsItsRow(_ rule: Rule) { rule.check() }

    @Test(arguments: adjustments) func anAdjustmentFollowsItsRow(_ rule: Rule) { rule.check() }

    @Test func aNewPolicyLeavesHoldsThatWereGivenAsTheyAre() {
        let snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: stock(available: 5, held: 2)],
            intents: [tokenA: intent(.reserved)])
        let decision = decide([define(stocked: 0, hold: 99), submit(tokenB)], in: snapshot)
        #expect(decision.changed.isEmpty)
        #expect(decision.decided.map(\.holdUntil) == [at(noon + 99)])
    }

    private static func defined(_ claim: String, _ before: Stock?, _ command: Command, _ after: Stock) -> Rule
    {
        Rule(
            claim: claim, stock: before, command: command, stockAfter: after, stored: done(.stock(after)),
            event: .defined(after))
    }

    static let definitions: [Rule] = [
        defined(
            "an unknown SKU is created, its stock is available", nil, define(stocked: 5, hold: 3, limit: 4),
            stock(available: 5, version: 1, hold: 3, limit: 4)),
        defined(
            "a SKU may be created without units", nil, define(stocked: 0), stock(available: 0, version: 1)),
        defined(
            "another hold changes the policy only", stock(available: 1, held: 2, sold: 3),
            define(stocked: 99, hold: 0), stock(available: 1, held: 2, sold: 3, version: 8, hold: 0)),
        defined(
            "another limit changes the policy only", stock(available: 1), define(stocked: 1, limit: 4),
            stock(available: 1, version: 8, limit: 4)),
        defined(
            "a limit may be taken away", stock(available: 1, limit: 4), define(stocked: 1),
            stock(available: 1, version: 8)),
        Rule(
            claim: "the same policy changes nothing, whatever the initial stock says",
            stock: stock(available: 1, held: 2), command: define(stocked: 99),
            stored: unchanged(.stock(stock(available: 1, held: 2)))),
    ]

    private static func adjusted(_ claim: String, _ before: Stock, by delta: Int64, _ after: Stock) -> Rule {
        Rule(
            claim: claim, stock: before, command: adjust(by: delta, reason: "delivery"), stockAfter: after,
            stored: done(.stock(after)), event: .adjusted(after, delta: delta, reason: "delivery"),
            then: before.available == 0
                ? [.crossed(.backInStock, after)]
                : after.available == 0 ? [.crossed(.soldOut, after)] : [])
    }

    private static func kept(_ refusal: Refusal, _ before: Stock, by delta: Int64) -> Rule {
        Rule(
            claim: "\(before.available) available, \(delta): \(refusal.rawValue)", stock: before,
            command: adjust(by: delta), stored: refused(refusal, .stock(before)))
    }

    private static let most = StockLimit.stocked.upperBound

    static let adjustments: [Rule] = [
        Rule(claim: "unknown SKU", command: adjust(by: 1), stored: refused(.unknownSKU)),
        kept(.belowCommitted, stock(available: 0, held: 3, sold: 4), by: -1),
        kept(.belowCommitted, stock(available: 2, held: 3, sold: 4), by: -3),
        kept(.belowCommitted, stock(available: 2), by: -3),
        kept(.belowCommitted, stock(available: most), by: StockLimit.delta.lowerBound - 1),
        kept(.belowCommitted, stock(available: 0), by: .min),
        adjusted(
            "everything that nobody has a claim on may be taken", stock(available: 2, held: 3, sold: 4),
            by: -2, stock(available: 0, held: 3, sold: 4, version: 8)),
        kept(.stockLimit, stock(available: most), by: 1),
        kept(.stockLimit, stock(available: 0, held: most - 1, sold: 1), by: 1),
        kept(.stockLimit, stock(available: 1), by: StockLimit.delta.upperBound),
        kept(.stockLimit, stock(available: most), by: .max),
        adjusted(
            "up to the limit", stock(available: 0), by: StockLimit.delta.upperBound,
            stock(available: most, version: 8)),
        adjusted(
            "down from the limit", stock(available: most), by: StockLimit.delta.lowerBound,
            stock(available: 0, version: 8)),
        adjusted(
            "units are added to those that are available", stock(available: 1, held: 3, sold: 4), by: 5,
            stock(available: 6, held: 3, sold: 4, version: 8)),
    ]
}
