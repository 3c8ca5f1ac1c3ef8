import Testing
import WeirCore

/// What bounds an order, and what it shows of its lines.
@Suite struct OrderLimitRules {
    private typealias Town = OrderTown
    private let far = OrderTown.token(coordinatedBy: 2)
    private let a = OrderTown.a
    private let b = OrderTown.b
    private let c = OrderTown.c
    private let a2 = OrderTown.a2

    @Test func anotherBuyersOrderUnderTheSameTokenIsAConflict() {
        var town = reserved()
        let told = town.ask(order(far, [(a, 1), (b, 1), (c, 1)], by: bob))
        #expect(told == [.order(.conflict(far))])
    }

    @Test func anExtensionCountsFromTheDecisionWhicheverLinePermitsLeast() {
        for least in [a, b, c] {
            var town = Town([a: 5, b: 5, c: 5], policy: SKUPolicy(holdSeconds: 10, maxHoldSeconds: 100))
            town.set(SKUPolicy(holdSeconds: 10, maxHoldSeconds: 30), of: least)
            town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
            town.settle()
            town.pass(seconds: 5)
            #expect(refusal(town.ask(extend(order: far, to: noon + 31))) == .holdLimit)
            town.ask(extend(order: far, to: noon + 30, id: "e2"))
            #expect(town.orders[far]?.order.holdUntil == at(noon + 30))
        }
    }

    @Test func aDeadlineThatHasPassedIsRefused() {
        var town = Town([a: 5, b: 5], policy: SKUPolicy(holdSeconds: 10, maxHoldSeconds: 100))
        town.ask(order(far, [(a, 1), (b, 1)]))
        town.settle()
        // The hold is over, and nobody has looked yet.
        town.pass(seconds: 20)
        let told = town.ask(extend(order: far, to: noon + 15))
        #expect(refusal(Array(told.prefix(1))) == .deadlinePassed)
        #expect(town.state(far) == .expired)
    }

    @Test func aLineThatWasGivenUpIsNotTakenAgain() {
        var town = Town([a: 5, a2: 5, b: 5])
        town.ask(order(far, [(a, 1), (a2, 1), (b, 1)]))
        town.settle()
        town.ask(cancel(order: far, [1]))
        town.settle()
        town.pass(seconds: 10)
        town.lookAround()
        town.settle()
        #expect(town.lines(far) == [.cancelled, .expired, .expired])
        town.ask(confirm(order: far))
        town.settle()
        #expect(town.state(far) == .confirmed)
        #expect(town.lines(far) == [.cancelled, .confirmed, .confirmed])
    }

    @Test func onlyWhatWasShortSaysWhy() {
        var town = Town([a: 5, a2: 0, b: 5])
        town.ask(order(far, [(a, 1), (a2, 1), (b, 1)]))
        town.settle()
        #expect(town.orders[far]?.order.lines.map(\.shortage) == [nil, .soldOut, nil])
    }

    @Test func aPartThatIsNotAnsweredAsksLessAndLessOften() {
        var town = reserved()
        var pauses: [Int64] = []
        for _ in 0..<7 {
            let due = town.parts[0]![far]!.guardAt!
            town.now = due
            town.decide([], at: 0)
            town.mail = []
            let next = town.parts[0]![far]!.guardAt!
            pauses.append((next.microseconds - due.microseconds) / 1_000_000)
        }
        #expect(pauses == [60, 120, 240, 480, 960, 1_920, 3_600])
    }

    @Test func anAnswerThatWasLostIsGivenAgain() {
        var town = reserved()
        town.ask(cancel(order: far))
        let images = town.mail
        town.settle()
        town.mail = images
        town.deliver()
        #expect(town.mail.count == images.count, "the same image again is answered again")
    }

    private func reserved() -> OrderTown {
        var town = Town([a: 5, b: 5, c: 5])
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        town.settle()
        #expect(town.state(far) == .reserved)
        return town
    }
}
