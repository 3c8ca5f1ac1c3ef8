import Testing

/// What looks like bad input and is right, and what is right and comes after bad input.
@Suite struct UnusualInputTests {
    @Test func whatComesAfterBadInputIsServed() async throws {
        try await IngressRoom.with { room in
            for _ in 0..<50 {
                _ = try await room.send(
                    "POST", "/v1/intents", headers: [("Content-Type", "application/json")],
                    body: String(repeating: "[", count: 1_000))
            }
            try await room.define("shoe", 1)
            #expect(try await room.submit("last", "shoe", wait: 10).status == 200)
            #expect(try room.count("select count(*) from intent") == 1)
            #expect(try room.count("select count(*) from dead_letter") == 0)
        }
    }

    @Test func whatIsUnusualButRightIsTaken() async throws {
        try await IngressRoom.with { room in
            try await room.define("a:b_", 10)
            let encoded = try await room.get("/v1/skus/a%3Ab_")
            #expect(encoded.status == 200 && encoded.text("sku") == "a:b_")
            let quoted = try await room.send(
                "POST", "/v1/intents",
                headers: [
                    ("Idempotency-Key", "\"q1\""), ("Content-Type", "application/json; charset=utf-8"),
                    ("Prefer", "handling=lenient, wait=99"), ("Expect", "100-continue"),
                ], body: #"{"sku":"a:b_","quantity":1,"buyer":"Ünïcødé 🛒"}"#)
            #expect(quoted.status == 200 && quoted.text("token") == "q1", "\(quoted.bodyText)")
            #expect(quoted.text("buyer") == "Ünïcødé 🛒")
            #expect(quoted.headers.first(name: "preference-applied") == "wait=30")
            let atOnce = try await room.command("q1", "confirm", headers: [("Prefer", "respond-async")])
            #expect(
                atOnce.status == 202 && atOnce.headers.first(name: "preference-applied") == "respond-async")
            try await eventually("it is confirmed") {
                try await room.get("/v1/intents/q1").text("status") == "confirmed"
            }
        }
    }
}
