import Testing
import WeirCore

/// Holds that have come due expire after the commands of their batch.
@Suite struct ExpireRules {
    private static func batch(
        _ commands: [Command] = [], due: [Intent], _ rows: Stock? = stock(available: 0, held: 2)
    ) -> Decision {
        var snapshot = Snapshot(now: at(noon), head: 41, due: due)
        if let rows { snapshot.stocks[rows.sku] = rows }
        for intent in due where commands.contains(where: { $0.token == intent.token }) {
            snapshot.intents[intent.token] = intent
        }
        return decide(commands, in: snapshot)
    }

    @Test(arguments: [noon, noon - 1, 0])
    func aHoldExpiresWhenItsDeadlineHasCome(_ deadline: Int64) {
        let after = stock(available: 2, version: 8)
        var expected = Decision(head: 43)
        expected.stocks = [StockChange(versionBefore: 7, after: after)]
        expected.changed = [IntentTransition(stateBefore: .reserved, after: intent(.expired))]
        expected.events = [
            Event(
                seq: 42, at: at(noon), cause: nil,
                happening: .intent(intent(.expired), from: .reserved, stock: after)),
            Event(seq: 43, at: at(noon), cause: nil, happening: .crossed(.backInStock, after)),
        ]
        #expect(Self.batch(due: [intent(.reserved, until: deadline)]) == expected)
    }

    @Test func aHoldDoesNotExpireAMicrosecondEarly() {
        var early = intent(.reserved)
        early.holdUntil = Timestamp(microseconds: at(noon).microseconds + 1)
        #expect(Self.batch(due: [early]) == Decision(head: 41))
    }

    @Test(arguments: IntentState.allCases.filter { $0 != .reserved })
    func onlyHoldsExpire(_ state: IntentState) {
        #expect(Self.batch(due: [intent(state)]) == Decision(head: 41))
    }

    @Test func aHoldThatIsReadTwiceExpiresOnce() {
        let due = intent(.reserved, until: noon)
        let decision = Self.batch(due: [due, due])
        #expect(decision.events.filter { $0.happening.token != nil }.count == 1)
        #expect(decision.stocks.map(\.after) == [stock(available: 2, version: 8)])
    }

    @Test func aConfirmInTheSameBatchWins() {
        let decision = Self.batch([confirm()], due: [intent(.reserved, until: noon)])
        #expect(decision.changed.map(\.after.state) == [.confirmed])
        #expect(decision.stocks.map(\.after) == [stock(available: 0, sold: 2, version: 8)])
        #expect(decision.events.map(\.cause) == [0])
    }

    @Test func aCancelInTheSameBatchWins() {
        let decision = Self.batch([cancel()], due: [intent(.reserved, until: noon)])
        #expect(decision.changed.map(\.after.state) == [.cancelled])
        #expect(decision.stocks.map(\.after) == [stock(available: 2, version: 8)])
    }

    @Test func aRepeatedSubmitInTheSameBatchShowsTheHoldThatThenExpires() {
        let due = intent(.reserved, until: noon)
        let decision = Self.batch([submit()], due: [due])
        #expect(decision.events.map(\.seq) == [42, 43, 44])
        #expect(decision.events.map(\.cause) == [0, nil, nil])
        #expect(decision.changed == [IntentTransition(stateBefore: .reserved, after: intent(.expired))])
        #expect(decision.decided.isEmpty)
    }

    @Test func unitsOfADueHoldAreNotYetFreeForTheCommandsOfItsBatch() {
        let decision = Self.batch([submit(tokenB)], due: [intent(.reserved, until: noon)])
        #expect(decision.decided.map(\.reason) == [.soldOut])
        #expect(decision.stocks.map(\.after) == [stock(available: 2, version: 8)])
    }

    @Test func dueHoldsExpireInTheOrderInWhichTheyWereRead() {
        let holds = [
            intent(tokenB, shirt, 1, .reserved, until: noon - 2), intent(.reserved, until: noon - 1),
        ]
        let decision = Self.batch(due: holds, stock(available: 0, held: 3))
        #expect(decision.events.compactMap(\.happening.token) == [tokenB, tokenA])
        #expect(decision.changed.map(\.after.token) == [tokenA, tokenB])
        #expect(decision.stocks == [StockChange(versionBefore: 7, after: stock(available: 3, version: 9))])
    }

    @Test func aHoldThatIsGivenInTheBatchDoesNotExpireInIt() {
        let decision = Self.batch([submit()], due: [], stock(available: 2))
        #expect(decision.decided.map(\.state) == [.reserved])
    }
}
