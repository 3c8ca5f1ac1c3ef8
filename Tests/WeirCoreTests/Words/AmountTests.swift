import Testing
import WeirCore

/// Quantities, moments and stock at their limits: no sum overflows.
@Suite struct AmountTests {
    @Test(arguments: [1, 2, 2_147_483_646, 2_147_483_647] as [Int64])
    func aQuantityIsOneToTwoToTheThirtyOneLessOne(_ units: Int64) {
        #expect(Quantity(units)?.units == units)
        #expect(Quantity(units)?.description == "\(units)")
    }

    @Test(arguments: [0, -1, 2_147_483_648, .max, .min] as [Int64])
    func otherQuantitiesAreRefused(_ units: Int64) { #expect(Quantity(units) == nil) }

    @Test func momentsAreOrderedAndAddSeconds() {
        #expect(at(1) < at(2))
        #expect(!(at(2) < at(2)))
        #expect(at(1).adding(seconds: 9) == Timestamp(microseconds: 10_000_000))
        #expect(at(1).adding(seconds: 0) == at(1))
    }

    @Test func theLongestHoldIsFarFromAnOverflow() {
        let year9999 = Timestamp(microseconds: 253_402_300_799_999_999)
        let longest = SKUPolicy.holdSecondsRange.upperBound
        let row = stock(available: 1, hold: longest)
        let decision = decide(
            [submit(tokenA, shirt, 1)], in: Snapshot(now: year9999, head: 0, stocks: [shirt: row]))
        #expect(decision.decided.first?.holdUntil == year9999.adding(seconds: longest))
    }

    @Test func theFullestShelfCanBeSoldInTheLargestQuantities() {
        let most = StockLimit.stocked.upperBound
        let units = Quantity.range.upperBound
        let sold = decide(
            [submit(tokenA, shirt, units), confirm(), cancel(id: "c2")],
            in: Snapshot(now: at(noon), head: 0, stocks: [shirt: stock(available: most)]))
        #expect(sold.stocks.map(\.after) == [stock(available: most, version: 10)])
        #expect(sold.events.count == 3)
    }

    /// Deltas and stocks from the middle of the range to its ends, also those that nobody checked.
    @Test func noAdjustmentOverflows() {
        let limit = StockLimit.stocked.upperBound
        let near: [Int64] = [0, 1, 2, limit / 2, limit - 1, limit]
        let deltas = (near + near.map { -$0 } + [limit + 1, -limit - 1, .max, .max - 1, .min, .min + 1])
            .filter { $0 != 0 }
        for available in near {
            for claimed in near where available + claimed <= limit {
                let row = stock(available: available, held: claimed / 2, sold: claimed - claimed / 2)
                for delta in deltas { check(row, by: delta) }
            }
        }
    }

    private func check(_ row: Stock, by delta: Int64) {
        let decision = decide(
            [adjust(by: delta)], in: Snapshot(now: at(noon), head: 0, stocks: [shirt: row]))
        let sum = Int128(row.available) + Int128(delta)
        let verdict: Verdict =
            if sum < 0 {
                .refused(.belowCommitted)
            } else if sum + Int128(row.held + row.sold) > StockLimit.stocked.upperBound {
                .refused(.stockLimit)
            } else {
                .done
            }
        #expect(decision.results.map(\.result.verdict) == [verdict], "\(row) by \(delta)")
        #expect(decision.stocks.count == (verdict == .done ? 1 : 0))
        #expect(decision.stocks.allSatisfy { $0.after.isBalanced && Int128($0.after.available) == sum })
    }

    @Test func aBalancedStockHasEveryUnitInOnePlace() {
        #expect(stock(available: 1, held: 2, sold: 3).isBalanced)
        #expect(stock(available: 0).isBalanced)
        for field in [\Stock.available, \.held, \.sold, \.stocked] {
            var (more, less) = (stock(available: 1, held: 2, sold: 3), stock(available: 1, held: 2, sold: 3))
            more[keyPath: field] += 1
            less[keyPath: field] -= 1
            #expect(!more.isBalanced && !less.isBalanced)
        }
        for field in [\Stock.available, \.held, \.sold] {
            var negative = stock(available: 0)
            negative[keyPath: field] -= 1
            negative.stocked -= 1
            #expect(!negative.isBalanced)
        }
    }
}
