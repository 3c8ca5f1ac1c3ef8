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

    /// What the buyer bought meanwhile counts, for the coordinator's own lines and for those of the others.
    @Test(arguments: [0, 2]) func aLatePaymentIsBoundByTheBuyersLimit(_ home: Int) {
        let limited = home == 0 ? a : c
        var town = Town([a: 9, b: 9, c: 9])
        town.set(SKUPolicy(holdSeconds: 10, maxPerBuyer: 3), of: limited)
        town.ask(order(far, [(a, 2), (b, 2), (c, 2)]))
        town.settle()
        town.pass(seconds: 10)
        town.lookAround()
        town.settle()
        #expect(town.state(far) == .expired)
        town.decide([submit(Token("meanwhile")!, limited, 2)], at: home)
        town.ask(confirm(order: far))
        town.settle()
        #expect(town.state(far) == .expired)
        #expect(town.lines(far) == [.expired, .expired, .expired])
        #expect(town.told.contains { if case .order(.shortfall) = $0 { true } else { false } })
        #expect(town.stock(limited) == (7, 2, 0))
    }

    /// Who has not followed the first cancel of a line hears of the second one, too; nobody else has to.
    @Test func aSecondCancelOfLinesAsksWhoHasNotAnsweredTheFirst() {
        var town = reserved()
        town.ask(cancel(order: far, [1], id: "x1"))
        #expect(town.mail.map(\.to) == [0])
        town.mail = []
        town.ask(cancel(order: far, [2], id: "x2"))
        #expect(town.mail.map(\.to) == [0, 1])
        #expect(town.orders[far]?.awaited == [0, 1])
        town.settle()
        #expect(town.lines(far) == [.cancelled, .cancelled, .reserved])
        #expect(town.stock(a) == (5, 0, 0) && town.stock(b) == (5, 0, 0))
    }

    /// No history leads there, because a coordinator confirms only what its participants have taken again: a line that
    /// holds nothing is sold by no image.
    @Test func aConfirmationDoesNotSellALineThatHasExpired() {
        var town = reserved()
        town.pass(seconds: 10)
        town.lookAround()
        town.settle()
        var row = town.orders[far]!
        row.order.state = .confirmed
        row.order.version += 1
        town.falsify(row)
        town.decide([.order(.message(.image(row.order)))], at: 0)
        #expect(town.lines(far)[0] == .expired)
        #expect(town.stock(a) == (5, 0, 0))
    }

    private func reserved() -> OrderTown {
        var town = Town([a: 5, b: 5, c: 5])
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        town.settle()
        #expect(town.state(far) == .reserved)
        return town
    }
}
