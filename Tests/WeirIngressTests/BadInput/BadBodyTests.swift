import Testing

/// Bodies that cannot be read, row by row: every field that is wrong is named.
@Suite struct BadBodyTests {
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
}
