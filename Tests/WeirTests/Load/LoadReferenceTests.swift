import Testing
import WeirCore

@testable import weir

private func line(_ number: Int, _ sku: String, _ quantity: Int64) -> ShopLine {
    ShopLine(number: number, invoice: "i", sku: sku, quantity: quantity, customer: "c")
}

@Suite struct ReferenceTests {
    @Test(arguments: [
        (0, 0), (1, 0), (4, 3), (5, 4), (9, 7), (10, 8), (24, 19), (.max, 7_378_697_629_483_820_645),
    ])
    func fourFifthsAreRoundedDown(wished: Int64, stocked: Int64) {
        #expect(Demand.Item(wished: wished).initialStock == stocked)
    }

    @Test func linesAreDecidedOneAfterAnother() {
        // a: wished 12, stocked 9. b: wished 5, stocked 4.
        let reference = Reference(of: [
            line(1, "a", 6), line(2, "a", 4), line(3, "b", 5), line(4, "a", 2), line(5, "a", -3),
        ])
        #expect(reference.outcomes == [.confirmed, .soldOut, .soldOut, .confirmed, .returned])
        #expect(reference.shelves["a"] == Reference.Shelf(stocked: 12, sold: 8))
        #expect(reference.shelves["b"] == Reference.Shelf(stocked: 4, sold: 0))
    }

    @Test func unitsThatCameBackAreSoldAgain() {
        // wished 5, stocked 4.
        let reference = Reference(of: [line(1, "a", 4), line(2, "a", -2), line(3, "a", 1)])
        #expect(reference.outcomes == [.confirmed, .returned, .confirmed])
        #expect(reference.shelves["a"]?.available == 1)
    }

    @Test func skuThatOnlyComesBackStartsWithNothing() {
        let reference = Reference(of: [line(1, "a", -2)])
        #expect(reference.shelves["a"] == Reference.Shelf(stocked: 2, sold: 0))
    }

    @Test func orderDoesNotMatterWhereWishesAreAlikeAndNothingComesBack() {
        var demand = Demand()
        [
            line(1, "a", 2), line(2, "a", 2), line(3, "b", 1), line(4, "b", 2), line(5, "c", 3),
            line(6, "c", -1),
        ]
        .forEach { demand.add($0) }
        #expect(demand.lines == 6)
        #expect(demand.items["a"]?.sellsTheSameInAnyOrder == true)
        #expect(demand.items["b"]?.sellsTheSameInAnyOrder == false)
        #expect(demand.items["c"]?.sellsTheSameInAnyOrder == false)
    }
}

@Suite struct ReplayVerificationTests {
    let lines = [line(1, "a", 3), line(2, "a", 3), line(3, "a", 4), line(4, "a", -1)]

    /// What a verification of these lines finds when the server says so; stocked 8 and 1 given back.
    private func checks(
        _ entries: [ReplayBook.Entry], sold: Int64, stocked: Int64 = 9, ordered: Bool = true
    ) -> [String] {
        var demand = Demand()
        lines.forEach { demand.add($0) }
        var verification = ReplayVerification(
            demand: demand, reference: Reference(of: lines), isOrdered: ordered)
        for (line, entry) in zip(lines, entries) { verification.look(at: line, entry) }
        verification.look(
            at: "a",
            Stock(
                sku: SKU("a")!, stocked: stocked, available: stocked - sold, held: 0, sold: sold, version: 1,
                policy: SKUPolicy(holdSeconds: 0, maxPerIntent: nil)))
        #expect(verification.holds == verification.checks.allSatisfy { $0.broken == 0 })
        return verification.checks.filter { $0.broken > 0 }.map(\.title)
    }

    @Test func referenceItselfHolds() {
        #expect(checks([.confirmed, .confirmed, .soldOut, .returned], sold: 6) == [])
        #expect(checks([.confirmed, .confirmed, .turnedAway, .returned], sold: 6) == [])
    }

    @Test func anotherOrderHoldsOnlyWithoutOrder() {
        #expect(checks([.soldOut, .confirmed, .confirmed, .returned], sold: 7, ordered: false) == [])
        #expect(
            checks([.soldOut, .confirmed, .confirmed, .returned], sold: 7)
                == ["every line has the reference's outcome", "every SKU has sold what the reference sold"])
    }

    @Test func eachFaultIsFound() {
        let none = "every line has an outcome"
        let stock = "no SKU sold more than it had, and every unit given back has arrived"
        let records = "units sold are the units of the confirmed lines"
        let needless = "no line was rejected that must have fitted"
        #expect(checks([.confirmed, .pending, .soldOut, .returned], sold: 3, ordered: false).contains(none))
        #expect(checks([.confirmed, .confirmed, .confirmed, .returned], sold: 10, ordered: false) == [stock])
        #expect(
            checks([.confirmed, .confirmed, .soldOut, .returned], sold: 6, stocked: 8, ordered: false) == [
                stock
            ])
        #expect(
            checks([.confirmed, .confirmed, .soldOut, .returned], sold: 5, ordered: false).contains(records))
        #expect(checks([.soldOut, .soldOut, .soldOut, .returned], sold: 0, ordered: false) == [needless])
    }
}
