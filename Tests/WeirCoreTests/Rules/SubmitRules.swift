import Testing
import WeirCore

/// The rules of a submit, in order of precedence: where several apply, the first one names the outcome.
@Suite struct SubmitRules {
    @Test(arguments: table) func aSubmitFollowsTheFirstRuleThatApplies(_ rule: Rule) { rule.check() }

    @Test(arguments: IntentState.allCases)
    func aKnownTokenRepeatsItsOutcomeInEveryState(_ state: IntentState) {
        for rows in [stock(available: 9), stock(available: 0)] {
            let known = intent(state)
            Rule(
                claim: "same payload", stock: rows, intent: known, command: submit(),
                event: .answered(
                    kind: .submit, id: "token-a", sku: shirt, result: unchanged(.intent(known)).replayed())
            ).check()
            Rule(
                claim: "other payload", stock: rows, intent: known, command: submit(tokenA, shirt, 1),
                event: .conflict(tokenA, sku: shirt)
            ).check()
        }
    }

    /// What ``Submit`` decides, written out.
    private static func fresh(
        _ state: IntentState, _ units: Int64 = 2, reason: RejectionReason? = nil, until deadline: Int64? = nil
    ) -> Intent {
        Intent(
            token: tokenA, sku: shirt, quantity: Quantity(units)!, buyer: ann, state: state, reason: reason,
            holdUntil: deadline.map(at), decidedAt: at(noon))
    }

    private static func rejection(_ reason: RejectionReason, _ stock: Stock?, units: Int64 = 2) -> Happening {
        .intent(fresh(.rejected, units, reason: reason), from: nil, stock: stock)
    }

    private static func taken(_ state: IntentState, _ stock: Stock, until deadline: Int64? = nil) -> Happening
    {
        .intent(fresh(state, until: deadline), from: nil, stock: stock)
    }

    static let table: [Rule] = [
        // 1. A known token is never decided again, whatever else holds.
        Rule(
            claim: "known token, same payload, SKU no longer known: its outcome again",
            intent: intent(.rejected, reason: .unknownSKU), command: submit(),
            event: .answered(
                kind: .submit, id: "token-a", sku: shirt,
                result: unchanged(.intent(intent(.rejected, reason: .unknownSKU))).replayed())),
        Rule(
            claim: "known token, other quantity, above the limit: conflict",
            stock: stock(available: 9, limit: 2),
            intent: intent(.reserved), command: submit(tokenA, shirt, 3),
            event: .conflict(tokenA, sku: shirt)),
        Rule(
            claim: "known token, other buyer: conflict", stock: stock(available: 9),
            intent: intent(.reserved), command: submit(by: bob), event: .conflict(tokenA, sku: shirt)),
        Rule(
            claim: "known token, other and unknown SKU: conflict under the SKU of the sender",
            stock: stock(available: 9), intent: intent(.reserved), command: submit(tokenA, mug),
            event: .conflict(tokenA, sku: mug)),
        // 2. An unknown SKU.
        Rule(
            claim: "unknown SKU: rejected, without a stock image", command: submit(),
            intentAfter: fresh(.rejected, reason: .unknownSKU), event: rejection(.unknownSKU, nil)),
        // 3. The limit of an intent comes before the stock.
        Rule(
            claim: "above the limit and sold out: quantity limit", stock: stock(available: 0, limit: 1),
            command: submit(), intentAfter: fresh(.rejected, reason: .quantityLimit),
            event: rejection(.quantityLimit, stock(available: 0, limit: 1))),
        Rule(
            claim: "one above the limit: quantity limit", stock: stock(available: 9, limit: 1),
            command: submit(), intentAfter: fresh(.rejected, reason: .quantityLimit),
            event: rejection(.quantityLimit, stock(available: 9, limit: 1))),
        Rule(
            claim: "exactly the limit: reserved", stock: stock(available: 9, limit: 2), command: submit(),
            stockAfter: stock(available: 7, held: 2, version: 8, limit: 2),
            intentAfter: fresh(.reserved, until: noon + 10),
            event: taken(.reserved, stock(available: 7, held: 2, version: 8, limit: 2), until: noon + 10)),
        // 4. Too few units.
        Rule(
            claim: "one unit too few: sold out", stock: stock(available: 1, held: 4, sold: 4),
            command: submit(), intentAfter: fresh(.rejected, reason: .soldOut),
            event: rejection(.soldOut, stock(available: 1, held: 4, sold: 4))),
        Rule(
            claim: "no unit at all: sold out", stock: stock(available: 0), command: submit(tokenA, shirt, 1),
            intentAfter: fresh(.rejected, 1, reason: .soldOut),
            event: rejection(.soldOut, stock(available: 0), units: 1)),
        // 5. A SKU without holds sells at once.
        Rule(
            claim: "the last units without a hold: confirmed", stock: stock(available: 2, sold: 1, hold: 0),
            command: submit(), stockAfter: stock(available: 0, sold: 3, version: 8, hold: 0),
            intentAfter: fresh(.confirmed),
            event: taken(.confirmed, stock(available: 0, sold: 3, version: 8, hold: 0)),
            then: [.crossed(.soldOut, stock(available: 0, sold: 3, version: 8, hold: 0))]),
        // 6. Everything else is held.
        Rule(
            claim: "the last units with a hold: reserved until the deadline",
            stock: stock(available: 2, held: 1, sold: 1), command: submit(),
            stockAfter: stock(available: 0, held: 3, sold: 1, version: 8),
            intentAfter: fresh(.reserved, until: noon + 10),
            event: taken(.reserved, stock(available: 0, held: 3, sold: 1, version: 8), until: noon + 10),
            then: [.crossed(.soldOut, stock(available: 0, held: 3, sold: 1, version: 8))]),
    ]
}
