import Testing

@testable import weir

@Suite struct LoadScheduleTests {
    @Test func requestIsDueAtStartPlusItsNumberOverTheRate() {
        let schedule = ArrivalSchedule(rate: 250, count: 10)
        #expect(schedule.due(0) == .zero)
        #expect(schedule.due(1) == .milliseconds(4))
        #expect(schedule.due(9) == .milliseconds(36))
    }

    @Test func roundingDoesNotAddUp() {
        let schedule = ArrivalSchedule(rate: 3, count: 3_000_001)
        #expect(schedule.due(3_000_000) == .seconds(1_000_000))
    }

    @Test(arguments: [(100.0, 2.0, 200), (0.1, 30, 3), (3, 0.5, 2), (1, 0.2, 1), (2000, 10, 20_000)])
    func asManyAreDueAsComeBeforeTheEnd(rate: Double, seconds: Double, count: Int) {
        #expect(ArrivalSchedule(rate: rate, seconds: seconds).count == count)
    }
}

@Suite struct ZipfTests {
    @Test func probabilitiesFallAsZipfSaysAndAddUp() {
        let zipf = Zipf(count: 10, exponent: 1)
        let all = (0..<10).map(zipf.probability(of:))
        #expect(abs(all.reduce(0, +) - 1) < 1e-12)
        #expect(abs(all[0] / all[1] - 2) < 1e-9)
        #expect(abs(all[0] / all[9] - 10) < 1e-9)
    }

    @Test func exponentZeroIsEven() {
        let zipf = Zipf(count: 4, exponent: 0)
        #expect((0..<4).allSatisfy { abs(zipf.probability(of: $0) - 0.25) < 1e-12 })
    }

    @Test func everyNumberFallsOnAPlace() {
        let zipf = Zipf(count: 3, exponent: 0)
        #expect(zipf.place(of: 0) == 0)
        #expect(zipf.place(of: 0.34) == 1)
        #expect(zipf.place(of: 0.999_999_999_999) == 2)
        #expect(zipf.place(of: 1) == 2)
        #expect(Zipf(count: 1, exponent: 2).place(of: 0.7) == 0)
    }

    @Test func picksComeUpAsOftenAsTheyShould() {
        let zipf = Zipf(count: 5, exponent: 1)
        var generator = Multiplier()
        var counts = [0, 0, 0, 0, 0]
        for _ in 0..<50_000 { counts[zipf.pick(using: &generator)] += 1 }
        for place in 0..<5 {
            #expect(abs(Double(counts[place]) / 50_000 - zipf.probability(of: place)) < 0.01)
        }
    }
}

@Suite struct WishListTests {
    let wishes = WishList(
        prefix: "t", skus: WishList.names(count: 20), zipfExponent: 1, buyers: 50, duplicatesPercent: 20,
        seed: 3)

    @Test func sameSeedAsksTheSame() {
        let again = WishList(
            prefix: "t", skus: WishList.names(count: 20), zipfExponent: 1, buyers: 50, duplicatesPercent: 20,
            seed: 3)
        #expect((0..<500).allSatisfy { wishes[$0] == again[$0] })
    }

    @Test func duplicateRepeatsAnEarlierWishExactly() {
        var sent: [String: Wish] = [:]
        var duplicates = 0
        for number in 0..<5_000 {
            let wish = wishes[number]
            guard wish.isDuplicate else {
                #expect(sent[wish.token] == nil)
                sent[wish.token] = wish
                continue
            }
            duplicates += 1
            let first = sent[wish.token]
            #expect(first?.sku == wish.sku && first?.buyer == wish.buyer && first?.quantity == wish.quantity)
        }
        #expect((850...1150).contains(duplicates))
    }

    @Test func namesAreValidAndInOrder() {
        #expect(WishList.names(count: 2) == ["load-0001", "load-0002"])
        #expect(WishList.names(count: 12_345).last == "load-12345")
    }
}

/// Random enough for a test, and the same each time.
private struct Multiplier: RandomNumberGenerator {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
