import Testing
import WeirCore

@testable import WeirProducer

/// Waiters, without a server.
@Suite struct DeskTests {
    private func intent(_ token: String) -> Happening {
        .intent(
            Intent(
                token: Token(unchecked: token), sku: SKU(unchecked: "s"), quantity: Quantity(unchecked: 1),
                buyer: Buyer(unchecked: "b"), state: .rejected, reason: .unknownSKU,
                decidedAt: Timestamp(microseconds: 0)), from: nil, stock: nil)
    }

    private func isHappening(_ ending: OutcomeDesk.Ending) -> Bool {
        if case .happening = ending { true } else { false }
    }

    private func isTimedOut(_ ending: OutcomeDesk.Ending) -> Bool {
        if case .timedOut = ending { true } else { false }
    }

    @Test func anOutcomeThatComesBeforeItIsAwaitedIsNotLost() async throws {
        let desk = OutcomeDesk(limit: 10)
        let waiter = try #require(desk.expect(7, forSeconds: 10))
        desk.deliver(intent("a"), correlation: 7)
        #expect(isHappening(await waiter.value))
        #expect(desk.count == 0)
    }

    @Test func whoeverWaitsForTheTokenHearsOfItButNotOfAConflict() async throws {
        let desk = OutcomeDesk(limit: 10)
        let token = Token(unchecked: "a")
        let first = try #require(desk.expect(1, token: token, forSeconds: 10))
        let second = try #require(desk.expect(2, token: token, forSeconds: 10))
        desk.deliver(.conflict(token, sku: SKU(unchecked: "s")), correlation: 99)
        #expect(desk.count == 2)
        desk.deliver(intent("b"), correlation: nil)
        #expect(desk.count == 2)
        desk.deliver(intent("a"), correlation: 99)
        let (one, two) = (await first.value, await second.value)
        #expect(isHappening(one) && isHappening(two))
        #expect(desk.count == 0)
    }

    @Test func waitsEndWithTheirTimeOrWithTheServer() async throws {
        let desk = OutcomeDesk(limit: 10)
        let short = try #require(desk.expect(1, forSeconds: 0))
        let long = try #require(desk.expect(2, forSeconds: 1000))
        try await eventually("the short one is over") {
            desk.sweep()
            return desk.count == 1
        }
        #expect(isTimedOut(await short.value))
        desk.release()
        #expect(isTimedOut(await long.value))
        let late = try #require(desk.expect(3, forSeconds: 1000))
        #expect(isTimedOut(await late.value))
    }

    @Test func aLossOfTheQueueInterruptsEverybody() async throws {
        let desk = OutcomeDesk(limit: 10)
        let waiter = try #require(desk.expect(1, token: Token(unchecked: "a"), forSeconds: 1000))
        desk.interrupt()
        guard case .interrupted = await waiter.value else { throw TestFailure("not interrupted") }
        let again = try #require(desk.expect(1, forSeconds: 1000))
        desk.deliver(intent("a"), correlation: 1)
        #expect(isHappening(await again.value))
    }

    @Test func whoIsDismissedIsLetGoByWhatItsEndWasToCall() throws {
        let desk = OutcomeDesk(limit: 10)
        weak var waiter: OutcomeDesk.Waiter?
        do {
            let own = try #require(desk.expect(1, forSeconds: 1000))
            own.whenFinished { _ in withExtendedLifetime(own) {} }
            waiter = own
        }
        #expect(waiter != nil)
        desk.dismiss(1)
        #expect(waiter == nil)
    }

    @Test func tooManyMayNotWait() throws {
        let desk = OutcomeDesk(limit: 2)
        _ = try #require(desk.expect(1, forSeconds: 10))
        _ = try #require(desk.expect(2, forSeconds: 10))
        #expect(desk.expect(3, forSeconds: 10) == nil)
        desk.dismiss(1)
        #expect(desk.expect(3, forSeconds: 10) != nil)
        desk.release()
    }
}
