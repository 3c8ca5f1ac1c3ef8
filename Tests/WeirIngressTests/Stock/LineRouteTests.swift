import Testing

@testable import WeirIngress
@testable import WeirWire

/// Waitlist and promises over HTTP: who stands where, and what becomes of him.
@Suite struct LineRouteTests {
    private func ask(
        _ room: IngressRoom, _ token: String, _ quantity: Int = 1, _ more: String = "", buyer: String = "b"
    ) async throws -> Reply {
        try await room.post(
            "/v1/intents", #"{"sku":"tea","quantity":\#(quantity),"buyer":"\#(buyer)"\#(more)}"#, key: token)
    }

    private func status(_ room: IngressRoom, _ token: String) async throws -> String {
        try await room.get("/v1/intents/\(token)").text("status") ?? "?"
    }

    @Test func whoWaitsSeesHisPositionAndIsServedInTurn() async throws {
        try await IngressRoom.with { room in
            try await room.put(
                "tea", #""stocked":1,"hold_seconds":60,"on_shortage":"waitlist","waitlist_limit":3"#)
            #expect(try await ask(room, "t1").text("status") == "reserved")
            for (token, place) in [("t2", 1), ("t3", 2), ("t4", 3)] as [(String, Int64)] {
                let reply = try await ask(room, token)
                #expect(reply.text("status") == "waitlisted" && reply.number("place") == place)
            }
            #expect(try await ask(room, "t5").text("reason") == "sold_out")
            #expect(try await ask(room, "t6", 1, #","on_shortage":"reject""#).text("reason") == "sold_out")
            #expect(try await room.get("/v1/intents/t4").number("position") == 3)
            #expect(try await room.get("/v1/skus/tea").number("waitlisted") == 3)
            // One leaves the line, and those behind him move up.
            #expect(try await room.command("t2", "cancel").text("status") == "cancelled")
            #expect(try await room.get("/v1/intents/t4").number("position") == 2)
            // The unit that comes free goes to the next, with a hold of his own.
            #expect(try await room.command("t1", "cancel").text("status") == "cancelled")
            let next = try await room.get("/v1/intents/t3")
            #expect(next.text("status") == "reserved" && next.text("hold_until") != nil)
            #expect(next.text("granted_at") != nil && next.number("position") == nil)
            #expect(try await status(room, "t4") == "waitlisted")
            // Who waits cannot pay.
            let early = try await room.command("t4", "confirm")
            #expect(early.status == 409 && early.problem == "wrong-state")
            #expect(try await room.command("t3", "confirm").text("status") == "confirmed")
            // While anyone waits a newcomer joins, even with units free.
            try await room.put("tea", #""hold_seconds":60,"on_shortage":"waitlist","safety_stock":5"#)
            try await room.adjust("tea", 5, key: "more")
            #expect(try await ask(room, "t7").text("status") == "waitlisted")
            try await room.put("tea", #""hold_seconds":60,"on_shortage":"waitlist","safety_stock":3"#)
            #expect(try await status(room, "t4") == "reserved")
            #expect(try await status(room, "t7") == "reserved")
        }
    }

    @Test func aGrantThatExpiresGoesToTheNext() async throws {
        try await IngressRoom.with { room in
            try await room.put("tea", #""stocked":1,"hold_seconds":1,"on_shortage":"waitlist""#)
            for token in ["t1", "t2", "t3"] { _ = try await ask(room, token) }
            try await eventually("the last one had his turn") { try await status(room, "t3") == "expired" }
            #expect(try await status(room, "t2") == "expired")
            #expect(try await room.get("/v1/skus/tea").number("available") == 1)
        }
    }

    @Test func aPreorderIsPromisedWithItsDateAndFilledBeforeTheWaitlist() async throws {
        try await IngressRoom.with { room in
            let date = #""available_from":"2098-01-01T00:00:00Z""#
            try await room.put(
                "tea", #""hold_seconds":60,"on_shortage":"backorder","backorder_limit":3,"# + date)
            let waiting = try await ask(room, "w", 1, #","on_shortage":"waitlist""#)
            #expect(waiting.text("status") == "waitlisted")
            let promised = try await ask(room, "p1", 2)
            #expect(promised.text("status") == "backordered")
            #expect(promised.text("available_from") == "2098-01-01T00:00:00.000000Z")
            #expect(try await ask(room, "p2", 2).text("reason") == "sold_out")
            #expect(try await room.get("/v1/skus/tea").number("backordered") == 2)
            // Another date is no promise to those who have one.
            try await room.put("tea", #""hold_seconds":60,"on_shortage":"reject""#)
            #expect(
                try await room.get("/v1/intents/p1").text("available_from") == "2098-01-01T00:00:00.000000Z")
            #expect(try await status(room, "p1") == "backordered")
            try await room.adjust("tea", 2, key: "k1")
            #expect(try await status(room, "p1") == "reserved")
            #expect(try await status(room, "w") == "waitlisted")
            try await room.adjust("tea", 1, key: "k2")
            #expect(try await status(room, "w") == "reserved")
        }
    }

    @Test func nobodyAsksForMoreThanThePolicyGives() async throws {
        try await IngressRoom.with { room in
            // One unit stays on offer: a SKU without any is refused at the door, whatever is asked for.
            try await room.put("tea", #""stocked":1,"hold_seconds":60"#)
            for rule in ["waitlist", "backorder", "reject"] {
                let reply = try await ask(room, rule, 2, #","on_shortage":"\#(rule)""#)
                #expect(reply.text("reason") == "sold_out" && reply.text("on_shortage") == rule)
            }
            let wrong = try await ask(room, "x", 1, #","on_shortage":"preorder""#)
            #expect(wrong.status == 422 && wrong.pointers == ["/on_shortage"])
            // The rule belongs to the payload.
            let other = try await ask(room, "reject", 2)
            #expect(other.status == 422 && other.problem == "token-conflict")
        }
    }

    @Test func theCrossingsAreTold() async throws {
        try await IngressRoom.with(partitions: 1) { room in
            try await room.put("tea", #""stocked":3,"hold_seconds":60,"low_stock_at":1"#)
            for token in ["t1", "t2", "t3"] { _ = try await ask(room, token) }
            _ = try await room.command("t3", "cancel")
            _ = try await room.command("t2", "cancel")
            _ = try await ask(room, "t4")
            let told = try room.count(
                "select count(*)::int from event where type in ('weir.sku.low_stock.v1', 'weir.sku.sold_out.v1',"
                    + " 'weir.sku.back_in_stock.v1')")
            #expect(told == 4)
        }
    }
}
