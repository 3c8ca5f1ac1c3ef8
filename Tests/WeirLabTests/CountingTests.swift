import Testing

@testable import weir_lab

/// Each thing that can go wrong is planted once, and counted as what it is and as nothing else.
@Suite struct CountingTests {
    private func books(available: Int, sold: Int) -> [SKUBooks] {
        [SKUBooks(sku: "a", stocked: 10, available: available, sold: sold)]
    }

    private func counts(
        _ books: [SKUBooks] = [], _ record: [(token: String, verdict: Verdict)] = [],
        told: [String: Set<Verdict>] = [:]
    ) -> [Int] {
        Counts(books: books, record: record, told: told).all
    }

    @Test func rightBooksCountNothing() {
        #expect(
            counts(
                books(available: 8, sold: 2), [("t1", .confirmed), ("t2", .confirmed), ("t3", .rejected)],
                told: ["t1": [.confirmed], "t3": [.rejected]]) == [0, 0, 0, 0, 0])
    }

    @Test func moreSoldThanThereWasIsOversold() {
        #expect(counts(books(available: 0, sold: 13)) == [3, 0, 3, 0, 0])
    }

    @Test func takenWithoutAnOrderIsLost() {
        #expect(counts(books(available: 6, sold: 2)) == [0, 2, 0, 0, 0])
    }

    @Test func soldWithoutBeingTakenIsAnOrderWithoutStock() {
        #expect(counts(books(available: 9, sold: 4)) == [0, 0, 3, 0, 0])
    }

    @Test func oneSKUsLossDoesNotHideAnothersOversale() {
        let both = [
            SKUBooks(sku: "a", stocked: 10, available: 0, sold: 8),
            SKUBooks(sku: "b", stocked: 10, available: 0, sold: 12),
        ]
        #expect(counts(both) == [2, 2, 2, 0, 0])
    }

    @Test func twoOrdersOfATokenAreTwice() {
        #expect(counts([], [("t", .confirmed), ("t", .confirmed)]) == [0, 0, 0, 1, 0])
    }

    @Test func twoAnswersToATokenAreTwice() {
        #expect(counts([], [("t", .confirmed)], told: ["t": [.confirmed, .rejected]]) == [0, 0, 0, 1, 0])
    }

    @Test func anotherAnswerThanTheRecordIsTwice() {
        #expect(counts([], [("t", .rejected)], told: ["t": [.confirmed]]) == [0, 0, 0, 1, 0])
    }

    @Test func anAnswerWithoutARecordIsUnkept() {
        #expect(counts(told: ["t": [.confirmed]]) == [0, 0, 0, 0, 1])
    }

    @Test func anOrderThatNobodyHeardOfIsNoMistake() {
        #expect(counts(books(available: 9, sold: 1), [("t", .confirmed)]) == [0, 0, 0, 0, 0])
    }

    @Test func countsOfRunsAddUp() {
        let one = Counts(books: books(available: 0, sold: 13), record: [], told: ["t": [.rejected]])
        #expect((one + one).all == [6, 0, 6, 0, 2])
    }
}
