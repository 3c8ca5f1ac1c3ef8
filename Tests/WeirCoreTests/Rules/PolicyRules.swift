import Testing
import WeirCore

/// The limits of a policy, in order of precedence; what changes of it do and do not touch; its thresholds.
@Suite struct PolicyRules {
    @Test(arguments: table) func aWishMeetsTheFirstLimitThatApplies(_ rule: Rule) { rule.check() }

    private static func fresh(_ state: IntentState, _ units: Int64 = 2, reason: RejectionReason? = nil)
        -> Intent
    {
        Intent(
            token: tokenA, sku: shirt, quantity: Quantity(units)!, buyer: ann, state: state, reason: reason,
            holdUntil: state == .reserved ? at(noon + 10) : nil, decidedAt: at(noon))
    }

    private static func rejected(
        _ claim: String, _ reason: RejectionReason, _ units: Int64 = 2, has: Int64 = 0,
        _ also: (inout SKUPolicy) -> Void
    ) -> Rule {
        let row = stock(available: 9, also: also)
        let intent = fresh(.rejected, units, reason: reason)
        return Rule(
            claim: claim, stock: row, buyers: row.countsBuyers ? [ann: has] : [:],
            command: ask(tokenA, units), intentAfter: intent, event: .intent(intent, from: nil, stock: row))
    }

    private static func reserved(
        _ claim: String, _ units: Int64 = 2, has: Int64 = 0, then: [Crossing] = [],
        _ also: (inout SKUPolicy) -> Void
    ) -> Rule {
        let row = stock(available: 9, also: also)
        let after = stock(available: 9 - units, held: units, version: 8, also: also)
        let intent = fresh(.reserved, units)
        return Rule(
            claim: claim, stock: row, buyers: row.countsBuyers ? [ann: has] : [:],
            command: ask(tokenA, units), stockAfter: after, intentAfter: intent,
            event: .intent(intent, from: nil, stock: after), then: then.map { .crossed($0, after) },
            buyersAfter: row.countsBuyers ? [ann: units] : [:])
    }

    static let table: [Rule] = [
        rejected("before the sale begins, whatever else: not on sale", .notOnSale, 3) {
            ($0.onSaleFrom, $0.maxPerIntent, $0.maxPerBuyer) = (at(noon + 1), 1, 1)
        },
        reserved("the sale begins now") { $0.onSaleFrom = at(noon) },
        rejected("the sale ends now", .notOnSale) { $0.onSaleUntil = at(noon) },
        reserved("the sale has not ended") {
            ($0.onSaleFrom, $0.onSaleUntil) = (
                at(noon - 9), Timestamp(microseconds: at(noon).microseconds + 1)
            )
        },
        rejected("above the limits of an intent and of a buyer: quantity limit", .quantityLimit) {
            ($0.maxPerIntent, $0.maxPerBuyer) = (1, 1)
        },
        rejected("one unit above the buyer's limit", .buyerLimit, has: 2) { $0.maxPerBuyer = 3 },
        rejected("above the buyer's limit and sold out: buyer limit", .buyerLimit, 12, has: 0) {
            $0.maxPerBuyer = 3
        },
        reserved("exactly the buyer's limit", has: 1) { $0.maxPerBuyer = 3 },
        rejected("the safety stock is never offered", .soldOut) { $0.safetyStock = 8 },
        reserved("down to the safety stock", then: [.soldOut]) { $0.safetyStock = 7 },
        reserved("down to the threshold: low stock", then: [.lowStock]) { $0.lowStockAt = 7 },
        reserved("down to one above the threshold") { $0.lowStockAt = 6 },
        reserved("low already: not said again") { $0.lowStockAt = 9 },
        reserved("the last unit on offer: low and sold out", 9, then: [.lowStock, .soldOut]) {
            $0.lowStockAt = 2
        },
        reserved("a threshold of nothing", 9, then: [.lowStock, .soldOut]) { $0.lowStockAt = 0 },
        reserved("the threshold counts what is on offer", then: [.lowStock]) {
            ($0.lowStockAt, $0.safetyStock) = (4, 3)
        },
    ]

    @Test func buyersAreToldApartByTheirBytes() {
        let (one, other) = (Buyer("Zoe\u{308}")!, Buyer("Zo\u{EB}")!)
        var snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: stock(available: 9) { $0.maxPerBuyer = 2 }])
        snapshot.buyerUnits = [BuyerKey(shirt, one): 0, BuyerKey(shirt, other): 0]
        let decision = decide(
            [ask(tokenA, by: one), ask(tokenB, by: other), ask(tokenC, 1, by: one)], in: snapshot)
        #expect(decision.decided.map(\.reason) == [nil, nil, .buyerLimit])
        #expect(decision.buyers.count == 2)
    }

    /// What counts for the limit, and what gives it back.
    @Test(arguments: [
        (IntentState.reserved, cancel(), Int64(-2)), (.confirmed, cancel(), -2),
        (.confirmed, giveBack(1), -1),
        (.reserved, confirm(), 0), (.expired, confirm(), 2),
    ])
    func aBuyersTotalFollowsHisIntents(_ row: (state: IntentState, command: Command, change: Int64)) {
        let claimed: Int64 = row.state == .expired ? 0 : 2
        let before = stock(
            available: 5, held: row.state == .reserved ? 2 : 0, sold: row.state == .confirmed ? 2 : 0
        ) { $0.maxPerBuyer = 3 }
        var snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: before], intents: [tokenA: intent(row.state)])
        snapshot.buyerUnits = [BuyerKey(shirt, ann): claimed]
        let decision = decide([row.command], in: snapshot)
        #expect(decision.lacking.isEmpty)
        #expect(
            decision.buyers == (row.change == 0 ? [] : [BuyerChange(BuyerKey(shirt, ann), by: row.change)]))
    }

    @Test func aHoldThatExpiresGivesItsBuyerHisUnitsBack() {
        let row = stock(available: 0, held: 2) { $0.maxPerBuyer = 3 }
        let due = intent(.reserved, until: noon)
        let decision = decide([], in: Snapshot(now: at(noon), head: 0, stocks: [shirt: row], due: [due]))
        #expect(decision.buyers == [BuyerChange(BuyerKey(shirt, ann), by: -2)])
    }

    @Test func aSKUThatBeginsToCountSumsUpWhatItHas() {
        let snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: stock(available: 5, sold: 2)],
            intents: [tokenA: intent(.confirmed)])
        let decision = decide(
            [ask(tokenB), define(stocked: 0, also: { $0.maxPerBuyer = 9 }), cancel(id: "c2")], in: snapshot)
        // The rows as this batch leaves them hold all of it, so no change is told beside them.
        #expect(decision.countedFromNow == [shirt])
        #expect(decision.buyers.isEmpty)
        #expect(decision.stocks.map(\.after.countsBuyers) == [true])
    }

    @Test func aDefinitionThatWasRefusedCountsNothing() {
        let snapshot = Snapshot(now: at(noon), head: 0, stocks: [shirt: stock(available: 5, sold: 2)])
        let late = define(stocked: 0, ifVersion: .exactly(6), also: { $0.maxPerBuyer = 9 })
        let decision = decide([late, ask(tokenB)], in: snapshot)
        #expect(decision.countedFromNow.isEmpty)
        #expect(decision.buyers.isEmpty)
        #expect(decision.results.map(\.result.verdict) == [.refused(.versionMismatch)])
    }

    @Test func aSKUThatIsNewCountsFromItsFirstIntent() {
        let decision = decide(
            [define(stocked: 5, also: { $0.maxPerBuyer = 3 }), ask(tokenA), ask(tokenB)],
            in: Snapshot(now: at(noon), head: 0))
        #expect(decision.lacking.isEmpty && decision.countedFromNow.isEmpty)
        #expect(decision.decided.map(\.reason) == [nil, .buyerLimit])
        #expect(decision.buyers == [BuyerChange(BuyerKey(shirt, ann), by: 2)])
    }

    @Test func aLimitThatIsTakenAwayAndSetAgainHasCountedOn() {
        var row = stock(available: 5, sold: 2)
        row.countsBuyers = true
        var snapshot = Snapshot(now: at(noon), head: 0, stocks: [shirt: row])
        #expect(decide([ask()], in: snapshot).buyers == [BuyerChange(BuyerKey(shirt, ann), by: 2)])
        snapshot.buyerUnits = [BuyerKey(shirt, ann): 2]
        let decision = decide([define(stocked: 0, also: { $0.maxPerBuyer = 3 }), ask()], in: snapshot)
        #expect(decision.decided.map(\.reason) == [.buyerLimit])
        #expect(decision.countedFromNow.isEmpty)
    }

    // MARK: Changing a policy never breaks a promise already given

    @Test func aStricterPolicyTakesNothingFromAnybody() {
        let waiting = inLine(tokenB, .waitlisted, 2, place: 1, buyer: bob)
        let before = stock(available: 0, held: 2, waiting: 2, places: 1) { $0.onShortage = .waitlist }
        var snapshot = Snapshot(
            now: at(noon), head: 0, stocks: [shirt: before], intents: [tokenA: intent(.reserved)])
        snapshot.lines[shirt] = Line([waiting], isWhole: true)
        let strict = define(
            stocked: 0, hold: 1, limit: 1, id: "strict",
            also: { ($0.waitlistLimit, $0.onSaleUntil, $0.onShortage) = (0, at(noon - 1), .reject) })
        let decision = decide([strict, confirm(), adjust(by: 2, id: "c2")], in: snapshot)
        #expect(decision.changed.map(\.after.state) == [.confirmed, .reserved])
        #expect(decision.changed.map(\.after.holdUntil) == [nil, at(noon + 1)])
    }

    @Test func aSmallerSafetyStockServesTheLine() {
        let waiting = inLine(tokenB, .waitlisted, 2, place: 1, buyer: bob)
        let before = stock(available: 3, waiting: 2, places: 1) {
            ($0.onShortage, $0.safetyStock) = (.waitlist, 2)
        }
        var snapshot = Snapshot(now: at(noon), head: 0, stocks: [shirt: before])
        snapshot.lines[shirt] = Line([waiting], isWhole: true)
        let decision = decide(
            [define(stocked: 0, also: { ($0.onShortage, $0.safetyStock) = (.waitlist, 1) })], in: snapshot)
        #expect(decision.changed.map(\.after) == [granted(waiting)])
        #expect(decision.stocks.map(\.after.available) == [1])
    }

    @Test func aLargerSafetyStockSellsOutAndALowerThresholdSaysNothing() {
        let before = stock(available: 3) { $0.lowStockAt = 2 }
        func told(_ also: (inout SKUPolicy) -> Void) -> [Crossing] {
            decide(
                [define(stocked: 0, also: also)],
                in: Snapshot(now: at(noon), head: 0, stocks: [shirt: before])
            )
            .events.compactMap { if case .crossed(let crossing, _) = $0.happening { crossing } else { nil } }
        }
        #expect(told { ($0.lowStockAt, $0.safetyStock) = (2, 3) } == [.lowStock, .soldOut])
        #expect(told { $0.lowStockAt = 3 } == [.lowStock])
        #expect(told { $0.lowStockAt = 1 }.isEmpty)
        #expect(told { $0.lowStockAt = nil }.isEmpty)
    }

    // MARK: If-Match

    @Test(arguments: [
        (VersionMatch.exactly(7), true), (.exactly(6), false), (.exactly(8), false), (.any, true),
    ])
    func aDefinitionForAVersionMeetsThatVersionOnly(_ row: (match: VersionMatch, isDone: Bool)) {
        let before = stock(available: 3)
        let after = stock(available: 3, version: 8, hold: 5)
        Rule(
            claim: "\(row.match)", stock: before, command: define(stocked: 9, hold: 5, ifVersion: row.match),
            stockAfter: row.isDone ? after : nil,
            stored: row.isDone ? done(.stock(after)) : refused(.versionMismatch, .stock(before)),
            event: row.isDone ? .defined(after) : nil
        ).check()
    }

    @Test(arguments: [VersionMatch.exactly(1), .any])
    func aDefinitionForAVersionCreatesNothing(_ match: VersionMatch) {
        Rule(
            claim: "unknown", command: define(stocked: 9, ifVersion: match),
            stored: refused(.versionMismatch, .nothing)
        ).check()
    }
}
