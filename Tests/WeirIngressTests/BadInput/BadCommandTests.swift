import Testing

/// Definitions, adjustments and commands that cannot be carried out, row by row.
@Suite struct BadCommandTests {
    @Test func aDefinitionOrAnAdjustmentThatIsNoneIsRefused() async throws {
        try await IngressRoom.with { room in
            try await room.refuse(
                [
                    ("PUT", "/v1/skus/a", #"{"stocked":-1}"#, "/stocked"),
                    ("PUT", "/v1/skus/a", #"{"stocked":1e3}"#, "/stocked"),
                    ("PUT", "/v1/skus/a", #"{"stocked":1,"hold_seconds":-1}"#, "/hold_seconds"),
                    ("PUT", "/v1/skus/a", #"{"max_per_intent":0}"#, "/max_per_intent"),
                    ("PUT", "/v1/skus/a", #"{"available":3}"#, "/available"),
                    ("POST", "/v1/skus/a/adjustments", #"{"delta":0,"reason":"r"}"#, "/delta"),
                    ("POST", "/v1/skus/a/adjustments", #"{"delta":1}"#, "/reason"),
                    ("POST", "/v1/skus/a/adjustments", #"{"delta":1,"reason":"\u0007"}"#, "/reason"),
                    ("POST", "/v1/intents/a/confirm?sku=s", #"{"force":true}"#, "/force"),
                ].map {
                    BadRequest(
                        name: "\($0.0) \($0.1) \($0.2)", method: $0.0, path: $0.1, body: $0.2, status: 422,
                        problem: "invalid-body", place: $0.3)
                })
        }
    }

    @Test func anUnknownSKUIsToldWhereverItIsNamed() async throws {
        try await IngressRoom.with { room in
            try await room.refuse([
                .get("/v1/skus/nothing", 404, "unknown-sku"),
                BadRequest(
                    name: "an adjustment", path: "/v1/skus/nothing/adjustments",
                    body: #"{"delta":1,"reason":"r"}"#, status: 404, problem: "unknown-sku"),
            ])
            // A rejection is an outcome, and the token is used up by it.
            let submitted = try await room.submit("t1", "nothing", wait: 10)
            #expect(submitted.status == 200 && submitted.text("reason") == "unknown_sku")
        }
    }

    @Test func anAdjustmentBelowWhatIsHeldAndSoldIsRefused() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 10)
            _ = try await room.submit("held", "shoe", 3, wait: 10)
            _ = try await room.submit("sold", "shoe", 4, wait: 10)
            _ = try await room.command("sold", "confirm")
            try await room.refuse(
                [
                    (-4, "below-committed"), (-1_000_000_000_000, "below-committed"),
                    (1_000_000_000_000, "stock-limit"),
                ]
                .enumerated().map { number, one in
                    BadRequest(
                        name: "delta \(one.0)", path: "/v1/skus/shoe/adjustments",
                        headers: [("Idempotency-Key", "k\(number)"), ("Content-Type", "application/json")],
                        body: #"{"delta":\#(one.0),"reason":"r"}"#, status: 409, problem: one.1,
                        place: "/delta")
                })
            let stock = try await room.get("/v1/skus/shoe")
            #expect(stock.number("available") == 3 && stock.number("stocked") == 10)
        }
    }

    @Test func aConfirmCancelOrExtendInAStateThatDoesNotAllowItIsRefused() async throws {
        try await IngressRoom.with {
            // It may still believe that the unit of the expired hold is held.
            $0.soldOutGate = false
        } _: { room in
            try await room.define("shoe", 10)
            try await room.define("one", 1, holdSeconds: 1)
            _ = try await room.submit("cancelled", "shoe", wait: 10)
            _ = try await room.command("cancelled", "cancel")
            _ = try await room.submit("rejected", "shoe", 99, wait: 10)
            _ = try await room.submit("expired", "one", wait: 10)
            try await eventually("it expires") {
                try await room.get("/v1/intents/expired").text("status") == "expired"
            }
            // The only unit is somebody else's now, so that a late payment finds none.
            _ = try await room.submit("lucky", "one", wait: 10)
            _ = try await room.command("lucky", "confirm")
            try await room.put(
                "line", #""stocked":0,"on_shortage":"waitlist","waitlist_limit":3,"max_hold_seconds":9000"#)
            try await room.put(
                "promise",
                #""hold_seconds":60,"on_shortage":"backorder","backorder_limit":3,"#
                    + #""available_from":"2098-01-01T00:00:00Z","max_hold_seconds":9000"#)
            for (token, sku, status) in [
                ("waiting", "line", "waitlisted"), ("promised", "promise", "backordered"),
            ] {
                #expect(try await room.submit(token, sku, wait: 10).text("status") == status)
            }
            func command(_ token: String, _ verb: String, _ status: Int, _ problem: String) -> BadRequest {
                let isExtension = verb.hasPrefix("extend")
                return BadRequest(
                    name: "\(verb) \(token)", path: "/v1/intents/\(token)/\(verb)",
                    headers: isExtension ? [("Content-Type", "application/json")] : [],
                    body: isExtension ? #"{"hold_until":"2999-01-01T00:00:00Z"}"# : nil, status: status,
                    problem: problem)
            }
            try await room.refuse([
                command("cancelled", "confirm", 409, "wrong-state"),
                command("rejected", "confirm", 409, "wrong-state"),
                command("rejected", "cancel", 409, "wrong-state"),
                command("waiting", "confirm", 409, "wrong-state"),
                command("promised", "confirm", 409, "wrong-state"),
                command("expired", "confirm", 409, "shortfall"),
                command("expired", "cancel", 409, "wrong-state"),
                command("lucky", "cancel?sku=shoe", 404, "unknown-token"),
                command("nobody", "confirm", 404, "unknown-token"),
                command("nobody", "cancel", 404, "unknown-token"),
                command("nobody", "extend", 404, "unknown-token"),
                command("lucky", "extend?sku=shoe", 404, "unknown-token"),
                command("lucky", "confirm?sku=shoe", 404, "unknown-token"),
            ])
            try await room.refuse(
                ["cancelled", "rejected", "expired", "lucky", "waiting", "promised"].map {
                    command($0, "extend", 409, "wrong-state")
                })
        }
    }
}
