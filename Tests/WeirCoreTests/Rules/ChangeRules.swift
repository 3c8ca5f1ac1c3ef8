import Testing
import WeirCore

/// Extensions, returns of a part, late payments under limits, and intents that take the place of others.
@Suite struct ChangeRules {
    @Test(arguments: extensions) func anExtensionFollowsItsRow(_ rule: Rule) { rule.check() }

    @Test(arguments: returns) func aReturnFollowsItsRow(_ rule: Rule) { rule.check() }

    @Test(arguments: replacements) func aReplacementFollowsItsRow(_ rule: Rule) { rule.check() }

    @Test func everyStateHasARow() {
        #expect(Set(Self.extensions.compactMap(\.intent?.state)) == Set(IntentState.allCases))
        #expect(Set(Self.returns.compactMap(\.intent?.state)) == Set(IntentState.allCases))
        #expect(Set(Self.replacements.compactMap(\.others.first?.state)) == Set(IntentState.allCases))
    }

    // MARK: Extensions

    private static let row = stock(available: 1, held: 2) { $0.maxHoldSeconds = 60 }

    private static func refusal(
        _ claim: String, _ refusal: Refusal, to seconds: Int64, _ known: Intent = intent(.reserved),
        _ row: Stock = row
    ) -> Rule {
        Rule(
            claim: claim, stock: row, intent: known, command: extend(to: seconds),
            stored: refused(refusal, .intent(known)))
    }

    private static func extended(_ claim: String, to seconds: Int64, _ known: Intent = intent(.reserved))
        -> Rule
    {
        var after = known
        after.holdUntil = at(seconds)
        return Rule(
            claim: claim, stock: row, intent: known, command: extend(to: seconds), intentAfter: after,
            stored: done(.intent(after)), event: .extended(after, stock: row))
    }

    static let extensions: [Rule] =
        [
            Rule(
                claim: "unknown token", stock: row, command: extend(to: noon + 9),
                stored: refused(.unknownToken)),
            extended("a later deadline", to: noon + 6),
            extended("up to the longest that a hold may last, from its decision", to: noon - 5 + 60),
            refusal("one second longer", .holdLimit, to: noon - 5 + 61),
            refusal(
                "the policy permits no extension", .holdLimit, to: noon + 6, intent(.reserved),
                stock(available: 1, held: 2)),
            extended(
                "from its turn on, for one who stood in line", to: noon + 60,
                {
                    var turn = granted(inLine(tokenA, .waitlisted, place: 1)); turn.holdUntil = at(noon + 5);
                    return turn
                }()),
            Rule(
                claim: "it lasts so long already", stock: row, intent: intent(.reserved),
                command: extend(to: noon + 5), stored: unchanged(.intent(intent(.reserved)))),
            Rule(
                claim: "it lasts longer already", stock: row, intent: intent(.reserved),
                command: extend(to: noon - 100), stored: unchanged(.intent(intent(.reserved)))),
            extended(
                "a hold that is due and that nobody ended is extended", to: noon + 9,
                intent(.reserved, until: noon - 1)),
            refusal(
                "a deadline that has passed", .deadlinePassed, to: noon, intent(.reserved, until: noon - 1)),
        ]
        + IntentState.allCases.filter { $0 != .reserved }.map {
            refusal("\($0): wrong state", .wrongState, to: noon + 9, intent($0))
        }

    @Test func aHoldThatWasExtendedDoesNotExpireAtItsOldDeadline() {
        let due = intent(.reserved, until: noon)
        let snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: Self.row], intents: [tokenA: due], due: [due])
        let decision = decide([extend(to: noon + 9)], in: snapshot)
        #expect(decision.changed.map(\.after.state) == [.reserved])
        #expect(decision.stocks.isEmpty)
    }

    // MARK: Returns of a part

    private static let sold = stock(available: 1, held: 2, sold: 4)

    private static func partly(_ units: Int64, _ returned: Int64 = 0) -> Intent {
        var sale = intent(tokenA, shirt, 4, .confirmed)
        sale.returned = returned
        return sale
    }

    private static func returned(_ claim: String, _ known: Intent, _ units: Int64, _ after: Intent) -> Rule {
        let stockAfter = stock(available: 1 + units, held: 2, sold: 4 - units, version: 8)
        return Rule(
            claim: claim, stock: sold, intent: known, command: giveBack(units), stockAfter: stockAfter,
            intentAfter: after, stored: done(.intent(after)),
            event: after.state == .cancelled
                ? .intent(after, from: .confirmed, stock: stockAfter)
                : .returned(after, units: units, stock: stockAfter))
    }

    static let returns: [Rule] =
        [
            Rule(claim: "unknown token", stock: sold, command: giveBack(1), stored: refused(.unknownToken)),
            returned("one of four", partly(4), 1, partly(4, 1)),
            returned("another one", partly(4, 2), 1, partly(4, 3)),
            returned(
                "all that is left of it ends the intent", partly(4, 2), 2, ended(partly(4, 2), .cancelled)),
            returned("all at once is a cancel", partly(4), 4, ended(partly(4), .cancelled)),
            Rule(
                claim: "more than is left", stock: sold, intent: partly(4, 2), command: giveBack(3),
                stored: refused(.tooMany, .intent(partly(4, 2)))),
            Rule(
                claim: "a whole hold by its quantity", stock: stock(available: 0, held: 2),
                intent: intent(.reserved), command: giveBack(2), stockAfter: stock(available: 2, version: 8),
                intentAfter: intent(.cancelled), stored: done(.intent(intent(.cancelled))),
                event: .intent(intent(.cancelled), from: .reserved, stock: stock(available: 2, version: 8)),
                then: [.crossed(.backInStock, stock(available: 2, version: 8))]),
        ]
        + IntentState.allCases.filter { $0 != .confirmed }.map { state in
            Rule(
                claim: "a part of one that is \(state): wrong state",
                stock: stock(available: 0, held: 2, waiting: 2, promised: 2), intent: intent(state),
                command: giveBack(1), stored: refused(.wrongState, .intent(intent(state))))
        }

    @Test func aPartReturnedIsReturnedOnce() {
        let snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: Self.sold], intents: [tokenA: Self.partly(4)])
        let decision = decide([giveBack(1), giveBack(1), giveBack(1, id: "c2")], in: snapshot)
        #expect(decision.changed.map(\.after.returned) == [2])
        #expect(decision.stocks.map(\.after.sold) == [2])
    }

    @Test func aCancelAfterAReturnGivesBackTheRestOnly() {
        let snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: Self.sold], intents: [tokenA: Self.partly(4, 3)])
        let decision = decide([cancel()], in: snapshot)
        #expect(decision.stocks.map(\.after.sold) == [3])
        #expect(decision.changed.map(\.after.units) == [1])
    }

    // MARK: Late payments

    @Test(arguments: [
        (Int64(2), Int64(0), Int64(1), true), (1, 0, 1, false), (9, 8, 1, false), (9, 7, 1, true),
        (9, 0, 2, false),
    ])
    func aLatePaymentTakesOnlyWhatMayBeOffered(
        _ row: (available: Int64, safety: Int64, has: Int64, isTaken: Bool)
    ) {
        let before = stock(available: row.available, sold: row.has) {
            ($0.safetyStock, $0.maxPerBuyer) = (row.safety, 3)
        }
        var snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: before], intents: [tokenA: intent(.expired)])
        snapshot.buyerUnits = [BuyerKey(shirt, ann): row.has]
        let decision = decide([confirm()], in: snapshot)
        #expect(decision.changed.map(\.after.state) == (row.isTaken ? [.confirmed] : []))
        if case .shortfall? = decision.events.first?.happening {
            #expect(!row.isTaken)
        } else {
            #expect(row.isTaken)
        }
    }

    @Test(arguments: [IntentState.rejected, .cancelled, .waitlisted, .backordered])
    func aPaymentForWhatWasNeverHeldTakesNothing(_ state: IntentState) {
        let snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: stock(available: 9, waiting: 2, promised: 2)],
            intents: [tokenA: intent(state)])
        let decision = decide([confirm()], in: snapshot)
        #expect(decision.stocks.isEmpty && decision.changed.isEmpty)
        #expect(decision.results.map(\.result.verdict) == [.refused(.wrongState)])
    }

    // MARK: Replacements

    private static func newer(_ state: IntentState, _ units: Int64, reason: RejectionReason? = nil) -> Intent
    {
        Intent(
            token: tokenA, sku: shirt, quantity: Quantity(units)!, buyer: ann, replaces: tokenB, state: state,
            reason: reason, holdUntil: state == .reserved ? at(noon + 10) : nil, decidedAt: at(noon))
    }

    /// The older intent has two units or waits for them; the newer one asks for `units`.
    private static func replaced(
        _ claim: String, _ old: Intent, _ before: Stock, _ between: Stock?, _ units: Int64, _ new: Intent,
        _ after: Stock?, then: [Crossing] = []
    ) -> Rule {
        let gone = ended(old, .cancelled)
        let isReleased = ![.cancelled, .rejected, .confirmed].contains(old.state)
        let last = after ?? between ?? before
        return Rule(
            claim: claim, stock: before, others: [old], command: ask(tokenA, units, replacing: tokenB),
            stockAfter: after ?? between, intentAfter: new, othersAfter: isReleased ? [gone] : [],
            first: isReleased ? [.intent(gone, from: old.state, stock: between ?? before)] : [],
            event: .intent(new, from: nil, stock: last), then: then.map { .crossed($0, last) })
    }

    private static func older(_ state: IntentState, buyer: Buyer = ann) -> Intent {
        var older = intent(tokenB, shirt, 2, state, buyer: buyer)
        if state.isInLine { older.place = 1 }
        return older
    }

    static let replacements: [Rule] = [
        replaced(
            "a hold for a smaller one: nothing is told to be in stock between the two", older(.reserved),
            stock(available: 0, held: 2), stock(available: 2, version: 8), 2, newer(.reserved, 2),
            stock(available: 0, held: 2, version: 9)),
        replaced(
            "a hold for a smaller one: the rest is on offer", older(.reserved), stock(available: 0, held: 2),
            stock(available: 2, version: 8), 1, newer(.reserved, 1),
            stock(available: 1, held: 1, version: 9), then: [.backInStock]),
        replaced(
            "a hold for a larger one, with enough on the shelf", older(.reserved),
            stock(available: 1, held: 2),
            stock(available: 3, version: 8), 3, newer(.reserved, 3), stock(available: 0, held: 3, version: 9),
            then: [.soldOut]),
        replaced(
            "a hold for more than there is: the old one is gone all the same", older(.reserved),
            stock(available: 0, held: 2), stock(available: 2, version: 8), 3,
            newer(.rejected, 3, reason: .soldOut), nil, then: [.backInStock]),
        replaced(
            "expired: its way back is closed, and the new one is decided", older(.expired),
            stock(available: 2), nil, 1, newer(.reserved, 1), stock(available: 1, held: 1, version: 8)),
        replaced(
            "waitlisted: it leaves the line", older(.waitlisted), stock(available: 1, waiting: 2, places: 1),
            stock(available: 1, version: 8, places: 1), 1, newer(.reserved, 1),
            stock(available: 0, held: 1, version: 9, places: 1)),
        replaced(
            "backordered: the promise is given back", older(.backordered),
            stock(available: 1, promised: 2, places: 1), stock(available: 1, version: 8, places: 1), 1,
            newer(.reserved, 1), stock(available: 0, held: 1, version: 9, places: 1)),
        replaced(
            "cancelled: there is nothing left of it", older(.cancelled), stock(available: 2), nil, 1,
            newer(.reserved, 1), stock(available: 1, held: 1, version: 8)),
        replaced(
            "rejected: there is nothing of it", older(.rejected), stock(available: 2), nil, 1,
            newer(.reserved, 1), stock(available: 1, held: 1, version: 8)),
        replaced(
            "confirmed: what is sold is not replaced", older(.confirmed), stock(available: 2, sold: 2), nil,
            1,
            newer(.rejected, 1, reason: .notReplaceable), nil),
        Rule(
            claim: "another buyer's is not replaced", stock: stock(available: 2, held: 2),
            others: [older(.reserved, buyer: bob)], command: ask(tokenA, 1, replacing: tokenB),
            intentAfter: newer(.rejected, 1, reason: .notReplaceable),
            event: .intent(
                newer(.rejected, 1, reason: .notReplaceable), from: nil, stock: stock(available: 2, held: 2))),
        Rule(
            claim: "an unknown one is not replaced", stock: stock(available: 2),
            command: ask(tokenA, 1, replacing: tokenB),
            intentAfter: newer(.rejected, 1, reason: .notReplaceable),
            event: .intent(
                newer(.rejected, 1, reason: .notReplaceable), from: nil, stock: stock(available: 2))),
        Rule(
            claim: "one of another SKU is not replaced", stock: stock(available: 2),
            others: [intent(tokenB, mug, 2, .reserved)], command: ask(tokenA, 1, replacing: tokenB),
            intentAfter: newer(.rejected, 1, reason: .notReplaceable),
            event: .intent(
                newer(.rejected, 1, reason: .notReplaceable), from: nil, stock: stock(available: 2))),
    ]

    @Test func whatAnIntentHeldStaysItsOwnWhoeverStandsInLine() {
        let waiting = inLine(tokenC, .waitlisted, 1, place: 1, buyer: bob)
        let before = stock(available: 0, held: 2, waiting: 1, places: 1) { $0.onShortage = .waitlist }
        var snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: before], intents: [tokenB: Self.older(.reserved)])
        snapshot.lines[shirt] = Line([waiting], isWhole: true)
        // One of the two units is enough now: it stays, and the other goes to the line.
        let smaller = decide([ask(tokenA, 1, replacing: tokenB)], in: snapshot)
        #expect(smaller.decided.map(\.state) == [.reserved])
        #expect(smaller.changed.map(\.after) == [ended(Self.older(.reserved), .cancelled), granted(waiting)])
        // Three units are more than it had: it queues up behind the others.
        let larger = decide([ask(tokenA, 3, replacing: tokenB)], in: snapshot)
        #expect(larger.decided.map(\.state) == [.waitlisted])
        #expect(larger.changed.map(\.after.state) == [.cancelled, .reserved])
    }

    @Test func anIntentThatWasReplacedIsNeverConfirmed() {
        for state in [IntentState.reserved, .expired] {
            let snapshot = Snapshot(
                now: at(noon), head: 0,
                stocks: [shirt: stock(available: 9, held: state == .reserved ? 2 : 0)],
                intents: [tokenB: Self.older(state)])
            let decision = decide([ask(tokenA, 1, replacing: tokenB), confirm(tokenB)], in: snapshot)
            #expect(decision.results.map(\.result.verdict) == [.refused(.wrongState)])
            #expect(decision.stocks.map(\.after.sold) == [0])
        }
    }

    @Test func aReplacementFitsIntoTheBuyersLimit() {
        let before = stock(available: 5, held: 2) { $0.maxPerBuyer = 3 }
        var snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: before], intents: [tokenB: Self.older(.reserved)])
        snapshot.buyerUnits = [BuyerKey(shirt, ann): 2]
        #expect(decide([ask(tokenA, 3, replacing: tokenB)], in: snapshot).decided.map(\.state) == [.reserved])
        #expect(
            decide([ask(tokenA, 4, replacing: tokenB)], in: snapshot).decided.map(\.reason) == [.buyerLimit])
        #expect(decide([ask(tokenA, 2)], in: snapshot).decided.map(\.reason) == [.buyerLimit])
    }
}
