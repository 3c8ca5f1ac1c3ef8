import Testing

/// FAULTS.md 'Bad input, HTTP': each gets a 4xx problem that names the place and changes nothing.
@Suite struct BadInputTests {
    /// A request that must be refused, and how.
    struct Case: Sendable {
        var name: String
        var method = "POST"
        var path = "/v1/intents"
        var headers = [("Idempotency-Key", "t1"), ("Content-Type", "application/json")]
        var body: String? = good
        var status: Int
        var problem: String
        var place: String?

        static let good = #"{"sku":"shoe","quantity":1,"buyer":"ann"}"#
    }

    static func key(_ name: String, _ key: String?) -> Case {
        Case(
            name: "key \(name)",
            headers: [("Content-Type", "application/json")] + (key.map { [("Idempotency-Key", $0)] } ?? []),
            status: 400, problem: "invalid-header", place: "Idempotency-Key")
    }

    static func body(_ body: String, _ status: Int, _ problem: String, _ place: String?) -> Case {
        Case(
            name: "body \(body.prefix(60))", body: body, status: status, problem: problem, place: place)
    }

    static func quantity(_ text: String, _ status: Int = 422) -> Case {
        body(
            #"{"sku":"shoe","quantity":\#(text),"buyer":"ann"}"#, status,
            status == 422 ? "invalid-body" : "malformed-body", status == 422 ? "/quantity" : nil)
    }

    static let keys: [Case] = [
        key("missing", nil), key("empty", ""), key("quoted empty", #""""#),
        key("oversized", String(repeating: "a", count: 129)),
        key("quoted oversized", "\"" + String(repeating: "a", count: 129) + "\""),
        key("with a space", "a b"), key("with a slash", "a/b"), key("not closed", #""abc"#),
        key("with parameters", #""abc";x=1"#), key("with a list", #""abc", "def""#),
        key("with a bad escape", #""a\nb""#), key("beginning with a dot", ".abc"),
        Case(
            name: "key twice",
            headers: [
                ("Idempotency-Key", "a"), ("Idempotency-Key", "a"), ("Content-Type", "application/json"),
            ], status: 400, problem: "invalid-header", place: "Idempotency-Key"),
    ]

    static let bodies: [Case] =
        ["0", "-1", "1.5", "\"1\"", "1e3", "2147483648", "1e400", "true", "[]", "{}"].map { quantity($0) }
        + [quantity("01", 400), quantity("+1", 400), quantity("NaN", 400)] + [
            body("", 400, "malformed-body", nil), body("nonsense", 400, "malformed-body", nil),
            body("[1]", 400, "malformed-body", nil), body(#"{"sku":"shoe""#, 400, "malformed-body", nil),
            body(Case.good + "x", 400, "malformed-body", nil),
            body(#"{"sku":"shoe","sku":"shoe","quantity":1,"buyer":"ann"}"#, 400, "malformed-body", "/sku"),
            body("{\"sku\":\"shoe\",\"quantity\":1,\"buyer\":\"a\u{1}\"}", 400, "malformed-body", nil),
            body(#"{"quantity":1,"buyer":"ann"}"#, 422, "invalid-body", "/sku"),
            body(#"{"sku":"shoe","buyer":"ann"}"#, 422, "invalid-body", "/quantity"),
            body(#"{"sku":"shoe","quantity":1}"#, 422, "invalid-body", "/buyer"),
            body(#"{"sku":"shoe","quantity":1,"buyer":"ann","x~/y":1}"#, 422, "invalid-body", "/x~0~1y"),
            body(#"{"sku":"shoe","quantity":1,"buyer":"ann","token":"t1"}"#, 422, "invalid-body", "/token"),
            body(#"{"sku":"a b","quantity":1,"buyer":"ann"}"#, 422, "invalid-body", "/sku"),
            body(#"{"sku":"a\u0000","quantity":1,"buyer":"ann"}"#, 422, "invalid-body", "/sku"),
            body(#"{"sku":"shoe","quantity":1,"buyer":"a\u0000"}"#, 422, "invalid-body", "/buyer"),
            body(#"{"sku":"shoe","quantity":1,"buyer":"a\u0085"}"#, 422, "invalid-body", "/buyer"),
            body(#"{"sku":"shoe","quantity":1,"buyer":"\ud800"}"#, 400, "malformed-body", nil),
            body(#"{"sku":"shoe","quantity":1,"buyer":""}"#, 422, "invalid-body", "/buyer"),
            body(
                #"{"sku":"shoe","quantity":1,"buyer":"\#(String(repeating: "a", count: 10_000))"}"#, 422,
                "invalid-body", "/buyer"),
            body(
                #"{"sku":"\#(String(repeating: "s", count: 10_000))","quantity":1,"buyer":"ann"}"#, 422,
                "invalid-body", "/sku"),
            body(
                #"{"sku":"shoe","quantity":1,"buyer":"ann","on_shortage":"steal"}"#, 422, "invalid-body",
                "/on_shortage"),
            body(String(repeating: "[", count: 10_000), 400, "malformed-body", nil),
            body(
                #"{"sku":"# + String(repeating: #"{"a":"#, count: 10_000) + "1", 400, "malformed-body", nil),
        ]

    static let envelopes: [Case] = [
        Case(
            name: "no content type", headers: [("Idempotency-Key", "t1")], status: 415,
            problem: "unsupported-media-type", place: "Content-Type"),
        Case(
            name: "a form", headers: [("Idempotency-Key", "t1"), ("Content-Type", "text/plain")],
            status: 415, problem: "unsupported-media-type", place: "Content-Type"),
        Case(
            name: "compressed",
            headers: [
                ("Idempotency-Key", "t1"), ("Content-Type", "application/json"), ("Content-Encoding", "gzip"),
            ], status: 415, problem: "unsupported-encoding", place: "Content-Encoding"),
        Case(
            name: "too large", body: String(repeating: " ", count: 65_537), status: 413,
            problem: "body-too-large"),
        Case(
            name: "a wait that is no number",
            headers: [
                ("Idempotency-Key", "t1"), ("Content-Type", "application/json"), ("Prefer", "wait=soon"),
            ], status: 400, problem: "invalid-header", place: "Prefer"),
        Case(
            name: "an unknown parameter", path: "/v1/intents?wait=3", status: 400, problem: "invalid-query",
            place: "wait"),
    ]

    static let paths: [Case] =
        [
            ("/v1/intents/a%2Fb", "invalid-path"), ("/v1/intents/..", "invalid-path"),
            ("/v1/intents/%2e%2e", "invalid-path"), ("/v1/intents/a%00", "invalid-path"),
            ("/v1/intents/%zz", "invalid-path"), ("/v1/intents/a%2", "invalid-path"),
            ("/v1/intents/", "invalid-path"),
            ("/v1/skus/a%20b", "invalid-path"),
            ("/v1/skus/" + String(repeating: "s", count: 65), "invalid-path"),
        ].map { Case(name: "GET \($0.0)", method: "GET", path: $0.0, body: nil, status: 400, problem: $0.1) }
        + [
            "/", "/v2/intents", "/v1", "/v1/", "/v1/orders", "/v1/intents/a/b/c", "/v1/intents/a/explode",
            "/v1/skus/a/b", "/livez/x", "/v1/../livez", "//livez",
        ].map {
            Case(name: "GET \($0)", method: "GET", path: $0, body: nil, status: 404, problem: "not-found")
        }
        + [
            ("GET", "/v1/intents"), ("DELETE", "/v1/intents/a"), ("PUT", "/v1/intents/a"),
            ("GET", "/v1/intents/a/confirm"), ("POST", "/v1/skus/a"), ("POST", "/livez"),
            ("OPTIONS", "/v1/skus"),
            ("PATCH", "/v1/skus/a"), ("GET", "/v1/skus/a/adjustments"),
        ].map {
            Case(
                name: "\($0.0) \($0.1)", method: $0.0, path: $0.1, body: nil, status: 405,
                problem: "method-not-allowed")
        }

    static let queries: [Case] = [
        ("/v1/skus?limit=0", "limit"), ("/v1/skus?limit=1001", "limit"), ("/v1/skus?limit=-1", "limit"),
        ("/v1/skus?limit=1e2", "limit"), ("/v1/skus?limit=99999999999999999999", "limit"),
        ("/v1/skus?after=made-up", "after"), ("/v1/skus?after=", "after"),
        ("/v1/skus?after=00000000", "after"),
        ("/v1/skus?after=0011223344556677", "after"), ("/v1/skus?after=%00", "after"),
        ("/v1/skus?limit=1&limit=2", "limit"), ("/v1/skus?lmit=1", "lmit"), ("/v1/skus?limit=%zz", "limit"),
        ("/v1/intents/a?wait=x", "wait"), ("/v1/intents/a?wait=-1", "wait"),
        ("/v1/intents/a?sku=a%20b", "sku"),
        ("/v1/intents/a?sku=%ff", "sku"), ("/v1/skus/a?x=1", "x"),
    ].map {
        Case(
            name: "GET \($0.0)", method: "GET", path: $0.0, body: nil, status: 400, problem: "invalid-query",
            place: $0.1)
    }

    static let stocks: [Case] = [
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
        Case(
            name: "\($0.0) \($0.1) \($0.2)", method: $0.0, path: $0.1, body: $0.2, status: 422,
            problem: "invalid-body", place: $0.3)
    }

    @Test func everyBadRequestIsRefusedWithItsPlaceAndChangesNothing() async throws {
        try await IngressRoom.with { room in
            let cases =
                Self.keys + Self.bodies + Self.envelopes + Self.paths + Self.queries + Self.stocks
                + [
                    Case(
                        name: "an adjustment without a key", path: "/v1/skus/a/adjustments",
                        headers: [("Content-Type", "application/json")], body: #"{"delta":1,"reason":"r"}"#,
                        status: 400, problem: "invalid-header", place: "Idempotency-Key")
                ]
            for bad in cases {
                let reply = try await room.send(bad.method, bad.path, headers: bad.headers, body: bad.body)
                #expect(reply.status == bad.status, "\(bad.name): \(reply.status) \(reply.bodyText)")
                #expect(reply.problem == bad.problem, "\(bad.name): \(reply.bodyText)")
                #expect(
                    reply.headers.first(name: "content-type") == "application/problem+json", "\(bad.name)")
                #expect(
                    reply.number("status") == Int64(bad.status) && reply.text("detail") != nil, "\(bad.name)")
                if let place = bad.place { #expect(reply.place == place, "\(bad.name): \(reply.bodyText)") }
                #expect(reply.body.count < 2_000, "\(bad.name)")
                if bad.status == 405 { #expect(reply.headers.first(name: "allow") != nil, "\(bad.name)") }
            }
            // What is refused leaves nothing behind; what comes after it is served.
            try await room.define("shoe", 1)
            #expect(try await room.submit("last", "shoe", wait: 10).status == 200)
            #expect(try room.count("select count(*) from intent") == 1)
            #expect(try room.count("select count(*) from sku") == 1)
            #expect(try room.count("select count(*) from dead_letter") == 0)
        }
    }

    @Test func whatIsUnusualButRightIsTaken() async throws {
        try await IngressRoom.with { room in
            try await room.define("a:b~".replacing("~", with: "_"), 10)
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
