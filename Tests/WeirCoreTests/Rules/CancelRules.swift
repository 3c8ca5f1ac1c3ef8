import Testing
import WeirCore

/// The rules of a cancel: every state, and where the units go.
@Suite struct CancelRules {
    @Test(arguments: table) func aCancelFollowsItsRow(_ rule: Rule) { rule.check() }

    @Test func everyStateHasARow() {
        #expect(Set(Self.table.compactMap(\.intent?.state)) == Set(IntentState.allCases))
    }

    @Test func unitsOfACancelledIntentAreReleasedOnce() {
        let snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: stock(available: 0, held: 2)],
            intents: [tokenA: intent(.reserved)])
        let decision = decide([cancel(id: "c1"), cancel(id: "c2"), cancel(id: "c1")], in: snapshot)
        #expect(decision.stocks.map(\.after) == [stock(available: 2, version: 8)])
        #expect(decision.results.map(\.result.verdict) == [.done, .unchanged])
    }

    private static func wrong(_ state: IntentState, _ rows: Stock?) -> Rule {
        Rule(
            claim: "\(state): wrong state", stock: rows, intent: intent(state), command: cancel(),
            stored: refused(.wrongState, .intent(intent(state))))
    }

    private static func released(from state: IntentState, _ before: Stock, _ after: Stock) -> Rule {
        Rule(
            claim: "\(state): the units are free again", stock: before, intent: intent(state),
            command: cancel(), stockAfter: after, intentAfter: intent(.cancelled),
            stored: done(.intent(intent(.cancelled))),
            event: .intent(intent(.cancelled), from: state, stock: after),
            then: before.available == 0 && after.offered > 0 ? [.crossed(.backInStock, after)] : [])
    }

    static let table: [Rule] = [
        Rule(
            claim: "unknown token", stock: stock(available: 3), command: cancel(),
            stored: refused(.unknownToken)),
        Rule(claim: "unknown token, unknown SKU", command: cancel(), stored: refused(.unknownToken)),
        Rule(
            claim: "the token of another SKU's intent is unknown here", stock: stock(mug, available: 3),
            intent: intent(.reserved), command: cancel(tokenA, mug), stored: refused(.unknownToken)),
        released(
            from: .reserved, stock(available: 1, held: 3, sold: 4),
            stock(available: 3, held: 1, sold: 4, version: 8)),
        released(
            from: .confirmed, stock(available: 1, held: 3, sold: 4),
            stock(available: 3, held: 3, sold: 2, version: 8)),
        released(
            from: .confirmed, stock(available: 0, sold: 2, hold: 0),
            stock(available: 2, version: 8, hold: 0)),
        Rule(
            claim: "cancelled: as it was asked already", stock: stock(available: 1),
            intent: intent(.cancelled), command: cancel(), stored: unchanged(.intent(intent(.cancelled)))),
        released(
            from: .waitlisted, stock(available: 0, waiting: 5), stock(available: 0, waiting: 3, version: 8)),
        released(
            from: .backordered, stock(available: 0, promised: 5),
            stock(available: 0, promised: 3, version: 8)),
        wrong(.expired, stock(available: 9)),
        wrong(.rejected, stock(available: 9)),
        wrong(.rejected, nil),
    ]
}
