import Testing
import WeirCore

/// What comes of an order that was forgotten, and of a former life of its token.
@Suite struct OrderForgottenRules {
    private typealias Town = OrderTown
    private let far = OrderTown.token(coordinatedBy: 2)
    private let a = OrderTown.a
    private let b = OrderTown.b
    private let c = OrderTown.c

    @Test func nothingThatCameOfAForgottenOrderChangesAnything() {
        let (pruned, letters) = forgotten()
        var town = pruned
        #expect(Set(letters.map(\.to)) == [0, 1, 2])
        for letter in letters {
            #expect(town.decide([.order(.message(letter.message))], at: letter.to).isEmpty, "\(letter)")
        }
        #expect(town.state(far) == nil && town.mail.isEmpty && town.stock(a) == (5, 0, 0))
    }

    /// The same wish again, or another one under the same token, while all of the first life comes a second time.
    @Test(arguments: [1, 2] as [Int64]) func aSecondLifeDoesNotHearTheFirst(_ units: Int64) {
        let (pruned, letters) = forgotten()
        var town = pruned
        func repeatFirstLife() {
            for letter in letters { town.decide([.order(.message(letter.message))], at: letter.to) }
        }
        town.ask(order(far, [(a, units), (b, units), (c, units)]))
        let fresh = town.mail
        town.mail = []
        repeatFirstLife()
        // The first image of the same wish is as good as the second.
        if units == 2 { #expect(town.state(far) == .reserving, "nobody of the second life has answered") }
        town.mail = fresh
        town.settle()
        #expect(town.state(far) == .reserved && town.orders[far]?.awaited == [])
        town.pass(seconds: 1)
        town.ask(confirm(order: far, id: "c2"))
        repeatFirstLife()
        town.settle()
        repeatFirstLife()
        town.settle()
        #expect(town.lines(far) == [.confirmed, .confirmed, .confirmed])
        for sku in [a, b, c] { #expect(town.stock(sku) == (5 - units, 0, units)) }
    }

    /// The first life had everything, in the second one a participant is short and has not been heard yet: what it said
    /// the first time is no answer.
    @Test func aCompleteAnswerOfTheFirstLifeDoesNotCountForAPartThatIsShort() {
        let (pruned, letters) = forgotten()
        var town = pruned
        let old = letters.filter {
            if case .answer(let answer) = $0.message {
                answer.partition == 1 && answer.version == 1 && answer.isComplete
            } else {
                false
            }
        }
        #expect(old.count == 1)
        town.ask(order(Token("other")!, [(b, 5)]))
        #expect(town.state(Token("other")!) == .reserved)
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        while let image = town.mail.firstIndex(where: { $0.to != 2 }) { town.deliver(image) }
        #expect(town.mail.count == 2 && town.parts[1]![far]!.guardAt == nil)
        for letter in old { town.decide([.order(.message(letter.message))], at: letter.to) }
        #expect(town.orders[far]?.awaited == [0, 1])
        town.settle()
        #expect(town.state(far) == .rejected && town.orders[far]?.awaited == [])
        #expect(town.lines(far) == [.cancelled, .rejected, .cancelled])
        #expect(town.stock(a) == (5, 0, 0) && town.stock(b) == (0, 5, 0) && town.stock(c) == (5, 0, 0))
    }

    /// A question whose part has been answered meanwhile is none any more.
    @Test func onlyAPartThatHoldsSomethingIsTold() {
        var town = reserved()
        town.now = town.parts[0]![far]!.guardAt!
        town.decide([], at: 0)
        let question = town.mail
        town.mail = []
        town.ask(cancel(order: far))
        town.settle()
        town.forget(far)
        town.mail = question
        #expect(town.deliver().isEmpty)
        #expect(town.state(far) == nil, "its part holds nothing")
    }

    /// What the coordinator does not wait for any more takes nothing, not even for a moment.
    @Test func anUndecidedImageThatIsOutOfDateIsNotObeyed() {
        var town = Town([a: 5, b: 0, c: 5])
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        let late = town.mail.firstIndex { $0.to == 0 }!
        let letter = town.mail.remove(at: late)
        while town.state(far) == .reserving { town.deliver() }
        #expect(town.state(far) == .rejected)
        #expect(town.decide([.order(.message(letter.message))], at: 0).isEmpty)
        #expect(town.stock(a) == (5, 0, 0))
        town.settle()
        #expect(town.lines(far) == [.cancelled, .rejected, .cancelled])
        #expect(town.orders[far]?.awaited == [])
    }

    /// The row and the part know the last event about them.
    @Test func theLastEventIsNoted() {
        var town = reserved()
        #expect(town.orders[far]?.lastSeq == town.heads[2])
        #expect(town.parts[0]![far]!.lastSeq == town.heads[0])
        town.now = town.parts[0]![far]!.guardAt!
        town.decide([], at: 0)
        #expect(town.parts[0]![far]!.lastSeq == town.heads[0])
        // Its hold is over: it expires, and only then the question is answered.
        town.decide([], at: 2)
        town.settle()
        #expect(town.state(far) == .expired && town.orders[far]?.lastSeq == town.heads[2])
        let version = town.orders[far]?.order.version
        #expect(town.parts[1]![far]!.lastSeq == town.heads[1])
        // A payment that comes too late changes nothing but that.
        town.set(SKUPolicy(holdSeconds: 10, safetyStock: 9), of: c)
        let before = town.heads[2]
        town.ask(confirm(order: far))
        #expect(town.heads[2] == before + 1 && town.orders[far]?.lastSeq == town.heads[2])
        #expect(town.orders[far]?.order.version == version)
    }

    // MARK: Inside

    private func reserved() -> OrderTown {
        var town = Town([a: 5, b: 5, c: 5])
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        town.settle()
        #expect(town.state(far) == .reserved)
        return town
    }

    /// A town that has forgotten an order, and all the messages that there ever were of it, a question among them.
    private func forgotten() -> (OrderTown, [OrderTown.Letter]) {
        var town = Town([a: 5, b: 5, c: 5], policy: SKUPolicy(holdSeconds: 10_000))
        var letters: [OrderTown.Letter] = []
        func settle() {
            while !town.mail.isEmpty {
                letters.append(town.mail[0])
                town.deliver()
            }
        }
        town.ask(order(far, [(a, 1), (b, 1), (c, 1)]))
        settle()
        town.now = town.parts[0]![far]!.guardAt!
        town.decide([], at: 0)
        #expect(town.mail.count == 1)
        settle()
        town.ask(confirm(order: far))
        settle()
        town.ask(cancel(order: far))
        settle()
        #expect(town.state(far) == .cancelled && town.orders[far]?.awaited == [])
        town.prune(far)
        town.pass(seconds: 1)
        return (town, letters)
    }
}
