import Testing

/// Bad input over HTTP, row by row. What no HTTP client would send stands in ``ConnectionTests``, the same token many
/// times at once in ``WaitingTests``, made-up places of a stream in ``EventStreamTests``.
@Suite struct BadInputTests {
    // MARK: Tokens

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

    // MARK: Bodies

    @Test func aQuantityThatIsNoneIsRefused() async throws {
        func quantity(_ text: String, _ status: Int = 422) -> BadRequest {
            .body(
                #"{"sku":"shoe","quantity":\#(text),"buyer":"ann"}"#, status,
                status == 422 ? "invalid-body" : "malformed-body", status == 422 ? "/quantity" : nil)
        }
        try await IngressRoom.with { room in
            try await room.define("shoe", 9)
            try await room.refuse(
                ["0", "-1", "1.5", "\"1\"", "1e3", "2147483648", "1e400", "true", "[]", "{}", "null"]
                    .map { quantity($0) } + ["01", "+1", "NaN", ""].map { quantity($0, 400) })
        }
    }

    @Test func anUnknownOrMissingFieldIsNamedAndAllOfThemAtOnce() async throws {
        try await IngressRoom.with { room in
            try await room.refuse([
                .body(#"{"quantity":1,"buyer":"ann"}"#, 422, "invalid-body", "/sku"),
                .body(#"{"sku":"shoe","buyer":"ann"}"#, 422, "invalid-body", "/quantity"),
                .body(#"{"sku":"shoe","quantity":1}"#, 422, "invalid-body", "/buyer"),
                .body(#"{"sku":"shoe","quantity":1,"buyer":"ann","x~/y":1}"#, 422, "invalid-body", "/x~0~1y"),
                .body(
                    #"{"sku":"shoe","quantity":1,"buyer":"ann","token":"t1"}"#, 422, "invalid-body", "/token"),
                .body(
                    #"{"sku":"shoe","quantity":1,"buyer":"ann","on_shortage":"steal"}"#, 422, "invalid-body",
                    "/on_shortage"),
                .body(
                    #"{"sku":"shoe","sku":"shoe","quantity":1,"buyer":"ann"}"#, 400, "malformed-body", "/sku"),
            ])
            let all = try await room.send(
                "POST", "/v1/intents",
                headers: [("Idempotency-Key", "t1"), ("Content-Type", "application/json")],
                body: #"{"sku":"/","quantity":0,"on_shortage":"steal","size":3}"#)
            #expect(
                all.status == 422 && all.pointers == ["/sku", "/quantity", "/buyer", "/on_shortage", "/size"])
        }
    }

    @Test func aSKUOrBuyerOfForbiddenTextIsRefused() async throws {
        try await IngressRoom.with { room in
            try await room.refuse([
                .body(#"{"sku":"a b","quantity":1,"buyer":"ann"}"#, 422, "invalid-body", "/sku"),
                .body(#"{"sku":"a\u0000","quantity":1,"buyer":"ann"}"#, 422, "invalid-body", "/sku"),
                .body(#"{"sku":"","quantity":1,"buyer":"ann"}"#, 422, "invalid-body", "/sku"),
                .body(
                    #"{"sku":"\#(String(repeating: "s", count: 10_000))","quantity":1,"buyer":"ann"}"#, 422,
                    "invalid-body", "/sku"),
                .body(#"{"sku":"shoe","quantity":1,"buyer":""}"#, 422, "invalid-body", "/buyer"),
                .body(#"{"sku":"shoe","quantity":1,"buyer":"a\u0000"}"#, 422, "invalid-body", "/buyer"),
                .body(#"{"sku":"shoe","quantity":1,"buyer":"a\u0085"}"#, 422, "invalid-body", "/buyer"),
                .body(
                    #"{"sku":"shoe","quantity":1,"buyer":"\#(String(repeating: "a", count: 10_000))"}"#, 422,
                    "invalid-body", "/buyer"),
                .body("{\"sku\":\"shoe\",\"quantity\":1,\"buyer\":\"a\u{1}\"}", 400, "malformed-body", nil),
                .body(#"{"sku":"shoe","quantity":1,"buyer":"\ud800"}"#, 400, "malformed-body", nil),
            ])
        }
    }

    @Test func aBodyThatIsNoJSONObjectIsRefused() async throws {
        try await IngressRoom.with { room in
            try await room.refuse(
                ["", "nonsense", "[1]", #"{"sku":"shoe""#, BadRequest.good + "x", "null", "\u{FEFF}{}"].map {
                    .body($0, 400, "malformed-body", nil)
                })
        }
    }

    @Test func jsonTenThousandLevelsDeepIsRefused() async throws {
        try await IngressRoom.with { room in
            try await room.refuse([
                .body(String(repeating: "[", count: 10_000), 400, "malformed-body", nil),
                .body(
                    #"{"sku":"# + String(repeating: #"{"a":"#, count: 10_000) + "1", 400, "malformed-body",
                    nil),
                .body(
                    #"{"sku":"# + String(repeating: "[", count: 10_000)
                        + String(repeating: "]", count: 10_000)
                        + "}", 400, "malformed-body", nil),
            ])
        }
    }

    @Test func aBodyThatIsTooLargeOrOfAnotherKindOrCompressedIsRefused() async throws {
        func envelope(_ name: String, _ headers: [(String, String)], _ problem: String, _ place: String)
            -> BadRequest
        {
            BadRequest(
                name: name, headers: [("Idempotency-Key", "t1")] + headers, status: 415, problem: problem,
                place: place)
        }
        try await IngressRoom.with { room in
            try await room.refuse([
                BadRequest(
                    name: "too large", body: String(repeating: " ", count: 65_537), status: 413,
                    problem: "body-too-large"),
                envelope("no content type", [], "unsupported-media-type", "Content-Type"),
                envelope("text", [("Content-Type", "text/plain")], "unsupported-media-type", "Content-Type"),
                envelope(
                    "a form", [("Content-Type", "application/x-www-form-urlencoded")],
                    "unsupported-media-type", "Content-Type"),
                envelope(
                    "compressed", [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
                    "unsupported-encoding", "Content-Encoding"),
                BadRequest(
                    name: "a wait that is no number",
                    headers: [
                        ("Idempotency-Key", "t1"), ("Content-Type", "application/json"),
                        ("Prefer", "wait=soon"),
                    ], status: 400, problem: "invalid-header", place: "Prefer"),
            ])
        }
    }

    // MARK: Addresses

    @Test func anEncodedSlashOrDotsInAPathAreRefused() async throws {
        try await IngressRoom.with { room in
            try await room.refuse(
                [
                    "/v1/intents/a%2Fb", "/v1/intents/..", "/v1/intents/%2e%2e", "/v1/intents/a%00",
                    "/v1/intents/%zz", "/v1/intents/a%2", "/v1/intents/", "/v1/skus/a%20b", "/v1/skus/%2e",
                    "/v1/skus/" + String(repeating: "s", count: 65),
                ].map { .get($0, 400, "invalid-path") }
                    + [
                        "/", "/v2/intents", "/v1", "/v1/", "/v1/intents/a/b/c", "/v1/intents/a/explode",
                        "/v1/skus/a/b", "/livez/x", "/v1/../livez", "//livez", "/problems/",
                        "/problems/../livez",
                        "/openapi.yaml/", "/v1/events/x",
                    ].map { .get($0, 404, "not-found") })
        }
    }

    @Test func aMethodThatARouteDoesNotKnowIsRefused() async throws {
        try await IngressRoom.with { room in
            try await room.refuse(
                [
                    ("GET", "/v1/intents"), ("DELETE", "/v1/intents/a"), ("PUT", "/v1/intents/a"),
                    ("GET", "/v1/intents/a/confirm"), ("POST", "/v1/skus/a"), ("POST", "/livez"),
                    ("OPTIONS", "/v1/skus"), ("PATCH", "/v1/skus/a"), ("GET", "/v1/skus/a/adjustments"),
                    ("POST", "/v1/events"), ("PUT", "/v1/intents/batch"), ("DELETE", "/openapi.yaml"),
                ].map {
                    BadRequest(
                        name: "\($0.0) \($0.1)", method: $0.0, path: $0.1, body: nil, status: 405,
                        problem: "method-not-allowed")
                })
        }
    }

    @Test func aMadeUpCursorIsRefused() async throws {
        try await IngressRoom.with { room in
            for sku in ["a", "b", "c"] { try await room.define(sku, 1) }
            let next = try #require(try await room.get("/v1/skus?limit=1").text("next"))
            let forged = [
                next.uppercased() + "0", String(next.dropLast()), next + "61", String(next.reversed()),
            ]
            try await room.refuse(
                (["made-up", "", "00000000", "0011223344556677", "%00", "a"] + forged).map {
                    .get("/v1/skus?after=\($0)", 400, "invalid-query", "after")
                })
            #expect(try await room.get("/v1/skus?limit=1&after=\(next)").status == 200)
        }
    }

    @Test func aParameterThatIsUnknownTwiceOrOutOfRangeIsRefused() async throws {
        try await IngressRoom.with { room in
            try await room.refuse(
                [
                    ("/v1/skus?limit=0", "limit"), ("/v1/skus?limit=1001", "limit"),
                    ("/v1/skus?limit=-1", "limit"),
                    ("/v1/skus?limit=1e2", "limit"), ("/v1/skus?limit=99999999999999999999", "limit"),
                    ("/v1/skus?limit=1&limit=2", "limit"), ("/v1/skus?lmit=1", "lmit"),
                    ("/v1/skus?limit=%zz", "limit"), ("/v1/intents/a?wait=x", "wait"),
                    ("/v1/intents/a?wait=-1", "wait"), ("/v1/intents/a?sku=a%20b", "sku"),
                    ("/v1/intents/a?sku=%ff", "sku"), ("/v1/skus/a?x=1", "x"),
                ].map { .get($0.0, 400, "invalid-query", $0.1) } + [
                    BadRequest(
                        name: "POST with a wait", path: "/v1/intents?wait=3", status: 400,
                        problem: "invalid-query", place: "wait")
                ])
        }
    }

    // MARK: Stock and commands

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
                        body: #"{"delta":\#(one.0),"reason":"r"}"#, status: 409, problem: one.1)
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

    // MARK: And what is right

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
