import Testing
import WeirCore

/// The rules of a confirm: every state, every stock that makes a difference.
@Suite struct ConfirmRules {
    @Test(arguments: table) func aConfirmFollowsItsRow(_ rule: Rule) { rule.check() }

    @Test func everyStateHasARow() {
        #expect(Set(Self.table.compactMap(\.intent?.state)) == Set(IntentState.allCases))
    }

    @Test(arguments: [noon - 1_000_000, noon - 1, noon, noon + 1])
    func aHoldThatNobodyEndedIsConfirmedWhateverItsDeadline(_ deadline: Int64) {
        let after = stock(available: 0, sold: 2, version: 8)
        Rule(
            claim: "deadline \(deadline)", stock: stock(available: 0, held: 2),
            intent: intent(.reserved, until: deadline), command: confirm(), stockAfter: after,
            intentAfter: intent(.confirmed), stored: done(.intent(intent(.confirmed))),
            event: .intent(intent(.confirmed), from: .reserved, stock: after)
        ).check()
    }

    private static func wrong(_ state: IntentState, _ rows: Stock?) -> Rule {
        Rule(
            claim: "\(state): wrong state", stock: rows, intent: intent(state), command: confirm(),
            stored: refused(.wrongState, .intent(intent(state))))
    }

    private static func late(_ before: Stock, _ after: Stock) -> Rule {
        Rule(
            claim: "expired, \(before.available) available: sold after all", stock: before,
            intent: intent(.expired), command: confirm(), stockAfter: after,
            intentAfter: intent(.confirmed), stored: done(.intent(intent(.confirmed))),
            event: .intent(intent(.confirmed), from: .expired, stock: after),
            then: after.available == 0 ? [.crossed(.soldOut, after)] : [])
    }

    private static func short(_ before: Stock) -> Rule {
        Rule(
            claim: "expired, \(before.available) available: shortfall", stock: before,
            intent: intent(.expired), command: confirm(),
            stored: refused(.shortfall, .intent(intent(.expired))),
            event: .shortfall(intent(.expired), stock: before))
    }

    static let table: [Rule] = [
        Rule(
            claim: "unknown token", stock: stock(available: 3), command: confirm(),
            stored: refused(.unknownToken)),
        Rule(claim: "unknown token, unknown SKU", command: confirm(), stored: refused(.unknownToken)),
        Rule(
            claim: "the token of another SKU's intent is unknown here", stock: stock(mug, available: 3),
            intent: intent(.reserved), command: confirm(tokenA, mug), stored: refused(.unknownToken)),
        Rule(
            claim: "reserved: from held to sold", stock: stock(available: 1, held: 3, sold: 4),
            intent: intent(.reserved), command: confirm(),
            stockAfter: stock(available: 1, held: 1, sold: 6, version: 8),
            intentAfter: intent(.confirmed), stored: done(.intent(intent(.confirmed))),
            event: .intent(
                intent(.confirmed), from: .reserved,
                stock: stock(available: 1, held: 1, sold: 6, version: 8))),
        late(
            stock(available: 2, held: 3, sold: 4), stock(available: 0, held: 3, sold: 6, version: 8)),
        late(stock(available: 5), stock(available: 3, sold: 2, version: 8)),
        late(
            stock(available: 5, hold: 0, limit: 1),
            stock(available: 3, sold: 2, version: 8, hold: 0, limit: 1)),
        short(stock(available: 1, held: 3, sold: 4)),
        short(stock(available: 0)),
        Rule(
            claim: "confirmed: as it was asked already", stock: stock(available: 1, sold: 2),
            intent: intent(.confirmed), command: confirm(), stored: unchanged(.intent(intent(.confirmed)))),
        wrong(.cancelled, stock(available: 9)),
        wrong(.rejected, stock(available: 9)),
        wrong(.rejected, nil),
        wrong(.waitlisted, stock(available: 9)),
        wrong(.backordered, stock(available: 9)),
    ]
}
