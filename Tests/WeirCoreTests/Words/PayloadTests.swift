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

    private static var details: [Command] {
        let policies: [(inout SKUPolicy) -> Void] = [
            { $0.maxHoldSeconds = 1 }, { $0.maxPerBuyer = 1 }, { $0.safetyStock = 1 }, { $0.lowStockAt = 1 },
            { $0.lowStockAt = 0 }, { $0.onSaleFrom = at(1) }, { $0.onSaleUntil = at(1) },
            { $0.onShortage = .waitlist }, { $0.onShortage = .backorder }, { $0.waitlistLimit = 1 },
            { $0.backorderLimit = 1 }, { $0.availableFrom = at(1) },
        ]
        return policies.map { define(stocked: 1, also: $0) }
            + [.any, .exactly(1), .exactly(11)].map { define(stocked: 1, ifVersion: $0) }
            + [1, 11].flatMap { [giveBack($0), extend(to: $0)] }
            + ShortageRule.allCases.map { ask(onShortage: $0) }
            + [ask(replacing: tokenB), ask(onShortage: .reject, replacing: tokenB)]
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
        for command in Self.submits + Self.changes + Self.details + Self.definitions + Self.adjustments {
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

    /// Results are kept under payloads for ever: those of an older binary must still be the same.
    @Test func whatWasStoredBeforeIsStillTheSame() {
        #expect(define(stocked: 5).payload == "weir.sku.define.v1\nshirt\n5\n10\nunlimited")
        #expect(define(stocked: 5, limit: 3).payload == "weir.sku.define.v1\nshirt\n5\n10\n3")
        #expect(cancel().payload == "weir.intent.cancel.v1\nshirt\ntoken-a")
        #expect(adjust(by: -2).payload == "weir.sku.adjust.v1\nshirt\n-2\ncount")
    }

    /// A line feed joins the parts; a field that could hold one would forge a part.
    @Test func noCheckedFieldCanHoldTheSeparator() {
        #expect(SKU("a\nb") == nil)
        #expect(Token("a\nb") == nil)
        #expect(Buyer("a\nb") == nil)
    }

    @Test func aCommandKnowsItsKindItsSKUItsTokenAndItsID() {
        let commands = [
            submit(), .discard(wish()), confirm(), cancel(), extend(to: noon), define(stocked: 1),
            adjust(by: 1),
        ]
        #expect(commands.map(\.kind) == Array(CommandKind.allCases.prefix(commands.count)))
        #expect(commands.map(\.sku) == Array(repeating: shirt, count: 7))
        #expect(commands.map(\.token) == [tokenA, tokenA, tokenA, tokenA, tokenA, nil, nil])
        #expect(commands.map(\.id) == [nil, nil] + Array(repeating: id("c1"), count: 5))
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
