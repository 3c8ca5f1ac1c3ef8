import Testing
import WeirCore

@testable import WeirWire

/// An event reads back as what happened; so do stored results.
@Suite struct EventRoundTripTests {
    @Test func everyIntentEventReadsBack() throws {
        for seed in UInt64(0)..<600 {
            var random = SplitMix64(seed: seed)
            let intent = random.intent()
            let from = random.chance(50) ? random.one(of: IntentState.allCases) : nil
            // Counters travel without the policy.
            let stock = random.chance(80) ? shared(random.stock(policy: SKUPolicy()), intent.sku) : nil
            try roundTrip(.intent(intent, from: from, stock: stock))
        }
    }

    @Test func everyShortfallReadsBack() throws {
        for seed in UInt64(0)..<200 {
            var random = SplitMix64(seed: seed)
            var intent = random.intent()
            intent.state = .expired
            let stock = shared(random.stock(policy: SKUPolicy()), intent.sku)
            try roundTrip(.shortfall(intent, stock: stock))
        }
    }

    @Test func everyExtensionAndReturnReadsBack() throws {
        for seed in UInt64(0)..<200 {
            var random = SplitMix64(seed: seed)
            let intent = random.intent()
            let stock = shared(random.stock(policy: SKUPolicy()), intent.sku)
            try roundTrip(.extended(intent, stock: stock))
            try roundTrip(.returned(intent, units: random.number(in: Quantity.range), stock: stock))
        }
    }

    @Test(arguments: Crossing.allCases) func everyCrossingReadsBack(_ crossing: Crossing) throws {
        for seed in UInt64(0)..<100 {
            var random = SplitMix64(seed: seed)
            try roundTrip(.crossed(crossing, random.stock(policy: random.policy())))
        }
    }

    @Test func everyConflictAnswerAndStockEventReadsBack() throws {
        for seed in UInt64(0)..<400 {
            var random = SplitMix64(seed: seed)
            try roundTrip(.conflict(random.token(), sku: random.sku()))
            try roundTrip(
                .answered(
                    kind: random.one(of: [.submit, .confirm, .cancel, .extend, .define, .adjust]),
                    id: random.commandID().text,
                    sku: random.sku(), result: random.result()))
            try roundTrip(.defined(random.stock(policy: random.policy())))
            try roundTrip(
                .adjusted(
                    random.stock(policy: random.policy()), delta: random.number(in: StockLimit.delta),
                    reason: random.text(upToBytes: Adjustment.longestReason)))
        }
    }

    @Test func everyStoredResultReadsBack() throws {
        for seed in UInt64(0)..<1_000 {
            var random = SplitMix64(seed: seed)
            let result = random.result()
            #expect(try CommandResult(stored: result.stored) == result)
        }
    }

    @Test(arguments: [
        "", "{}", #"{"result":"maybe"}"#, #"{"result":"refused"}"#, #"{"result":"refused","reason":"x"}"#,
        #"{"result":1}"#, #"{"result":"done","intent":{}}"#, #"{"result":"done","stock":{}}"#,
        #"{"result":"done","intent":1}"#, #"{"result":"done","stock":"x"}"#,
    ])
    func aDamagedResultIsRefused(_ text: String) {
        #expect(throws: WireRefusal.self) { try CommandResult(stored: text) }
    }

    @Test func anEventUnderAnotherTypeIsRefused() {
        var random = SplitMix64(seed: 5)
        var intent = random.intent()
        intent.state = .cancelled
        let body = Happening.intent(intent, from: .reserved, stock: nil).body(partition: 0)
        for type in ["weir.intent.confirmed.v1", "weir.intent.cancelled.v2", "", EventType.shortfall] {
            #expect(throws: WireRefusal.self) { try Happening(type: type, body: body) }
        }
    }

    @Test func noTruncatedEventIsRead() {
        var random = SplitMix64(seed: 6)
        let happenings: [Happening] = [
            .intent(random.intent(), from: .reserved, stock: random.stock(policy: SKUPolicy())),
            .conflict(random.token(), sku: random.sku()),
            .answered(kind: .confirm, id: "id", sku: random.sku(), result: random.result()),
            .defined(random.stock(policy: random.policy())),
        ]
        for happening in happenings {
            let body = happening.body(partition: 3)
            for length in 0..<body.count {
                #expect(throws: WireRefusal.self) {
                    try Happening(type: happening.type, body: Array(body[..<length]))
                }
            }
        }
    }

    @Test(arguments: ["\"no such\"", "7", "true"])
    func anUnknownWordInAnEventIsRefusedAndNotForgotten(_ word: String) throws {
        let image =
            #""token":"t","sku":"s","quantity":1,"buyer":"b","status":"rejected","decided_at":"2026-11-21T09:30:00Z""#
        let type = EventType.intent(.rejected)
        _ = try Happening(type: type, body: Array("{\(image)}".utf8))
        for field in ["reason", "previous_status"] {
            #expect(throws: WireRefusal.self, "\(field)") {
                try Happening(type: type, body: Array("{\(image),\"\(field)\":\(word)}".utf8))
            }
        }
    }

    private func roundTrip(_ happening: Happening) throws {
        let body = happening.body(partition: 5)
        #expect(try Happening(type: happening.type, body: body) == happening)
    }

    private func shared(_ stock: Stock, _ sku: SKU) -> Stock {
        Stock(
            sku: sku, stocked: stock.stocked, available: stock.available, held: stock.held, sold: stock.sold,
            version: stock.version, policy: stock.policy)
    }
}
