import Testing
import WeirCore

/// The payload text decides whether a known id is a repetition or a conflict: it tells all commands apart.
@Suite struct PayloadTests {
    /// Fields that invite confusion: separators, digits that run together, defaults, texts of other commands.
    private static let skus = ["a", "a:1", "a-1", "1", "0", "submit"].map { SKU($0)! }
    private static let tokens = ["a", "a:1", "1", "11", "a~1", "confirm"].map { Token($0)! }
    private static let buyers = [
        "a", "1", "reject", "a 1", "a|1", "a\\n1", "\u{EB}", "e\u{308}", "a\u{2028}1",
    ]
    .map { Buyer($0)! }
    private static let reasons = ["", "a", "1", "1 1", "a|1", "\\n", "\"", "0", "-1", "\u{EB}", "e\u{308}"]
    private static let numbers: [Int64] = [0, 1, 11, 111, 1_000_000_000_000]

    private static var submits: [Command] {
        skus.flatMap { sku in
            tokens.flatMap { token in
                buyers.flatMap { buyer in
                    [1, 11, 2_147_483_647].map { submit(token, sku, $0, by: buyer) }
                }
            }
        }
    }

    private static var changes: [Command] {
        skus.flatMap { sku in tokens.flatMap { [confirm($0, sku), cancel($0, sku)] } }
    }

    private static var definitions: [Command] {
        let limits: [Int64?] = [nil, 0, 1, 11]
        return skus.flatMap { sku in
            numbers.flatMap { stocked in
                [0, 1, 11].flatMap { hold in
                    limits.map { define(sku, stocked: stocked, hold: hold, limit: $0) }
                }
            }
        }
    }

    private static var adjustments: [Command] {
        skus.flatMap { sku in
            (numbers + numbers.map { -$0 }).filter { $0 != 0 }.flatMap { delta in
                reasons.map { adjust(sku, by: delta, reason: $0) }
            }
        }
    }

    @Test func differentCommandsNeverShareAPayload() {
        var seen: [[UInt8]: Command] = [:]
        for command in Self.submits + Self.changes + Self.definitions + Self.adjustments {
            let other = seen.updateValue(command, forKey: Array(command.payload.utf8))
            if let other { return _ = Issue.record("\(command) and \(other) share a payload") }
        }
        #expect(seen.count > 1500)
    }

    @Test func theCommandIDIsNoPartOfThePayload() {
        #expect(confirm(id: "c1").payload == confirm(id: "c2").payload)
        #expect(adjust(by: 1, id: "c1").payload == adjust(by: 1, id: "c2").payload)
        #expect(define(stocked: 1, id: "c1").payload == define(stocked: 1, id: "c2").payload)
    }

    /// A line feed joins the parts; a field that could hold one would forge a part.
    @Test func noCheckedFieldCanHoldTheSeparator() {
        #expect(SKU("a\nb") == nil)
        #expect(Token("a\nb") == nil)
        #expect(Buyer("a\nb") == nil)
    }

    @Test func aCommandKnowsItsKindItsSKUItsTokenAndItsID() {
        let commands = [
            submit(), .discard(wish()), confirm(), cancel(), define(stocked: 1), adjust(by: 1),
        ]
        #expect(commands.map(\.kind) == CommandKind.allCases)
        #expect(commands.map(\.sku) == Array(repeating: shirt, count: 6))
        #expect(commands.map(\.token) == [tokenA, tokenA, tokenA, tokenA, nil, nil])
        #expect(commands.map(\.id) == [nil, nil, id("c1"), id("c1"), id("c1"), id("c1")])
        #expect(commands.allSatisfy { $0.payload.hasPrefix($0.kind.rawValue + "\n") })
    }

    @Test(arguments: [
        submit(tokenB), submit(tokenA, mug), submit(tokenA, shirt, 1), submit(tokenA, shirt, 2, by: bob),
    ])
    func anIntentIsRepeatedByTheSameFieldsOnly(_ other: Command) {
        guard case .submit(let other) = other else { return }
        #expect(intent(.cancelled).repeats(wish()))
        #expect(!intent(.cancelled).repeats(other))
    }
}
