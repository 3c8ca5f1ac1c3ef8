import Testing
import WeirCore

/// What becomes of an order across partitions, step by step.
@Suite struct OrderRules {
    private typealias Town = OrderTown
    private let far = OrderTown.token(coordinatedBy: 2)
    private let a = OrderTown.a
    private let b = OrderTown.b
    private let c = OrderTown.c
    private let a2 = OrderTown.a2

    @Test func linesOfOnePartitionAreDecidedInOneBatchThere() {
        var town = Town([a: 5, a2: 5])
        let told = town.ask(order(far, [(a, 2), (a2, 3)]))
        #expect(town.mail.isEmpty, "nobody else is asked")
        #expect(town.orders[far]?.order.coordinator == 0, "the partition of its lines coordinates it")
        #expect(town.state(far) == .reserved)
        #expect(town.lines(far) == [.reserved, .reserved])
        #expect(town.orders[far]?.order.holdUntil == at(noon + 10))
        #expect(town.stock(a) == (3, 2, 0) && town.stock(a2) == (2, 3, 0))
        guard case .order(.state(let order, from: nil))? = told.last else {
            Issue.record("\(told)")
            return
        }
        #expect(order.version == 1 && order.decidedAt == town.now)
    }

    @Test func everyLineIsReservedAcrossPartitions() {
        var town = Town([a: 5, b: 5, c: 5])
        town.ask(order(far, [(a, 1), (b, 2), (c, 3)]))
        #expect(town.state(far) == .reserving)
        #expect(town.mail.map(\.to) == [0, 1])
        #expect(town.lines(far) == [nil, nil, .reserved], "the coordinator's own line is held at once")
        town.deliver()
        town.deliver()
        #expect(town.state(far) == .reserving)
        town.settle()
        #expect(town.state(far) == .reserved)
        #expect(town.lines(far) == [.reserved, .reserved, .reserved])
        #expect(town.intents.values.allSatisfy { $0.holdUntil == nil }, "a line has no clock of its own")
        #expect(town.parts[0]?[far]?.guardAt != nil && town.parts[1]?[far]?.guardAt != nil)
        #expect(town.parts[2]?[far] == nil, "the coordinator's own lines need no guard")
    }

    @Test func linesOfOneSKUAreMergedIntoTheFirst() {
        var town = Town([a: 5, b: 5])
        town.ask(order(far, [(a, 1), (b, 1), (a, 3)]))
        town.settle()
        #expect(town.orders[far]?.order.lines.map(\.quantity.units) == [4, 1])
        #expect(town.lines(far) == [.reserved, .reserved])
        #expect(town.stock(a) == (1, 4, 0) && town.stock(b) == (4, 1, 0))
        // Together they are more than there is.
        let other = OrderTown.token(coordinatedBy: 2, "m")
        town.ask(order(other, [(a, 1), (b, 1), (a, 1)]))
        town.settle()
        #expect(town.state(other) == .rejected)
        let most = Quantity.range.upperBound
        #expect(
            OrderSubmit(token: far, buyer: ann, lines: [(a, Quantity(most)!), (a, Quantity(1)!)]) == nil)
    }

    @Test func theShortestHoldIsTheOrders() {
        for shortest in [a, b, c] {
            var town = Town([a: 5, b: 5, c: 5])
            town.set(SKUPolicy(holdSeconds: 4), of: shortest)
            town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
            town.settle()
            #expect(town.orders[far]?.order.holdUntil == at(noon + 4))
        }
    }

    @Test func aHoldOfZeroSecondsIsHeldUntilTheOrderCommitsAndThenSold() {
        var town = Town([a: 5, b: 5], policy: SKUPolicy(holdSeconds: 0))
        town.ask(order(far, [(a, 1), (b, 1)]))
        town.deliver()
        #expect(town.lines(far)[0] == .reserved, "still held: the other line is not known yet")
        town.settle()
        #expect(town.state(far) == .confirmed)
        #expect(town.lines(far) == [.confirmed, .confirmed])
        #expect(town.stock(a) == (4, 0, 1) && town.stock(b) == (4, 0, 1))
    }

    @Test func oneShortLineLeavesNothingReserved() {
        var town = Town([a: 5, b: 1, c: 5])
        town.ask(order(far, [(a, 1), (b, 2), (c, 1)]))
        town.settle()
        let row = town.orders[far]
        #expect(row?.order.state == .rejected && row?.order.reason == .orderIncomplete)
        #expect(row?.order.lines.map(\.shortage) == [nil, .soldOut, nil])
        #expect(town.lines(far) == [.cancelled, .rejected, .cancelled])
        #expect(town.stock(a) == (5, 0, 0) && town.stock(b) == (1, 0, 0) && town.stock(c) == (5, 0, 0))
        #expect(row?.awaited.isEmpty == true && row?.dueAt == nil)
        #expect(town.parts.values.flatMap(\.values).allSatisfy { $0.guardAt == nil })
    }

    @Test func theOtherLinesOfAShortPartAreNeverHeld() {
        var town = Town([a: 5, a2: 0, b: 5])
        town.ask(order(far, [(a, 1), (a2, 1), (b, 1)]))
        let toA = town.mail.firstIndex { $0.to == 0 }!
        let told = town.deliver(toA)
        #expect(town.stock(a) == (5, 0, 0))
        #expect(town.intents[.line(1, of: far)]?.reason == .orderIncomplete)
        #expect(town.intents[.line(2, of: far)]?.reason == .soldOut)
        guard case .order(.part(let answer))? = told.last else {
            Issue.record("\(told)")
            return
        }
        #expect(!answer.isComplete && answer.shortages == [LineShortage(line: 2, reason: .soldOut)])
    }

    @Test func whatIsShortAtTheCoordinatorIsSaidToNobodyElse() {
        var town = Town([a: 5, b: 5, c: 0])
        town.ask(order(far, [(a, 1), (c, 1)]))
        #expect(town.state(far) == .rejected)
        #expect(town.mail.isEmpty)
        #expect(town.lines(far) == [nil, .rejected])
    }

    @Test(arguments: [
        (SKUPolicy(maxPerIntent: 1), RejectionReason.quantityLimit),
        (SKUPolicy(onSaleFrom: at(noon + 1)), .notOnSale), (SKUPolicy(maxPerBuyer: 1), .buyerLimit),
        (SKUPolicy(safetyStock: 4), .soldOut), (SKUPolicy(onShortage: .waitlist), nil),
    ])
    func linesFollowThePolicyOfTheirSKUAsIntentsDo(_ policy: SKUPolicy, _ reason: RejectionReason?) {
        var town = Town([a: 5, b: 5])
        town.set(policy, of: a)
        town.ask(order(far, [(a, 2), (b, 1)]))
        town.settle()
        #expect(town.orders[far]?.order.lines[0].shortage == reason)
        #expect(town.state(far) == (reason == nil ? .reserved : .rejected))
    }

    @Test func aLineNeverWaitsInLine() {
        var town = Town([a: 1, b: 5], policy: SKUPolicy(holdSeconds: 10, onShortage: .waitlist))
        town.ask(order(far, [(a, 2), (b, 1)]))
        town.settle()
        #expect(town.state(far) == .rejected)
        #expect(town.intents[.line(1, of: far)]?.state == .rejected)
        #expect(town.intents[.line(1, of: far)]?.onShortage == .reject, "and says so itself")
    }

    @Test func aLineGetsNothingWhileAnyoneStandsInLine() {
        var town = Town([a: 5, b: 5], policy: SKUPolicy(holdSeconds: 10, onShortage: .waitlist))
        town.decide([submit(tokenA, a, 6)], at: 0)
        #expect(town.intents[tokenA]?.state == .waitlisted)
        town.ask(order(far, [(a, 1), (b, 1)]))
        town.settle()
        #expect(town.orders[far]?.order.lines[0].shortage == .soldOut, "although five units are free")
    }

    @Test func whatAnOrderGivesBackGoesToTheNextInLine() {
        for expires in [false, true] {
            var town = Town([a: 5, b: 5], policy: SKUPolicy(holdSeconds: 10, onShortage: .waitlist))
            town.ask(order(far, [(a, 5), (b, 1)]))
            town.settle()
            town.decide([submit(tokenA, a, 2)], at: 0)
            #expect(town.intents[tokenA]?.state == .waitlisted)
            if expires {
                town.pass(seconds: 10)
                town.lookAround()
            } else {
                town.ask(cancel(order: far))
            }
            town.settle()
            #expect(town.intents[tokenA]?.state == .reserved)
            #expect(town.stock(a) == (3, 2, 0))
        }
    }

    @Test func anUnknownSKUIsAShortage() {
        var town = Town([b: 5])
        town.ask(order(far, [(a, 1), (b, 1)]))
        town.settle()
        #expect(town.orders[far]?.order.lines[0].shortage == .unknownSKU)
        #expect(town.lines(far) == [.rejected, .cancelled])
    }

    // MARK: Afterwards

    @Test func aConfirmSellsEveryLine() {
        var town = reserved()
        let told = town.ask(confirm(order: far))
        guard case .order(.state(let order, from: .reserved))? = told.last else {
            Issue.record("\(told)")
            return
        }
        #expect(order.state == .confirmed && order.version == 3)
        #expect(town.results[id("c1")]?.result == done(.order(order)))
        town.settle()
        #expect(town.lines(far) == [.confirmed, .confirmed, .confirmed])
        #expect(town.stock(a) == (4, 0, 1))
        #expect(town.orders[far]?.dueAt == nil, "everybody has answered")
    }

    @Test func aCancelGivesEverythingBackBeforeAndAfterTheSale() {
        for isSold in [false, true] {
            var town = reserved()
            if isSold {
                town.ask(confirm(order: far))
                town.settle()
            }
            town.ask(cancel(order: far))
            town.settle()
            #expect(town.state(far) == .cancelled)
            #expect(town.lines(far) == [.cancelled, .cancelled, .cancelled])
            #expect(town.stock(a) == (5, 0, 0) && town.stock(b) == (5, 0, 0) && town.stock(c) == (5, 0, 0))
        }
    }

    @Test func anOrderCanBeCancelledWhileItIsGathered() {
        var town = Town([a: 5, b: 5, c: 5])
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)], replyTo: "buyer"))
        let told = town.ask(cancel(order: far))
        town.settle()
        #expect(town.state(far) == .cancelled)
        #expect(town.lines(far) == [.cancelled, .cancelled, .cancelled])
        #expect(town.stock(a) == (5, 0, 0) && town.stock(b) == (5, 0, 0) && town.stock(c) == (5, 0, 0))
        #expect(town.answered.map(\.sender.replyTo) == ["buyer"], "who submitted it hears of it, too")
        #expect(told.contains { if case .order(.state(_, from: .reserving)) = $0 { true } else { false } })
    }

    @Test func linesCanBeCancelledOneByOne() {
        var town = reserved()
        town.ask(cancel(order: far, [1]))
        #expect(town.mail.map(\.to) == [0], "only who has the line is told")
        town.settle()
        #expect(town.state(far) == .reserved)
        #expect(town.lines(far) == [.cancelled, .reserved, .reserved])
        town.ask(confirm(order: far))
        town.settle()
        #expect(town.lines(far) == [.cancelled, .confirmed, .confirmed])
        town.ask(cancel(order: far, [2], id: "x2"))
        town.settle()
        #expect(town.state(far) == .confirmed)
        #expect(town.lines(far) == [.cancelled, .cancelled, .confirmed])
        #expect(town.stock(b) == (5, 0, 0))
        #expect(refusal(town.ask(cancel(order: far, [4], id: "x3"))) == .unknownLine)
        #expect(verdict(town.ask(cancel(order: far, [1, 2], id: "x4"))) == .unchanged)
        town.ask(cancel(order: far, [3], id: "x5"))
        town.settle()
        #expect(town.state(far) == .cancelled, "no line is left")
    }

    @Test func anOrderExpiresAsAWhole() {
        var town = reserved()
        town.pass(seconds: 9)
        town.lookAround()
        #expect(town.state(far) == .reserved)
        town.pass(seconds: 1)
        town.lookAround()
        town.settle()
        #expect(town.state(far) == .expired)
        #expect(town.lines(far) == [.expired, .expired, .expired])
        #expect(town.stock(a) == (5, 0, 0))
    }

    @Test func anExtensionIsBoundByTheShortestPolicy() {
        var town = Town([a: 5, b: 5, c: 5], policy: SKUPolicy(holdSeconds: 10, maxHoldSeconds: 100))
        town.set(SKUPolicy(holdSeconds: 10, maxHoldSeconds: 30), of: b)
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        town.settle()
        #expect(refusal(town.ask(extend(order: far, to: noon + 31))) == .holdLimit)
        #expect(verdict(town.ask(extend(order: far, to: noon + 10, id: "e2"))) == .unchanged)
        town.ask(extend(order: far, to: noon + 30, id: "e3"))
        #expect(town.orders[far]?.order.holdUntil == at(noon + 30))
        town.pass(seconds: 20)
        town.lookAround()
        town.settle()
        #expect(town.state(far) == .reserved)
        town.pass(seconds: 10)
        town.lookAround()
        #expect(town.state(far) == .expired)
    }

    @Test func withoutAPolicyThatPermitsItNothingIsExtended() {
        var town = reserved()
        #expect(refusal(town.ask(extend(order: far, to: noon + 11))) == .holdLimit)
    }

    // MARK: Inside

    private func reserved() -> OrderTown {
        var town = Town([a: 5, b: 5, c: 5])
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        town.settle()
        #expect(town.state(far) == .reserved)
        return town
    }
}

func verdict(_ told: [Happening]) -> Verdict? {
    guard case .order(.answered(_, _, _, let result))? = told.last else { return nil }
    return result.verdict
}

func refusal(_ told: [Happening]) -> Refusal? {
    guard case .refused(let refusal) = verdict(told) else { return nil }
    return refusal
}
