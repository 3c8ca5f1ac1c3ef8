import Foundation
import Testing
import WeirCore

@testable import WeirWire

/// What a subscriber in another language sees: the contract of DESIGN.md section 5.
@Suite struct EventContractTests {
    private let moment = Timestamp(microseconds: 1_795_253_400_000_000)
    private let stock = Stock(
        sku: SKU("shoe")!, stocked: 10, available: 5, held: 2, sold: 3, version: 7,
        policy: SKUPolicy(holdSeconds: 60, maxPerIntent: 4))

    private func intent(_ state: IntentState, reason: RejectionReason? = nil, holdUntil: Timestamp? = nil)
        -> Intent
    {
        Intent(
            token: Token("t~1")!, sku: stock.sku, quantity: Quantity(2)!, buyer: Buyer("Zoë \"Z\"")!,
            state: state, reason: reason, holdUntil: holdUntil, decidedAt: moment)
    }

    @Test func theTypesAreTheContract() {
        #expect(
            IntentState.allCases.map(EventType.intent) == [
                "weir.intent.reserved.v1", "weir.intent.confirmed.v1", "weir.intent.cancelled.v1",
                "weir.intent.expired.v1", "weir.intent.rejected.v1", "weir.intent.waitlisted.v1",
                "weir.intent.backordered.v1",
            ])
        let others = [
            Happening.shortfall(intent(.expired), stock: stock), .conflict(Token("t")!, sku: stock.sku),
            .answered(kind: .adjust, id: "x", sku: stock.sku, result: CommandResult(.done, .nothing)),
            .defined(stock), .adjusted(stock, delta: 1, reason: "count"),
            .extended(intent(.reserved), stock: stock), .returned(intent(.confirmed), units: 1, stock: stock),
            .crossed(.lowStock, stock), .crossed(.soldOut, stock), .crossed(.backInStock, stock),
        ]
        #expect(
            others.map(\.type) == [
                "weir.intent.shortfall.v1", "weir.token.conflict.v1", "weir.command.answered.v1",
                "weir.sku.defined.v1", "weir.sku.adjusted.v1", "weir.intent.extended.v1",
                "weir.intent.returned.v1", "weir.sku.low_stock.v1", "weir.sku.sold_out.v1",
                "weir.sku.back_in_stock.v1",
            ])
    }

    @Test func anIntentEventShowsTheIntentAndWhatIsAvailableAfterIt() throws {
        let shown = intent(.reserved, holdUntil: moment.adding(seconds: 60))
        let json = try parsed(.intent(shown, from: nil, stock: stock))
        #expect(
            json == [
                "token": "t~1", "sku": "shoe", "quantity": 2, "buyer": "Zoë \"Z\"", "status": "reserved",
                "hold_until": "2026-11-21T09:31:00.000000Z", "decided_at": "2026-11-21T09:30:00.000000Z",
                "available": 5, "stock": ["stocked": 10, "held": 2, "sold": 3, "version": 7],
            ] as NSDictionary)
    }

    @Test func aChangeNamesTheStateBefore() throws {
        let json = try parsed(.intent(intent(.confirmed), from: .reserved, stock: stock))
        #expect(json["previous_status"] as? String == "reserved")
        #expect(json["hold_until"] == nil)
        #expect(json["reason"] == nil)
    }

    @Test func aRejectionNamesItsReasonAndNoStockThatDoesNotExist() throws {
        let json = try parsed(.intent(intent(.rejected, reason: .unknownSKU), from: nil, stock: nil))
        #expect(json["status"] as? String == "rejected")
        #expect(json["reason"] as? String == "unknown_sku")
        #expect(json["available"] == nil)
        #expect(json["stock"] == nil)
    }

    @Test func aConflictShowsNothingOfTheFirstIntent() throws {
        let json = try parsed(.conflict(Token("t~1")!, sku: stock.sku))
        #expect(Set(json.allKeys.compactMap { $0 as? String }) == ["token", "sku", "detail"])
    }

    @Test func aStockEventShowsTheStockAsTheAPIDoes() throws {
        let image: [String: Any] = [
            "sku": "shoe", "partition": 5, "stocked": 10, "held": 2, "sold": 3, "available": 5,
            "waitlisted": 0, "backordered": 0, "version": 7, "hold_seconds": 60, "max_per_intent": 4,
        ]
        #expect(try parsed(.defined(stock)) == image as NSDictionary)
        let adjusted = image.merging(["delta": -3, "reason": "broken"]) { old, _ in old }
        #expect(try parsed(.adjusted(stock, delta: -3, reason: "broken")) == adjusted as NSDictionary)
        var unlimited = stock
        unlimited.policy.maxPerIntent = nil
        #expect(try parsed(.defined(unlimited))["max_per_intent"] == nil)
    }

    @Test func anAnswerShowsTheResultOfTheCommand() throws {
        let refused = CommandResult(.refused(.wrongState), .intent(intent(.cancelled)))
        let json = try parsed(.answered(kind: .confirm, id: "c-1", sku: stock.sku, result: refused))
        #expect(json["command"] as? String == "weir.intent.confirm.v1")
        #expect(json["id"] as? String == "c-1")
        #expect(json["sku"] as? String == "shoe")
        #expect(json["result"] as? String == "refused")
        #expect(json["reason"] as? String == "wrong_state")
        let inner = json["intent"] as? [String: Any]
        #expect(inner?["status"] as? String == "cancelled")
    }

    @Test func everyEventIsOneJSONObjectForFoundation() throws {
        for seed in UInt64(0)..<300 {
            var random = SplitMix64(seed: seed)
            let intent = random.intent()
            // Foundation drops a byte order mark inside a string.
            guard !intent.buyer.text.unicodeScalars.contains("\u{FEFF}") else { continue }
            let json = try parsed(.intent(intent, from: nil, stock: random.stock(policy: random.policy())))
            let buyer = json["buyer"] as? String
            #expect(buyer.map { Array($0.utf8) } == Array(intent.buyer.text.utf8))
            #expect((json["quantity"] as? NSNumber)?.int64Value == intent.quantity.units)
        }
    }

    private func parsed(_ happening: Happening) throws -> NSDictionary {
        let json = try JSONSerialization.jsonObject(with: Data(happening.body(partition: 5)))
        return try #require(json as? NSDictionary ?? (json as? [String: Any]).map { $0 as NSDictionary })
    }
}
