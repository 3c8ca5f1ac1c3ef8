import Testing
import WeirCore

/// What comes twice, too late, in another order, or never.
@Suite struct OrderLateRules {
    private typealias Town = OrderTown
    private let far = OrderTown.token(coordinatedBy: 2)
    private let a = OrderTown.a
    private let b = OrderTown.b
    private let c = OrderTown.c

    @Test func aTokenIsDecidedOnce() {
        var town = reserved()
        let version = town.orders[far]?.order.version
        let told = town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        #expect(verdict(told) == .unchanged)
        #expect(town.orders[far]?.order.version == version)
        let other = town.ask(order(far, [(a, 1), (b, 2), (c, 1)]))
        #expect(other == [.order(.conflict(far))])
        // Another wish under the token may go to another coordinator: the row tells.
        let single = town.decide([.order(order(far, [(a, 1)]))], at: 0)
        #expect(single == [.order(.conflict(far))])
        #expect(town.stock(a) == (4, 1, 0))
    }

    // MARK: Given up

    @Test func anOrderThatNobodyHasDecidedIsRejectedWhenItIsGivenUp() {
        var town = Town([a: 5, b: 5, c: 5])
        let lines = [(a, Int64(1)), (b, 1), (c, 1)]
        let told = town.ask(discard(far, lines))
        guard case .order(.state(let order, from: nil))? = told.last else {
            Issue.record("\(told)")
            return
        }
        #expect(order.state == .rejected && order.reason == .discarded && order.version == 1)
        #expect(order.decidedAt == town.now)
        #expect(town.mail.isEmpty, "nobody was ever asked")
        #expect(town.orders[far]?.dueAt == nil)
        for sku in [a, b, c] { #expect(town.stock(sku) == (5, 0, 0)) }
        // Whoever asks for it again is told, and the same discard again changes nothing.
        #expect(verdict(town.ask(WeirCoreTests.order(far, lines))) == .unchanged)
        #expect(verdict(town.ask(discard(far, lines))) == .unchanged)
        #expect(town.orders[far]?.order == order)
        #expect(refusal(town.ask(confirm(order: far))) == .wrongState)
    }

    @Test func anOrderThatWasDecidedAfterAllStaysAsItIsWhenItsLetterIsGivenUp() {
        var town = reserved()
        let before = town.orders[far]
        let told = town.ask(discard(far, [(a, 1), (b, 1), (c, 1)]))
        guard case .order(.answered(kind: .discardOrder, _, far, let result))? = told.last else {
            Issue.record("\(told)")
            return
        }
        #expect(result.verdict == .unchanged && result.isReplayed)
        #expect(town.ask(discard(far, [(a, 2), (b, 1), (c, 1)])) == [.order(.conflict(far))])
        #expect(town.orders[far] == before)
        #expect(town.lines(far) == [.reserved, .reserved, .reserved])
    }

    @Test func aCommandTakesEffectOnce() {
        var town = reserved()
        town.ask(confirm(order: far))
        town.settle()
        town.ask(cancel(order: far))
        town.settle()
        #expect(verdict(town.ask(confirm(order: far))) == .done, "the result is repeated")
        #expect(town.state(far) == .cancelled, "and nothing is done")
        #expect(refusal(town.ask(cancel(order: far, id: "c1"))) == .commandConflict)
    }

    @Test func whoAsksAgainWhileAnOrderIsGatheredIsTheOneWhoIsAnswered() {
        var town = Town([a: 5, b: 5])
        town.ask(order(far, [(a, 1), (b, 1)], replyTo: "first"))
        town.ask(order(far, [(a, 1), (b, 1)], replyTo: "second"))
        town.settle()
        #expect(town.answered.map(\.sender.replyTo) == ["second"])
        #expect(town.answered.first?.happening.order == far)
        #expect(town.orders[far]?.sender == nil)
    }

    @Test(arguments: [OrderState.reserving, .reclaiming]) func whatIsUndecidedIsNeitherConfirmedNorExtended(
        _ state: OrderState
    ) {
        var town = state == .reserving ? Town([a: 5, b: 5, c: 5]) : expired()
        town.ask(
            state == .reserving ? order(far, [(a, 1), (b, 1), (c, 1)]) : confirm(order: far, id: "late"))
        #expect(town.state(far) == state)
        #expect(refusal(town.ask(confirm(order: far, id: "c2"))) == .undecided)
        #expect(refusal(town.ask(extend(order: far, to: noon + 50))) == .undecided)
        #expect(town.results[id("c2")] == nil, "the same command may come again")
        if state == .reclaiming { #expect(refusal(town.ask(cancel(order: far))) == .undecided) }
        town.settle()
        town.ask(confirm(order: far, id: "c2"))
        #expect(town.state(far) == .confirmed)
    }

    @Test(arguments: [OrderState.cancelled, .rejected, .expired])
    func whatHasEndedIsNotChanged(_ state: OrderState) {
        var town = state == .expired ? expired() : reserved()
        if state == .cancelled { town.ask(cancel(order: far, id: "x0")) }
        if state == .rejected {
            town = Town([a: 0, b: 5])
            town.ask(order(far, [(a, 1), (b, 1)]))
        }
        town.settle()
        #expect(town.state(far) == state)
        if state != .expired { #expect(refusal(town.ask(confirm(order: far))) == .wrongState) }
        #expect(refusal(town.ask(extend(order: far, to: noon + 50))) == .wrongState)
        if state == .cancelled {
            #expect(verdict(town.ask(cancel(order: far))) == .unchanged)
        } else {
            #expect(refusal(town.ask(cancel(order: far))) == .wrongState)
        }
    }

    @Test func whoCoordinatesAnotherOrderRefusesWithoutKeepingIt() {
        var town = reserved()
        let told = town.decide([.order(confirm(order: far))], at: 0)
        #expect(refusal(told) == .wrongPartition)
        #expect(town.results.isEmpty)
        #expect(
            refusal(town.decide([.order(confirm(order: Token("none")!, id: "c9"))], at: 0)) == .unknownToken)
    }

    // MARK: A late payment

    @Test func aLatePaymentTakesEveryLineAgain() {
        var town = expired()
        town.ask(confirm(order: far, replyTo: "till"))
        #expect(town.state(far) == .reclaiming)
        #expect(town.lines(far) == [.expired, .expired, .reserved])
        town.settle()
        #expect(town.state(far) == .confirmed)
        #expect(town.lines(far) == [.confirmed, .confirmed, .confirmed])
        #expect(town.answered.map(\.sender.replyTo) == ["till"])
        #expect(town.results[id("c1")]?.result.verdict == .done)
        #expect(verdict(town.ask(confirm(order: far))) == .done, "the same command repeats the result")
    }

    @Test func aLatePaymentThatFindsOneLineGoneIsAShortfallAndTakesNothing() {
        var town = expired()
        town.decide([submit(tokenA, b, 5)], at: 1)
        town.ask(confirm(order: far, replyTo: "till"))
        town.settle()
        #expect(town.state(far) == .expired)
        #expect(town.lines(far) == [.expired, .expired, .expired])
        #expect(town.stock(a) == (5, 0, 0) && town.stock(c) == (5, 0, 0))
        #expect(town.results[id("c1")]?.result.verdict == .refused(.shortfall))
        guard let answer = town.answered.first, case .order(.shortfall(let order)) = answer.happening else {
            Issue.record("\(town.answered)")
            return
        }
        #expect(answer.sender.replyTo == "till" && order.state == .expired)
    }

    @Test func aLatePaymentThatIsShortAtTheCoordinatorIsSaidAtOnce() {
        var town = expired()
        town.decide([submit(tokenA, c, 5)], at: 2)
        let told = town.ask(confirm(order: far))
        #expect(told == [.order(.shortfall(town.orders[far]!.order))])
        #expect(town.mail.isEmpty)
    }

    @Test func aLatePaymentThatNobodyAnswersGivesUpAndSaysSo() {
        var town = expired()
        town.ask(confirm(order: far, replyTo: "till"))
        let lost = town.mail
        town.mail = []
        town.pass(seconds: 60)
        town.lookAround()
        #expect(town.state(far) == .expired)
        #expect(town.answered.count == 1)
        town.mail += lost
        for _ in 0..<lost.count { town.deliver(town.mail.count - 1) }
        town.settle()
        #expect(town.lines(far) == [.expired, .expired, .expired])
        #expect(town.stock(a) == (5, 0, 0) && town.stock(b) == (5, 0, 0))
    }

    // MARK: Messages out of order, twice, lost

    @Test func aCancelThatOvertakesItsReserveWritesTheLinesAndTheReserveFindsThemDecided() {
        var town = Town([a: 5, b: 5])
        town.ask(order(far, [(a, 1), (b, 1)]))
        let reserves = town.mail
        town.mail = []
        town.ask(cancel(order: far))
        town.settle()
        #expect(town.lines(far) == [.cancelled, .cancelled])
        town.mail = reserves
        town.settle()
        #expect(town.lines(far) == [.cancelled, .cancelled])
        #expect(town.stock(a) == (5, 0, 0) && town.stock(b) == (5, 0, 0))
    }

    @Test func everyMessageMayComeTwice() {
        var (once, twice) = (Town([a: 5, b: 5, c: 5]), Town([a: 5, b: 5, c: 5]))
        for command in [
            order(far, [(a, 1), (b, 1), (c, 1)]), confirm(order: far), cancel(order: far, [1]),
            cancel(order: far),
        ] {
            once.ask(command)
            once.settle()
            twice.ask(command)
            while !twice.mail.isEmpty {
                twice.deliver(twice: true)
                twice.deliver()
            }
        }
        // Whoever hears everything twice says more, and changes nothing more.
        #expect(once.orders.mapValues(\.withoutSeq) == twice.orders.mapValues(\.withoutSeq))
        #expect(once.stocks == twice.stocks)
        #expect(once.intents == twice.intents)
        let parts = once.parts.mapValues { $0.mapValues(\.withoutSeq) }
        #expect(parts == twice.parts.mapValues { $0.mapValues(\.withoutSeq) })
    }

    @Test func aLostAnswerIsAskedForAndToldAgain() {
        var town = Town([a: 5, b: 5])
        town.ask(order(far, [(a, 1), (b, 1)]))
        town.deliver()
        town.deliver()
        #expect(town.mail.count == 2, "two answers")
        town.mail.removeFirst()
        town.settle()
        #expect(town.state(far) == .reserving)
        // Its guard comes due behind the end of the gathering: the order is given up, and nothing stays reserved.
        town.pass(seconds: 60)
        town.lookAround()
        #expect(town.state(far) == .rejected)
        town.settle()
        #expect(town.lines(far) == [.cancelled, .cancelled])
    }

    @Test func aLineThatHearsNothingAsksAndReleasesNothingByItself() {
        var town = reserved()
        town.ask(confirm(order: far))
        town.mail = []
        let due = town.parts[0]![far]!.guardAt!
        town.now = due
        town.decide([], at: 0)
        #expect(town.lines(far)[0] == .reserved, "it is sold, and only the message was lost")
        #expect(town.parts[0]![far]!.guardAt! > due)
        #expect(town.mail.map(\.to) == [2])
        town.settle()
        #expect(town.lines(far)[0] == .confirmed)
        #expect(town.parts[0]![far]!.guardAt == nil)
    }

    @Test func whatNobodyHasAnsweredIsSentAgainAndLessAndLessOften() {
        var town = reserved()
        town.ask(confirm(order: far))
        town.ask(cancel(order: far))
        town.mail = []
        var pauses: [Int64] = []
        for _ in 0..<8 {
            let due = town.orders[far]!.dueAt!
            pauses.append((due.microseconds - town.now.microseconds) / 1_000_000)
            town.now = due
            town.decide([], at: 2)
            #expect(town.mail.map(\.to) == [0, 1])
            if pauses.count < 8 { town.mail = [] }
        }
        #expect(pauses == [60, 60, 120, 240, 480, 960, 1_920, 3_600])
        town.settle()
        #expect(town.lines(far) == [.cancelled, .cancelled, .cancelled])
        #expect(town.orders[far]!.dueAt == nil)
    }

    @Test func anOrderThatTheCoordinatorDoesNotKnowIsRecordedAsCancelledFirst() {
        var town = reserved()
        town.forget(far)
        town.now = town.parts[0]![far]!.guardAt!
        town.decide([], at: 0)
        town.settle()
        #expect(town.state(far) == .cancelled)
        #expect(town.orders[far]?.order.lines.isEmpty == true)
        #expect(town.intents[.line(1, of: far)]?.state == .cancelled)
        #expect(town.stock(a) == (5, 0, 0))
        // Whoever submits it now gets that outcome: nothing can be decided otherwise any more.
        #expect(verdict(town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))) == .unchanged)
        #expect(town.state(far) == .cancelled)
    }

    @Test func anOlderImageComesTooLate() {
        var town = reserved()
        town.ask(confirm(order: far))
        let confirmation = town.mail
        town.mail = []
        town.ask(cancel(order: far))
        town.settle()
        town.mail = confirmation
        town.settle()
        #expect(town.lines(far) == [.cancelled, .cancelled, .cancelled])
        #expect(town.stock(a) == (5, 0, 0))
    }

    @Test func nobodyObeysHisOwnMessagesOrThoseOfAnotherCoordinator() {
        var town = reserved()
        var forged = town.orders[far]!.order
        forged.state = .cancelled
        forged.version = 9
        #expect(
            town.decide([.order(.message(.image(forged)))], at: 2).isEmpty,
            "the coordinator follows itself only")
        let answer = PartAnswer(
            order: far, partition: 1, version: 2, isComplete: false, shortages: [], holdSeconds: 1,
            maxHoldSeconds: 1)
        #expect(town.decide([.order(.message(.answer(answer)))], at: 0).isEmpty)
        let inquiry = PartInquiry(order: far, buyer: ann, partition: 1, version: 2, guardAt: town.now)
        #expect(town.decide([.order(.message(.inquiry(inquiry)))], at: 0).isEmpty)
        #expect(town.state(far) == .reserved)
    }

    // MARK: Inside

    private func reserved() -> OrderTown {
        var town = Town([a: 5, b: 5, c: 5])
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        town.settle()
        return town
    }

    private func expired() -> OrderTown {
        var town = reserved()
        town.pass(seconds: 10)
        town.lookAround()
        town.settle()
        #expect(town.state(far) == .expired)
        return town
    }
}
