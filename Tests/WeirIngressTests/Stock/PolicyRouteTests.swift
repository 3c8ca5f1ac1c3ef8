import Testing

@testable import WeirIngress
@testable import WeirWire

/// A SKU's policy over HTTP: what it says comes back, what contradicts itself is refused, no update is lost.
@Suite struct PolicyRouteTests {
    private static let everything = #"""
        "stocked":9,"hold_seconds":60,"max_hold_seconds":600,"max_per_intent":3,"max_per_buyer":4,"safety_stock":2,
        "low_stock_at":1,"on_sale_from":"2020-01-01T00:00:00Z","on_sale_until":"2099-01-01T00:00:00.5Z",
        "on_shortage":"backorder","waitlist_limit":7,"backorder_limit":8,"available_from":"2098-01-01T00:00:00Z"
        """#

    @Test func aPolicyComesBackAsItWasDefined() async throws {
        try await IngressRoom.with { room in
            let created = try await room.put("tea", Self.everything)
            #expect(created.status == 201 && created.headers.first(name: "etag") == "\"1\"")
            let shown = try await room.get("/v1/skus/tea")
            #expect(shown.headers.first(name: "etag") == "\"1\"")
            for reply in [created, shown] {
                for (name, number) in [
                    ("hold_seconds", 60), ("max_hold_seconds", 600), ("max_per_intent", 3),
                    ("max_per_buyer", 4),
                    ("safety_stock", 2), ("low_stock_at", 1), ("waitlist_limit", 7), ("backorder_limit", 8),
                ] as [(String, Int64)] {
                    #expect(reply.number(name) == number, "\(name)")
                }
                #expect(reply.text("on_shortage") == "backorder")
                #expect(reply.text("on_sale_from") == "2020-01-01T00:00:00.000000Z")
                #expect(reply.text("on_sale_until") == "2099-01-01T00:00:00.500000Z")
                #expect(reply.text("available_from") == "2098-01-01T00:00:00.000000Z")
            }
            // What is not said again takes its default.
            let plain = try await room.put("tea", #""hold_seconds":60"#)
            #expect(plain.status == 200 && plain.headers.first(name: "etag") == "\"2\"")
            #expect(plain.number("max_per_buyer") == nil && plain.text("on_shortage") == nil)
            #expect(plain.number("stocked") == 9)
        }
    }

    @Test func noUpdateIsLost() async throws {
        try await IngressRoom.with { room in
            try await room.put("tea", #""stocked":9,"hold_seconds":60"#)
            func put(_ match: String, _ hold: Int) async throws -> Reply {
                try await room.put("tea", #""hold_seconds":\#(hold)"#, headers: [("If-Match", match)])
            }
            #expect(try await put("\"1\"", 70).status == 200)
            let late = try await put("\"1\"", 80)
            #expect(late.status == 412 && late.problem == "version-mismatch" && late.place == "If-Match")
            #expect(late.value("stock", "hold_seconds") == .integer(70))
            #expect(try await room.get("/v1/skus/tea").number("hold_seconds") == 70)
            #expect(try await put("*", 90).status == 200)
            let missing = try await room.put("none", #""stocked":1"#, headers: [("If-Match", "*")])
            #expect(missing.status == 412)
            #expect(try await room.get("/v1/skus/none").status == 404)
            for match in ["7", "", "\"\"", "\"x\"", "W/\"1\"", "\"1\", \"2\"", "\"-1\"", "\"0\""] {
                let wrong = try await put(match, 100)
                #expect(wrong.status == 400 && wrong.place == "If-Match", "\(match)")
            }
        }
    }

    @Test func whatContradictsItselfIsRefusedByName() async throws {
        try await IngressRoom.with(workers: false) { room in
            for (members, pointers) in [
                (#""on_shortage":"backorder""#, ["/backorder_limit"]),
                (#""hold_seconds":60,"max_hold_seconds":59"#, ["/max_hold_seconds"]),
                (
                    #""on_sale_from":"2026-01-02T00:00:00Z","on_sale_until":"2026-01-01T00:00:00Z""#,
                    ["/on_sale_until"]
                ),
                (
                    #""max_per_buyer":0,"safety_stock":-1,"low_stock_at":"2""#,
                    ["/max_per_buyer", "/safety_stock", "/low_stock_at"]
                ),
                (#""on_shortage":"queue","available_from":"soon""#, ["/on_shortage", "/available_from"]),
                (#""waitlist_limit":1.5,"backorder_limit":1e3"#, ["/waitlist_limit", "/backorder_limit"]),
                (#""max_per_buyr":3"#, ["/max_per_buyr"]), (#""if_version":3"#, ["/if_version"]),
            ] {
                let reply = try await room.put("tea", members)
                #expect(reply.status == 422 && reply.problem == "invalid-body", "\(members)")
                #expect(reply.pointers == pointers, "\(members)")
            }
        }
    }

    @Test func limitsAreOutcomes() async throws {
        try await IngressRoom.with { room in
            try await room.put("tea", #""stocked":9,"hold_seconds":60,"max_per_buyer":3,"safety_stock":3"#)
            #expect(
                try await room.submit("t1", "tea", 2, buyer: "ann", wait: 10).text("status") == "reserved")
            let limited = try await room.submit("t2", "tea", 2, buyer: "ann", wait: 10)
            #expect(limited.text("reason") == "buyer_limit")
            #expect(
                try await room.submit("t3", "tea", 3, buyer: "bob", wait: 10).text("status") == "reserved")
            // Four are left, of which three are never offered.
            #expect(
                try await room.submit("t4", "tea", 2, buyer: "eve", wait: 10).text("reason") == "sold_out")
            // A cancel gives the buyer his units back.
            #expect(try await room.command("t1", "cancel").status == 200)
            #expect(
                try await room.submit("t5", "tea", 1, buyer: "ann", wait: 10).text("status") == "reserved")
            try await room.put("late", #""stocked":9,"on_sale_from":"2099-01-01T00:00:00Z""#)
            #expect(try await room.submit("t6", "late", wait: 10).text("reason") == "not_on_sale")
            try await room.put("over", #""stocked":9,"on_sale_until":"2020-01-01T00:00:00Z""#)
            #expect(try await room.submit("t7", "over", wait: 10).text("reason") == "not_on_sale")
        }
    }

    @Test func aLimitForEachBuyerCountsWhatWasSoldBefore() async throws {
        try await IngressRoom.with { room in
            try await room.put("tea", #""stocked":9,"hold_seconds":0"#)
            #expect(
                try await room.submit("t1", "tea", 2, buyer: "ann", wait: 10).text("status") == "confirmed")
            try await room.put("tea", #""hold_seconds":0,"max_per_buyer":2"#)
            #expect(
                try await room.submit("t2", "tea", 1, buyer: "ann", wait: 10).text("reason") == "buyer_limit")
            #expect(
                try await room.submit("t3", "tea", 2, buyer: "bob", wait: 10).text("status") == "confirmed")
            #expect(try room.count("select sum(units)::int from buyer_total") == 4)
        }
    }
}
