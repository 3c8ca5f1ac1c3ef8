import Testing

@testable import weir

@Suite struct RushRecordTests {
    private func record(_ shown: [RushRecord.Shown], _ followUp: RushRecord.FollowUp = .none) -> RushRecord {
        var record = RushRecord(number: 1)
        record.isAccepted = true
        record.shown = shown
        record.followUp = followUp
        return record
    }

    @Test func legalHistoriesContradictNothing() {
        let soldOut = RushRecord.Shown(.rejected, "sold_out")
        #expect(record([soldOut, soldOut]).contradiction(to: soldOut) == nil)
        #expect(record([.init(.reserved)]).contradiction(to: .init(.expired)) == nil)
        #expect(
            record([.init(.reserved), .init(.confirmed)], .confirmed).contradiction(to: .init(.confirmed))
                == nil)
        #expect(record([.init(.reserved)], .unknown).contradiction(to: .init(.confirmed)) == nil)
        #expect(record([.init(.reserved)], .refused).contradiction(to: .init(.expired)) == nil)
        #expect(RushRecord(number: 1).contradiction(to: nil) == nil)
    }

    @Test func twoOutcomesAreFound() {
        let soldOut = RushRecord.Shown(.rejected, "sold_out")
        #expect(record([soldOut]).contradiction(to: .init(.reserved)) != nil)
        #expect(record([.init(.reserved), soldOut]).contradiction(to: .init(.reserved)) != nil)
        #expect(record([soldOut]).contradiction(to: .init(.rejected, "unknown_sku")) != nil)
        #expect(record([.init(.reserved)], .confirmed).contradiction(to: .init(.expired)) != nil)
        #expect(record([.init(.reserved)], .cancelled).contradiction(to: .init(.confirmed)) != nil)
        #expect(record([.init(.confirmed)]).contradiction(to: .init(.expired)) != nil)
        #expect(record([.init(.reserved)], .refused).contradiction(to: .init(.confirmed)) != nil)
        #expect(record([]).contradiction(to: nil) != nil)
        #expect(record([]).contradiction(to: .init(.queued)) != nil)
    }

    @Test func planHasEveryKindOfBuyer() {
        let plan = RushPlan(buyers: 20_000, units: 500, otherSKUs: 30, seed: 1)
        let buyers = (0..<20_000).map { plan[$0] }
        func share(_ isOne: (RushPlan.Buyer) -> Bool) -> Int { buyers.filter(isOne).count }
        #expect((11_700...12_300).contains(share { $0.item.sku == plan.hot.sku }))
        #expect((1_800...2_200).contains(share { $0.duplicate != nil }))
        #expect((130...270).contains(share { $0.sendsWrongPayload }))
        #expect((480...720).contains(share { $0.losesFirstAnswer }))
        for intention in [RushPlan.Intention.confirm, .cancel, .letExpire] {
            #expect(share { $0.intention == intention } > 3_000)
        }
        #expect(Set(buyers.map(\.token)).count == 20_000)
        #expect(Set(buyers.map(\.item.sku)).count == 31)
        #expect(buyers[77] == plan[77])
    }
}
