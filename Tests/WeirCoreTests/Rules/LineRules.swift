import Testing
import WeirCore

/// The rules of the line: who joins it, who is served, in which order, and what it costs nobody else.
@Suite struct LineRules {
    @Test(arguments: joining) func aWishForWhichThereAreTooFewUnitsFollowsItsRow(_ rule: Rule) {
        rule.check()
    }

    @Test(arguments: serving) func unitsThatComeFreeFollowTheirRow(_ rule: Rule) { rule.check() }

    private static let waiting = inLine(tokenB, .waitlisted, 2, place: 1, buyer: bob)
    private static let promised = inLine(tokenC, .backordered, 2, place: 2, buyer: bob)

    /// A shop in which one may wait for at most 4 units, or is promised at most 4.
    private static func row(
        _ rule: ShortageRule, available: Int64 = 0, held: Int64 = 0, sold: Int64 = 0, waiting: Int64 = 0,
        promised: Int64 = 0, version: Int64 = 7, places: Int64 = 0, hold: Int64 = 10, safety: Int64 = 0
    ) -> Stock {
        stock(
            available: available, held: held, sold: sold, waiting: waiting, promised: promised,
            version: version, places: places, hold: hold
        ) {
            ($0.onShortage, $0.waitlistLimit, $0.backorderLimit, $0.safetyStock) = (rule, 4, 4, safety)
            $0.availableFrom = rule == .backorder ? at(noon + 500) : nil
        }
    }

    // MARK: Joining

    private static func fresh(
        _ state: IntentState, _ units: Int64 = 2, place: Int64? = nil, asked: ShortageRule? = nil,
        reason: RejectionReason? = nil
    ) -> Intent {
        Intent(
            token: tokenA, sku: shirt, quantity: Quantity(units)!, buyer: ann, onShortage: asked,
            state: state,
            reason: reason, decidedAt: at(noon), place: place,
            availableFrom: state == .backordered ? at(noon + 500) : nil)
    }

    private static func joins(
        _ claim: String, _ before: Stock, _ after: Stock, _ state: IntentState, _ units: Int64 = 2,
        asked: ShortageRule? = nil, then: [Happening] = []
    ) -> Rule {
        let intent = fresh(state, units, place: after.lastPlace, asked: asked)
        return Rule(
            claim: claim, stock: before, command: ask(tokenA, units, onShortage: asked), stockAfter: after,
            intentAfter: intent, event: .intent(intent, from: nil, stock: after), then: then)
    }

    private static func soldOut(
        _ claim: String, _ before: Stock, _ units: Int64 = 2, asked: ShortageRule? = nil
    ) -> Rule {
        let intent = fresh(.rejected, units, asked: asked, reason: .soldOut)
        return Rule(
            claim: claim, stock: before, command: ask(tokenA, units, onShortage: asked), intentAfter: intent,
            event: .intent(intent, from: nil, stock: before))
    }

    static let joining: [Rule] = [
        joins(
            "waitlist: it waits", row(.waitlist), row(.waitlist, waiting: 2, version: 8, places: 1),
            .waitlisted),
        joins(
            "waitlist, one unit too few: it waits, and nothing is on offer any more",
            row(.waitlist, available: 1),
            row(.waitlist, available: 1, waiting: 2, version: 8, places: 1), .waitlisted,
            then: [.crossed(.soldOut, row(.waitlist, available: 1, waiting: 2, version: 8, places: 1))]),
        joins(
            "somebody waits: a newcomer joins, even with units free",
            row(.waitlist, available: 2, waiting: 3, places: 9),
            row(.waitlist, available: 2, waiting: 4, version: 8, places: 10), .waitlisted, 1),
        soldOut(
            "somebody waits, the policy lets nobody join: rejected, even with units free",
            row(.reject, available: 2, waiting: 3, places: 9), 1),
        soldOut(
            "somebody is promised units: rejected, even with units free",
            row(.reject, available: 2, promised: 3, places: 9), 1),
        joins(
            "up to the limit of the waitlist", row(.waitlist, waiting: 2, places: 3),
            row(.waitlist, waiting: 4, version: 8, places: 4), .waitlisted),
        soldOut("beyond the limit of the waitlist", row(.waitlist, waiting: 3, places: 3)),
        joins(
            "backorder: units are promised, with the date", row(.backorder),
            row(.backorder, promised: 2, version: 8, places: 1), .backordered),
        joins(
            "backorder up to its limit", row(.backorder, promised: 2, places: 5),
            row(.backorder, promised: 4, version: 8, places: 6), .backordered),
        soldOut("beyond the limit of the backorder", row(.backorder, promised: 3, places: 3)),
        // An intent may ask for fewer guarantees than the policy gives, never for more.
        soldOut("waitlist, reject asked", row(.waitlist), asked: .reject),
        soldOut("backorder, reject asked", row(.backorder), asked: .reject),
        joins(
            "backorder, waitlist asked: it waits", row(.backorder),
            row(.backorder, waiting: 2, version: 8, places: 1), .waitlisted, asked: .waitlist),
        joins(
            "waitlist, backorder asked: no more than the policy gives", row(.waitlist),
            row(.waitlist, waiting: 2, version: 8, places: 1), .waitlisted, asked: .backorder),
        soldOut("reject, waitlist asked", row(.reject), asked: .waitlist),
        soldOut("reject, backorder asked", row(.reject), asked: .backorder),
        // Units of the safety stock are not there.
        joins(
            "only the safety stock is left: it waits", row(.waitlist, available: 3, safety: 3),
            row(.waitlist, available: 3, waiting: 2, version: 8, places: 1, safety: 3), .waitlisted),
    ]

    // MARK: Serving

    /// Units come free by a cancel of two that were held, and go to those in line.
    private static func served(
        _ claim: String, _ before: Stock, _ line: [Intent], _ cancelled: Stock, _ grants: [(Intent, Stock)],
        then: [Happening] = []
    ) -> Rule {
        Rule(
            claim: claim, stock: before, intent: intent(.reserved), line: line, command: cancel(),
            stockAfter: grants.last?.1 ?? cancelled, intentAfter: intent(.cancelled),
            othersAfter: grants.map(\.0), stored: done(.intent(intent(.cancelled))),
            event: .intent(intent(.cancelled), from: .reserved, stock: cancelled),
            then: grants.map { grant in
                .intent(
                    grant.0, from: line.first { $0.token == grant.0.token }!.state, stock: grant.1)
            } + then)
    }

    private static var one: Intent { inLine(tokenD, .waitlisted, 1, place: 3, buyer: bob) }

    static let serving: [Rule] = [
        served(
            "the first in line gets a hold of its own", row(.waitlist, held: 2, waiting: 2, places: 1),
            [waiting], row(.waitlist, available: 2, waiting: 2, version: 8, places: 1),
            [(granted(waiting), row(.waitlist, held: 2, version: 9, places: 1))]),
        served(
            "a SKU without holds: the sale is final",
            row(.waitlist, held: 2, waiting: 2, places: 1, hold: 0),
            [waiting], row(.waitlist, available: 2, waiting: 2, version: 8, places: 1, hold: 0),
            [(granted(waiting, until: nil), row(.waitlist, sold: 2, version: 9, places: 1, hold: 0))]),
        served(
            "whom units are promised comes before the waitlist, whatever the place",
            row(.backorder, held: 2, waiting: 2, promised: 2, places: 2), [promised, waiting],
            row(.backorder, available: 2, waiting: 2, promised: 2, version: 8, places: 2),
            [(granted(promised), row(.backorder, held: 2, waiting: 2, version: 9, places: 2))]),
        served(
            "nobody is passed over: the first wants more than there is",
            row(.waitlist, held: 2, waiting: 4, places: 3),
            [inLine(tokenB, .waitlisted, 3, place: 1, buyer: bob), one],
            row(.waitlist, available: 2, waiting: 4, version: 8, places: 3), []),
        served(
            "the waitlist waits for one who was promised more than there is",
            row(.backorder, held: 2, waiting: 1, promised: 3, places: 3),
            [inLine(tokenC, .backordered, 3, place: 2, buyer: bob), one],
            row(.backorder, available: 2, waiting: 1, promised: 3, version: 8, places: 3), []),
        served(
            "as many as the units reach for", row(.waitlist, held: 2, waiting: 3, places: 4),
            [
                inLine(tokenB, .waitlisted, 1, place: 1, buyer: bob), one,
                inLine(Token("e")!, .waitlisted, 1, place: 4),
            ],
            row(.waitlist, available: 2, waiting: 3, version: 8, places: 4),
            [
                (
                    granted(inLine(tokenB, .waitlisted, 1, place: 1, buyer: bob)),
                    row(.waitlist, available: 1, held: 1, waiting: 2, version: 9, places: 4)
                ), (granted(one), row(.waitlist, held: 2, waiting: 1, version: 10, places: 4)),
            ]),
        served(
            "what nobody waits for is on offer again", row(.waitlist, held: 2, waiting: 1, places: 3), [one],
            row(.waitlist, available: 2, waiting: 1, version: 8, places: 3),
            [(granted(one), row(.waitlist, available: 1, held: 1, version: 9, places: 3))],
            then: [.crossed(.backInStock, row(.waitlist, available: 1, held: 1, version: 9, places: 3))]),
        served(
            "the safety stock is given to nobody", row(.waitlist, held: 2, waiting: 2, places: 1, safety: 1),
            [waiting], row(.waitlist, available: 2, waiting: 2, version: 8, places: 1, safety: 1), []),
    ]
}
