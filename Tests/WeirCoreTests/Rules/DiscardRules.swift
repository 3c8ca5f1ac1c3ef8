import Testing
import WeirCore

/// The rules of a discard, in order of precedence.
@Suite struct DiscardRules {
    @Test(arguments: table) func aDiscardFollowsTheFirstRuleThatApplies(_ rule: Rule) { rule.check() }

    @Test(arguments: IntentState.allCases)
    func whatWasDecidedAfterAllStaysAsItIs(_ state: IntentState) {
        let known = intent(state)
        Rule(
            claim: "same payload", stock: stock(available: 9), intent: known, command: .discard(wish()),
            event: .answered(
                kind: .discard, id: "token-a", sku: shirt, result: unchanged(.intent(known)).replayed())
        ).check()
    }

    private static let given = Intent(
        token: tokenA, sku: shirt, quantity: Quantity(2)!, buyer: ann, state: .rejected, reason: .discarded,
        decidedAt: at(noon))

    static let table: [Rule] = [
        Rule(
            claim: "known token, other payload: conflict", stock: stock(available: 9),
            intent: intent(.reserved), command: .discard(wish(tokenA, shirt, 1)),
            event: .conflict(tokenA, sku: shirt)),
        Rule(
            claim: "unknown token with units free: rejected as discarded, no unit is taken",
            stock: stock(available: 9), command: .discard(wish()), intentAfter: given,
            event: .intent(given, from: nil, stock: stock(available: 9))),
        Rule(
            claim: "unknown token, unknown SKU: rejected as discarded", command: .discard(wish()),
            intentAfter: given, event: .intent(given, from: nil, stock: nil)),
    ]
}
