import Testing
import WeirCore

/// What the line asks of a batch: bounded reads, bounded grants, everything in the same commit.
@Suite struct LineBatchRules {
    private static func people(_ count: Int, of state: IntentState = .waitlisted, from first: Int = 1)
        -> [Intent]
    {
        (first..<first + count).map {
            inLine(Token("w\(1_000_000 + $0)")!, state, 1, place: Int64($0), buyer: bob)
        }
    }

    private static func row(available: Int64 = 0, held: Int64 = 0, waiting: Int64) -> Stock {
        stock(available: available, held: held, waiting: waiting, places: waiting) {
            $0.onShortage = .waitlist
        }
    }

    private static func batch(
        _ commands: [Command], _ stock: Stock, line: Line? = nil, intents: [Intent] = [], due: [Intent] = [],
        unserved: [SKU] = [], grantLimit: Int = Line.grantLimit
    ) -> Decision {
        var snapshot = Snapshot(now: at(noon), head: 0, stocks: [shirt: stock], due: due)
        for intent in intents { snapshot.intents[intent.token] = intent }
        snapshot.lines[shirt] = line
        snapshot.unserved = unserved
        return decide(commands, in: snapshot, grantLimit: grantLimit)
    }

    @Test func aBatchThatFreesNothingReadsNobodyOfTheLine() {
        let commands = [ask(), ask(tokenB, onShortage: .reject), adjust(by: -1), confirm(id: "c2")]
        let decision = Self.batch(commands, Self.row(available: 1, waiting: 100_000))
        #expect(decision.lacking.isEmpty)
        #expect(decision.events.count == 4)
    }

    @Test func unitsThatComeFreeAskForAsManyOfTheLineAsTheyCouldServe() {
        let few = Self.batch([adjust(by: 3)], Self.row(waiting: 100_000))
        #expect(few.lacking.lines == [shirt: 3])
        let many = Self.batch([adjust(by: 50_000)], Self.row(waiting: 100_000))
        #expect(many.lacking.lines == [shirt: Line.grantLimit])
        #expect(many.events.isEmpty && many.stocks.isEmpty)
    }

    @Test func aBatchServesAThousandAndLeavesTheRestToTheNext() {
        let line = Line(Self.people(1_000), isWhole: false)
        let decision = Self.batch([adjust(by: 50_000)], Self.row(waiting: 100_000), line: line)
        #expect(decision.changed.count == 1_000)
        #expect(decision.changed.allSatisfy { $0.after.holdUntil == at(noon + 10) })
        #expect(decision.unserved == [shirt])
        #expect(decision.stocks.map(\.after.waitlisted) == [99_000])
        #expect(decision.stocks.map(\.after.available) == [49_000])
    }

    @Test func theNextBatchGoesOnWithoutACommand() {
        let line = Line(Self.people(2, from: 1_001), isWhole: true)
        let decision = Self.batch([], Self.row(available: 5, waiting: 2), line: line, unserved: [shirt])
        #expect(decision.changed.map(\.after.state) == [.reserved, .reserved])
        #expect(decision.unserved.isEmpty)
        #expect(decision.events.map(\.cause) == [nil, nil, nil])
        #expect(decision.events.last?.happening == .crossed(.backInStock, decision.stocks[0].after))
    }

    @Test func theRestOfTheLineComesBeforeTheCommandsOfTheNextBatch() {
        let line = Line(Self.people(1), isWhole: true)
        let decision = Self.batch([ask()], Self.row(available: 1, waiting: 1), line: line, unserved: [shirt])
        #expect(decision.events.first?.happening.token == line.intents[0].token)
        #expect(decision.decided.map(\.state) == [.waitlisted])
    }

    @Test func oneWhoLeavesTheLineInTheBatchIsNotServed() {
        let people = Self.people(2)
        let decision = Self.batch(
            [cancel(people[0].token, id: "c1"), adjust(by: 1, id: "c2")], Self.row(waiting: 2),
            line: Line(people, isWhole: true), intents: [people[0]])
        #expect(decision.changed.map(\.after.state) == [.cancelled, .reserved])
        #expect(decision.changed.map(\.after.token) == people.map(\.token))
    }

    @Test func whenTheLineThatWasReadIsUsedUpMoreOfItIsAskedFor() {
        let people = Self.people(1)
        let decision = Self.batch(
            [cancel(people[0].token, id: "c1"), adjust(by: 1, id: "c2")], Self.row(waiting: 2),
            line: Line(people, isWhole: false), intents: people)
        #expect(decision.lacking.lines == [shirt: 2])
    }

    @Test func oneWhoJoinsInTheBatchIsServedInItBehindTheOthers() {
        let people = Self.people(1)
        let decision = Self.batch(
            [ask(tokenA, 1), adjust(by: 2)], Self.row(waiting: 1), line: Line(people, isWhole: true))
        #expect(
            decision.events.map(\.happening.token) == [tokenA, nil, people[0].token, tokenA])
        #expect(decision.decided.map(\.state) == [.reserved])
        #expect(decision.decided.map(\.grantedAt) == [at(noon)])
    }

    @Test func aHoldThatExpiresGoesToTheNextInTheSameCommit() {
        let decision = Self.batch(
            [], Self.row(held: 2, waiting: 2), line: Line(Self.people(2), isWhole: true),
            due: [intent(.reserved, until: noon)])
        #expect(decision.events.map(\.happening.type) == ["expired", "reserved", "reserved"])
        #expect(decision.stocks.map(\.after.held) == [2])
    }

    /// A unit that the waitlist left lying, because its first wants more, goes to one whom units are promised.
    @Test func oneWhomUnitsArePromisedIsServedAtOnceWhereUnitsLie() {
        let first = inLine(tokenB, .waitlisted, 4, place: 1, buyer: bob)
        let before = stock(available: 1, waiting: 4, places: 1) {
            ($0.onShortage, $0.backorderLimit) = (.backorder, 9)
        }
        let decision = Self.batch([ask(tokenA, 1)], before, line: Line([first], isWhole: true))
        #expect(decision.events.map(\.happening.type) == ["backordered", "reserved"])
        #expect(decision.events.map(\.cause) == [0, nil])
        #expect(decision.stocks.map(\.after.waitlisted) == [4])
    }

    @Test func ofManyLinesABatchReadsNoMoreThanItMay() {
        var snapshot = Snapshot(now: at(noon), head: 0)
        let skus = (0..<10).map { SKU("s\($0)")! }
        for sku in skus {
            snapshot.stocks[sku] = stock(sku, available: 0, waiting: 900, places: 900) {
                $0.onShortage = .waitlist
            }
        }
        let decision = decide(
            skus.map { adjust($0, by: 900, id: "adjust-\($0)") }, in: snapshot)
        #expect(decision.lacking.lines.values.reduce(0, +) <= 2 * Line.grantLimit)
        #expect(!decision.lacking.lines.isEmpty)
    }

    @Test func aTotalThatWasNotReadIsAskedFor() {
        var row = stock(available: 5, held: 2) { $0.maxPerBuyer = 3 }
        #expect(Self.batch([ask()], row).lacking.buyers == [BuyerKey(shirt, ann)])
        row.countsBuyers = false
        let decision = Self.batch([define(stocked: 0, also: { $0.maxPerBuyer = 4 }), ask()], row)
        #expect(decision.lacking.uncountedBuyers == [BuyerKey(shirt, ann)])
        #expect(decision.lacking.buyers.isEmpty)
    }
}

extension Happening {
    fileprivate var type: String {
        if case .intent(let intent, _, _) = self { intent.state.rawValue } else { "other" }
    }
}
