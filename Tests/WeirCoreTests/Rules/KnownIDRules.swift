import Testing
import WeirCore

/// Every command takes effect once: its id and its result are kept, and a known id changes nothing.
@Suite struct KnownIDRules {
    private static let rows = stock(available: 5, held: 2)
    private static let commands = [
        confirm(), cancel(), define(stocked: 1, hold: 77), adjust(by: 3), confirm(tokenB),
    ]
    private static var snapshot: Snapshot {
        Snapshot(
            now: at(noon), head: 41, stocks: [shirt: rows], intents: [tokenA: intent(.reserved)])
    }

    @Test(arguments: commands)
    func aKnownIDRepeatsItsResultEvenWhereTheWorldHasMovedOn(_ command: Command) {
        let results = [
            done(.intent(intent(.cancelled))), unchanged(.stock(stock(available: 1))),
            refused(.shortfall, .intent(intent(.expired))), refused(.unknownToken),
        ]
        for result in results {
            Rule(
                claim: "\(command.kind) known as \(result.verdict)", stock: Self.rows,
                intent: intent(.reserved),
                known: StoredResult(id: id("c1"), payload: command.payload, result: result),
                command: command,
                event: .answered(kind: command.kind, id: "c1", sku: shirt, result: result.replayed())
            ).check()
        }
    }

    @Test(arguments: commands)
    func aKnownIDWithAnotherPayloadIsAConflict(_ command: Command) {
        for other in Self.commands + [adjust(by: 3, reason: "other"), cancel(tokenA, mug)]
        where other.payload != command.payload {
            Rule(
                claim: "\(command.kind) after \(other.kind)", stock: Self.rows, intent: intent(.reserved),
                known: StoredResult(id: id("c1"), payload: other.payload, result: refused(.wrongState)),
                command: command,
                event: .answered(
                    kind: command.kind, id: "c1", sku: shirt, result: refused(.commandConflict))
            ).check()
        }
    }

    @Test(arguments: commands)
    func twiceInOneBatchIsOnce(_ command: Command) {
        let once = decide([command], in: Self.snapshot)
        let twice = decide([command, command], in: Self.snapshot)
        #expect(twice.stocks == once.stocks)
        #expect(twice.changed == once.changed)
        #expect(twice.results == once.results)
        #expect(
            twice.events.last?.happening
                == .answered(
                    kind: command.kind, id: "c1", sku: shirt, result: once.results[0].result.replayed()))
        #expect(!twice.results[0].result.isReplayed)
    }

    @Test func aConflictInTheSameBatchLeavesTheFirstResultStored() {
        let decision = decide([adjust(by: 3), adjust(by: 4), adjust(by: 3)], in: Self.snapshot)
        #expect(decision.stocks.map(\.after) == [stock(available: 8, held: 2, version: 8)])
        #expect(decision.results.map(\.payload) == [adjust(by: 3).payload])
        #expect(decision.events.count == 3)
    }

    @Test func tokensAndCommandIDsAreDifferentNames() {
        let decision = decide(
            [submit(tokenB), confirm(tokenB, id: "token-b"), submit(tokenB)], in: Self.snapshot)
        #expect(decision.decided.map(\.state) == [.confirmed])
        #expect(decision.results.map(\.result.verdict) == [.done])
    }

    @Test func twoSubmitsOfOneTokenInABatchAreOneIntent() {
        let decision = decide(
            [submit(tokenB), submit(tokenB), submit(tokenB, shirt, 1), submit(tokenB, mug)],
            in: Self.snapshot)
        #expect(decision.decided.count == 1)
        #expect(decision.stocks.map(\.after) == [stock(available: 3, held: 4, version: 8)])
        let known = decision.decided[0]
        #expect(
            decision.events.dropFirst().map(\.happening) == [
                .answered(
                    kind: .submit, id: "token-b", sku: shirt, result: unchanged(.intent(known)).replayed()),
                .conflict(tokenB, sku: shirt), .conflict(tokenB, sku: mug),
            ])
    }

    @Test func anEmptyBatchDecidesNothing() {
        #expect(decide([], in: Self.snapshot) == Decision(head: 41))
    }
}
