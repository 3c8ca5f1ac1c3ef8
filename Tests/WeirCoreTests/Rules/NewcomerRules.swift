import Testing
import WeirCore

/// ``Stock/canServeNewcomers`` says exactly what ``decide(_:in:grantLimit:)`` does, in every small case: the sold-out
/// gate leans on it.
@Suite struct NewcomerRules {
    @Test func whoeverIsTurnedAwayWouldBeRejectedAndOneOfTheOthersServed() {
        var (closed, open) = (0, 0)
        for stock in Self.stocks {
            let outcomes = Self.wishes.map { outcome(of: $0, stock) }
            let isServed = outcomes.contains { $0 != .rejected }
            #expect(isServed == stock.canServeNewcomers, "\(stock)")
            if isServed { open += 1 } else { closed += 1 }
        }
        #expect(closed > 100 && open > 100)
    }

    private func outcome(of wish: Submit, _ stock: Stock) -> IntentState? {
        var snapshot = Snapshot(now: at(noon), head: 0, stocks: [stock.sku: stock])
        // Nobody of the line is known here, and nobody of it can be served by a newcomer's coming.
        snapshot.lines[stock.sku] = Line([], isWhole: true)
        let decision = decide([.submit(wish)], in: snapshot)
        return decision.decided.first?.state
    }

    /// One unit, whatever the sender wants when there is none: nobody asks for less.
    private static let wishes = [nil, ShortageRule.reject, .waitlist, .backorder].map { rule in
        Submit(token: tokenA, sku: shirt, quantity: Quantity(1)!, buyer: ann, onShortage: rule)
    }

    private static let stocks: [Stock] = {
        var stocks: [Stock] = []
        for available in Int64(0)...2 {
            for safety in Int64(0)...2 {
                for waitlisted in Int64(0)...2 {
                    for backordered in Int64(0)...2 {
                        for rule in ShortageRule.allCases {
                            for waitlistLimit in [nil, 0, 1, 2] as [Int64?] {
                                for backorderLimit in [0, 1, 2] as [Int64] {
                                    let policy = SKUPolicy(
                                        safetyStock: safety, onShortage: rule, waitlistLimit: waitlistLimit,
                                        backorderLimit: backorderLimit)
                                    stocks.append(
                                        Stock(
                                            sku: shirt, stocked: available, available: available, held: 0,
                                            sold: 0, waitlisted: waitlisted, backordered: backordered,
                                            version: 7, lastPlace: 9, policy: policy))
                                }
                            }
                        }
                    }
                }
            }
        }
        return stocks
    }()
}
