import Testing
import WeirCore
import WeirLive

/// An order's token, its lines' tokens, and a token that names an order and an intent, as `weir intent trace` reads them.
@Suite struct OrderTraceTests {
    @Test func anOrderItsLinesAndAnIntentOfItsNameAreToldApart() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        let token = room.orderToken(coordinatedBy: 0)
        let pool = room.pool()
        pool.start()
        defer { pool.stop() }
        try await room.publish(skus.map { define($0, stocked: 5, holdSeconds: 900) })
        try await room.publish([orderSubmit(token, skus, units: 2)], replyTo: "weir.ingress.here")
        #expect(try await eventually { try room.orderState(token) == "reserved" })
        try await room.publish([orderConfirm(token)])
        #expect(try await eventually { try room.lineState(token, 2) == "confirmed" })
        #expect(try await room.ordersSettle())

        let trace = try #require(try await trace(token, room))
        #expect(trace.intent == nil && trace.order?.state == .confirmed)
        #expect(trace.order?.lineTokens.map(\.text) == ["\(token)/1", "\(token)/2"])
        #expect(trace.entries.first?.kind == "accepted" && trace.entries.first?.at == nil)
        #expect(
            trace.entries.first?.detail == "the ingress here put the order into the queue weir.intents.p00")
        let states = ["weir.order.reserving.v1", "weir.order.reserved.v1", "weir.order.confirmed.v1"]
        let home = trace.entries.filter { $0.place.partition == 0 }.map(\.kind)
        #expect(home.filter(states.contains) == states)
        // What a partition answered stands in its own log.
        #expect(trace.entries.contains { $0.kind == "weir.order.part.v1" && $0.place.partition == 1 })
        #expect(trace.entries.allSatisfy { $0.kind == "accepted" || $0.kind.hasPrefix("weir.order.") })

        // The clock was set back: found all the same, from the beginning of the logs.
        try room.execute("update event set at = at - interval '1 day' where type = 'weir.order.reserving.v1'")
        let again = try #require(try await self.trace(token, room))
        #expect(again.entries.count == trace.entries.count)

        let line = try #require(try await self.trace("\(token)/2", room))
        #expect(line.order == nil && line.intent?.state == .confirmed)
        #expect(line.entries.map(\.kind) == ["weir.intent.reserved.v1", "weir.intent.confirmed.v1"])
        #expect(line.entries.allSatisfy { $0.place.partition == 1 })
        #expect(try await self.trace("\(token)/3", room) == nil)

        // An intent of the same name in the coordinator's own partition.
        try await room.publish([submit(token, skus[0])])
        #expect(
            try await eventually {
                try room.count("select count(*) from intent where token = '\(token)'") == 1
            })
        let both = try #require(try await self.trace(token, room))
        #expect(both.intent?.state == .reserved && both.order?.state == .confirmed)
        #expect(both.entries.filter { $0.kind.hasPrefix("weir.intent.") }.count == 1)
        #expect(both.entries.filter { $0.kind != "weir.intent.reserved.v1" }.count == trace.entries.count)
    }

    @Test(arguments: ["o", "o.1", "o/1", "o/500"])
    func aTokenIsAClientsOrALines(_ text: String) {
        #expect(IntentTrace.token(named: text)?.text == text)
    }

    @Test(arguments: ["", "/", "o/", "/1", "o/0", "o/501", "o/x", "o/1/2", "a b/1", "a b"])
    func everythingElseIsNone(_ text: String) {
        #expect(IntentTrace.token(named: text) == nil)
    }

    private func trace(_ token: String, _ room: LiveRoom) async throws -> IntentTrace? {
        try await onThread { [url = room.databaseURL] in
            try IntentTrace.read(Token(unchecked: token), databaseURL: url)
        }
    }
}
