import Testing
import WeirCore
import WeirLive
import WeirPipeline

@testable import WeirSimulation

/// What the core asks of a store for lines and buyers, in memory and in PostgreSQL alike.
@Suite struct LineConformance {
    private static let tea = SKU(unchecked: DatabaseUnderTest.home)

    private func shop(
        _ stocked: Int64 = 0, id: String = "d", _ also: (inout SKUPolicy) -> Void = { _ in }
    ) -> Command {
        var policy = SKUPolicy(holdSeconds: 60, onShortage: .waitlist, backorderLimit: 100)
        also(&policy)
        return .define(
            Definition(id: CommandID(unchecked: id), sku: Self.tea, stocked: stocked, policy: policy))
    }

    private func adjust(_ delta: Int64, id: String = "a") -> Command {
        .adjust(Adjustment(id: CommandID(unchecked: id), sku: Self.tea, delta: delta, reason: "x"))
    }

    private func ask(_ token: String, _ rule: ShortageRule?, _ units: Int64 = 1) -> Command {
        .submit(
            Submit(
                token: Token(unchecked: token), sku: Self.tea, quantity: Quantity(unchecked: units),
                buyer: Buyer(unchecked: "b"), onShortage: rule))
    }

    @Test(arguments: Ports.allCases) func theBeginningOfALineIsReadInTheOrderOfItsTurn(_ ports: Ports)
        async throws
    {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            try store.decideByHand([shop { $0.onShortage = .backorder }])
            try store.decideByHand([
                ask("w1", .waitlist), ask("p1", nil), ask("w2", .waitlist), ask("p2", nil, 2),
                ask("w3", .waitlist),
            ])
            func line(_ count: Int) throws -> Line? {
                var request = SnapshotRequest()
                request.lines = [Self.tea: count]
                return try store.read(request).lines[Self.tea]
            }
            for (count, tokens, isWhole) in [
                (1, ["p1"], false), (3, ["p1", "p2", "w1"], false),
                (5, ["p1", "p2", "w1", "w2", "w3"], false),
                (6, ["p1", "p2", "w1", "w2", "w3"], true),
            ] {
                let found = try line(count)
                #expect(found?.intents.map(\.token.text) == tokens)
                #expect(found?.isWhole == isWhole)
            }
            #expect(try line(6)?.intents.map(\.place) == [2, 4, 1, 3, 5])
            #expect(try line(6)?.intents[2].onShortage == .waitlist)
            var request = SnapshotRequest()
            request.lines = [SKU(unchecked: "none"): 3]
            #expect(try store.read(request).lines[SKU(unchecked: "none")]?.isWhole == true)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func aNewOwnerIsToldWhoseLineMayHaveToBeServed(_ ports: Ports)
        async throws
    {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            try store.decideByHand([shop(1)])
            #expect(try store.unservedLines() == [])
            try store.decideByHand([ask("t1", nil, 2)])
            #expect(try store.unservedLines() == [Self.tea])
            try store.decideByHand([adjust(-1)])
            #expect(try store.unservedLines() == [])
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func aBuyersTotalFollowsEveryChange(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            let key = BuyerKey(Self.tea, Buyer(unchecked: "b"))
            func totals() throws -> [Int64?] {
                var request = SnapshotRequest()
                request.buyers = [key]
                let counted = try store.read(request).buyerUnits[key]
                request.buyers = []
                request.uncountedBuyers = [key]
                return [counted, try store.read(request).buyerUnits[key]]
            }
            try store.decideByHand([shop(9)])
            try store.decideByHand([ask("t1", nil, 2), ask("t2", nil, 3)])
            #expect(try totals() == [0, 5])
            // From here on it is counted, what was before included.
            try store.decideByHand([shop(id: "d2") { $0.maxPerBuyer = 20 }, ask("t3", nil, 1)])
            #expect(try totals() == [6, 6])
            let change = IntentChange(
                id: CommandID(unchecked: "c1"), token: Token(unchecked: "t2"), sku: Self.tea)
            try store.decideByHand([.cancel(change), ask("t4", nil, 4)])
            #expect(try totals() == [7, 7])
            store.close()
        }
    }

    /// What is decided and changed again in one batch is one row that was never there before.
    @Test(arguments: Ports.allCases) func whatChangesInItsFirstBatchIsWrittenAsItIsThen(_ ports: Ports)
        async throws
    {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            let returned = IntentChange(
                id: CommandID(unchecked: "c1"), token: Token(unchecked: "t1"), sku: Self.tea,
                quantity: Quantity(unchecked: 1))
            let write = try store.decideByHand([
                shop(3) { $0.holdSeconds = 0 }, ask("t1", nil, 3), ask("t2", nil, 1), .cancel(returned),
            ])
            var request = SnapshotRequest()
            request.tokens = ["t1", "t2"].map { Token(unchecked: $0) }
            let intents = try store.read(request).intents
            #expect(Array(intents.values).sorted { $0.token < $1.token } == write.decision.decided)
            #expect(intents[Token(unchecked: "t1")]?.returned == 1)
            #expect(intents[Token(unchecked: "t2")]?.grantedAt != nil)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func everythingOfARowComesBack(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            let moment = Timestamp(microseconds: 1_795_253_400_000_001)
            var policy = SKUPolicy(
                holdSeconds: 5, maxHoldSeconds: 50, maxPerIntent: 6, maxPerBuyer: 70, safetyStock: 1,
                lowStockAt: 2,
                onSaleFrom: Timestamp(microseconds: 5), onSaleUntil: moment.adding(seconds: 1_000_000_000),
                onShortage: .backorder, waitlistLimit: 8, backorderLimit: 9, availableFrom: moment)
            try store.decideByHand([shop(3) { $0 = policy }])
            func row() throws -> Stock? {
                var request = SnapshotRequest()
                request.skus = [Self.tea]
                return try store.read(request).stocks[Self.tea]
            }
            #expect(try row()?.policy == policy)
            #expect(try row()?.countsBuyers == true)
            try store.decideByHand([ask("t1", nil, 2), ask("t2", .waitlist, 3), ask("t3", nil, 4)])
            (policy.maxPerBuyer, policy.availableFrom, policy.onShortage) = (nil, nil, .reject)
            try store.decideByHand([shop(id: "d2") { $0 = policy }])
            let after = try row()
            #expect(after?.policy == policy)
            #expect(after.map { [$0.waitlisted, $0.backordered, $0.lastPlace, $0.held] } == [3, 4, 2, 2])
            var request = SnapshotRequest()
            request.tokens = ["t1", "t2", "t3"].map { Token(unchecked: $0) }
            let intents = try store.read(request).intents
            let promised = intents[Token(unchecked: "t3")]
            #expect(
                promised?.availableFrom == moment && promised?.place == 2 && promised?.state == .backordered)
            #expect(intents[Token(unchecked: "t2")]?.onShortage == .waitlist)
            // A new shipment: what was promised is granted, and one of a sale is given back.
            try store.decideByHand([adjust(4)])
            let held = try store.read(request).intents[Token(unchecked: "t3")]
            #expect(held?.state == .reserved && held?.grantedAt != nil && held?.place == 2)
            let token = Token(unchecked: "t3")
            try store.decideByHand([
                .confirm(IntentChange(id: CommandID(unchecked: "c1"), token: token, sku: Self.tea)),
                .cancel(
                    IntentChange(
                        id: CommandID(unchecked: "c2"), token: token, sku: Self.tea,
                        quantity: Quantity(unchecked: 1))),
            ])
            #expect(try store.read(request).intents[token]?.returned == 1)
            store.close()
        }
    }
}
