import Testing

/// Paths, methods and parameters that are none, row by row. What no HTTP client would send stands in
/// ``ConnectionTests``, made-up places of a stream in ``EventStreamTests``.
@Suite struct BadAddressTests {
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
}
