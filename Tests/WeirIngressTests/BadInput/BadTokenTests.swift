import Testing

/// Keys that are none, row by row, and one that is used for two intents. The same token many times at once stands in
/// ``WaitingTests``.
@Suite struct BadTokenTests {
    @Test func aMissingEmptyOversizedOrMalformedTokenIsRefused() async throws {
        func key(_ name: String, _ keys: [String]) -> BadRequest {
            BadRequest(
                name: "key \(name)",
                headers: [("Content-Type", "application/json")] + keys.map { ("Idempotency-Key", $0) },
                status: 400, problem: "invalid-header", place: "Idempotency-Key")
        }
        try await IngressRoom.with { room in
            try await room.refuse([
                key("missing", []), key("empty", [""]), key("quoted empty", [#""""#]),
                key("oversized", [String(repeating: "a", count: 129)]),
                key("quoted oversized", ["\"" + String(repeating: "a", count: 129) + "\""]),
                key("of 10 kB", [String(repeating: "a", count: 10_000)]),
                key("with a space", ["a b"]), key("with a slash", ["a/b"]), key("not closed", [#""abc"#]),
                key("with parameters", [#""abc";x=1"#]), key("with a list", [#""abc", "def""#]),
                key("with a bad escape", [#""a\nb""#]), key("beginning with a dot", [".abc"]),
                key("twice", ["a", "a"]),
                BadRequest(
                    name: "an adjustment without one", path: "/v1/skus/a/adjustments",
                    headers: [("Content-Type", "application/json")], body: #"{"delta":1,"reason":"r"}"#,
                    status: 400, problem: "invalid-header", place: "Idempotency-Key"),
            ])
        }
    }

    @Test func theSameTokenWithAnotherBodyIsRefusedAndTheFirstStands() async throws {
        for door in [true, false] {
            try await IngressRoom.with {
                $0.lookUpAtTheDoor = door
            } _: { room in
                try await room.define("shoe", 9)
                try await room.define("boot", 9)
                _ = try await room.submit("t1", "shoe", 1, buyer: "ann", wait: 10)
                let headers = [
                    ("Idempotency-Key", "t1"), ("Content-Type", "application/json"), ("Prefer", "wait=10"),
                ]
                try await room.refuse(
                    [
                        #"{"sku":"shoe","quantity":2,"buyer":"ann"}"#,
                        #"{"sku":"shoe","quantity":1,"buyer":"Ann"}"#,
                        #"{"sku":"boot","quantity":1,"buyer":"ann"}"#,
                    ].map { (body: String) in
                        BadRequest(
                            name: "door \(door): \(body)", headers: headers, body: body, status: 422,
                            problem: "token-conflict")
                    })
                let first = try await room.submit("t1", "shoe", 1, buyer: "ann", wait: 10)
                #expect(first.status == 200 && first.number("quantity") == 1)
                #expect(first.headers.first(name: "idempotent-replayed") == "true")
            }
        }
    }
}
