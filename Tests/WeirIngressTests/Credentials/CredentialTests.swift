import Testing
import WeirLive

@testable import WeirIngress

/// FAULTS.md 'Bad input, HTTP': missing, wrong and expired credentials, and those without the scope, each refused with
/// a problem that names the remedy, changing nothing.
@Suite struct CredentialTests {
    /// Every route that asks for a credential, with the scope that it asks for.
    static let routes: [(method: String, path: String, body: String?, scope: Scope)] = [
        ("POST", "/v1/intents", #"{"sku":"shoe","quantity":1,"buyer":"ann"}"#, .intentsWrite),
        ("GET", "/v1/intents/t1", nil, .intentsRead), ("HEAD", "/v1/intents/t1", nil, .intentsRead),
        ("POST", "/v1/intents/t1/confirm?sku=shoe", nil, .intentsWrite),
        ("POST", "/v1/intents/t1/cancel?sku=shoe", nil, .intentsWrite),
        ("POST", "/v1/intents/batch", "{}", .intentsWrite), ("GET", "/v1/intents/batch", nil, .intentsRead),
        ("POST", "/v1/orders", #"{"buyer":"ann","lines":[{"sku":"shoe","quantity":1}]}"#, .intentsWrite),
        ("GET", "/v1/orders/t1", nil, .intentsRead), ("HEAD", "/v1/orders/t1", nil, .intentsRead),
        ("POST", "/v1/orders/t1/confirm", nil, .intentsWrite),
        ("POST", "/v1/orders/t1/cancel", nil, .intentsWrite),
        ("POST", "/v1/orders/t1/extend", #"{"hold_until":"2030-01-01T00:00:00Z"}"#, .intentsWrite),
        // Refused behind the credential, since its cursor is made up; a stream would never end.
        ("GET", "/v1/events?after=made-up", nil, .intentsRead),
        ("GET", "/v1/skus", nil, .stockRead), ("GET", "/v1/skus/shoe", nil, .stockRead),
        ("PUT", "/v1/skus/shoe", #"{"stocked":1}"#, .stockWrite),
        ("POST", "/v1/skus/shoe/adjustments", #"{"delta":1,"reason":"r"}"#, .stockWrite),
    ]

    private func send(
        _ route: (method: String, path: String, body: String?, scope: Scope), to room: IngressRoom,
        _ credential: [(String, String)]
    ) async throws -> Reply {
        try await room.send(
            route.method, route.path,
            headers: credential + [("Idempotency-Key", "t1"), ("Content-Type", "application/json")],
            body: route.body)
    }

    private func expectNothingHappened(_ room: IngressRoom) throws {
        #expect(try room.count("select count(*) from event") == 0)
        #expect(room.ingress.handler.memory.count == 0)
        #expect(room.ingress.handler.orderMemory.count == 0)
    }

    @Test func aMissingCredentialIs401AndSaysWhatToSend() async throws {
        try await IngressRoom.guarded { room in
            for route in Self.routes {
                let reply = try await send(route, to: room, [])
                #expect(reply.status == 401, "\(route.method) \(route.path): \(reply.bodyText)")
                #expect(reply.headers.first(name: "www-authenticate") == #"Bearer realm="weir""#)
                if route.method == "HEAD" { continue }
                #expect(reply.problem == "missing-credential" && reply.place == "Authorization")
                #expect(reply.text("detail")?.contains("Authorization: Bearer") == true)
            }
            // Open: what a load balancer asks, and what is not there for anybody.
            #expect(try await room.get("/livez").status == 200)
            #expect(try await room.get("/readyz").status == 200)
            for path in ["/openapi.yaml", "/asyncapi.yaml", "/problems", "/problems/missing-credential"] {
                #expect(try await room.get(path).status == 200, "\(path)")
            }
            #expect(try await room.get("/v2").status == 404)
            #expect(try await room.send("DELETE", "/v1/skus").status == 405)
            try expectNothingHappened(room)
        }
    }

    @Test func aWrongCredentialIs401AndIsNotRepeated() async throws {
        try await IngressRoom.guarded { room in
            let key = try await room.key(.intentsWrite, .stockRead)
            var other = key.text
            other.removeLast()
            other += key.text.hasSuffix("a") ? "b" : "a"
            let wrong: [[(String, String)]] = [
                [bearer(other)], [bearer(APIKey().text)], [bearer(key.text.uppercased())],
                [bearer(key.text + " x")], [bearer("weir_")], [bearer("nonsense")],
                [("Authorization", key.text)], [("Authorization", "Basic \(key.text)")],
                [("Authorization", "Bearer")], [("Authorization", "")], [bearer("a.b.c")],
                // Two headers are one that no key says.
                [bearer(key.text), bearer(key.text)],
            ]
            for credential in wrong {
                for route in Self.routes {
                    let reply = try await send(route, to: room, credential)
                    #expect(reply.status == 401, "\(credential) \(reply.bodyText)")
                    let challenge = reply.headers.first(name: "www-authenticate") ?? ""
                    #expect(challenge.contains(#"error="invalid_token""#))
                    if route.method == "HEAD" { continue }
                    #expect(reply.problem == "invalid-credential" && reply.place == "Authorization")
                    #expect(!reply.bodyText.contains(key.id) && !challenge.contains(key.id))
                }
            }
            try expectNothingHappened(room)
        }
    }

    @Test func aCredentialWithoutTheScopeIs403AndNamesIt() async throws {
        try await IngressRoom.guarded { room in
            for scope in Scope.allCases {
                let others = ScopeSet.all.subtracting(ScopeSet(scope)).scopes
                let key = try room.newKey(ScopeSet(others))
                try await eventually("the key is known") {
                    try await send(Self.routes[0], to: room, [bearer(key.text)]).status != 401
                }
                for route in Self.routes where route.scope == scope {
                    let reply = try await send(route, to: room, [bearer(key.text)])
                    #expect(reply.status == 403, "\(route.method) \(route.path): \(reply.bodyText)")
                    #expect(
                        reply.headers.first(name: "www-authenticate")?
                            .contains(#"error="insufficient_scope", scope="\#(scope.rawValue)""#) == true)
                    if route.method == "HEAD" { continue }
                    #expect(reply.problem == "missing-scope")
                    #expect(reply.text("detail")?.contains(scope.rawValue) == true)
                }
            }
        }
    }

    @Test func eachScopeOpensItsOwnRoutesAndNoOthers() async throws {
        try await IngressRoom.guarded { room in
            for scope in Scope.allCases {
                let key = try await room.key(scope)
                for route in Self.routes {
                    let reply = try await send(route, to: room, [bearer(key.text)])
                    #expect(
                        (reply.status == 403) == (route.scope != scope),
                        "\(scope) \(route.method) \(route.path): \(reply.status) \(reply.bodyText)")
                    #expect(reply.status != 401)
                }
            }
        }
    }

    @Test func eachCredentialHasAQuotaOfItsOwn() async throws {
        try await IngressRoom.guarded {
            $0.ratePerCredential = RateLimit(requests: 40, seconds: 3_600)
        } _: { room in
            let (greedy, other) = (try await room.key(.stockRead), try await room.key(.stockRead))
            try await eventually("the quota is used up") {
                try await room.send("GET", "/v1/skus", headers: [bearer(greedy.text)]).status == 429
            }
            #expect(try await room.send("GET", "/v1/skus", headers: [bearer(other.text)]).status == 200)
            // Who shows nothing good takes from nobody's.
            #expect(try await room.send("GET", "/v1/skus").status == 401)
        }
    }

    @Test func theSchemesNameHasNoCase() async throws {
        try await IngressRoom.guarded { room in
            let key = try await room.key(.stockRead)
            for scheme in ["bearer", "BEARER", "Bearer "] {
                let reply = try await room.send(
                    "GET", "/v1/skus", headers: [("Authorization", "\(scheme) \(key.text)")])
                #expect(reply.status == 200, "\(scheme)")
            }
        }
    }

    @Test func noLogHoldsACredential() async throws {
        let (book, issuer) = (LogBook(), try Issuer())
        defer { issuer.remove() }
        let token = try issuer.token(["scope": #""stock:read""#])
        try await IngressRoom.guarded(jwt: issuer.settings, logger: book.logger) { room in
            let (key, unknown) = (try await room.key(.stockRead), APIKey())
            for credential in [key.text, unknown.text, token, token + "x"] {
                _ = try await room.send("GET", "/v1/skus", headers: [bearer(credential)])
            }
            try room.revoke(key)
            try await eventually("the key is refused") {
                try await room.send("GET", "/v1/skus", headers: [bearer(key.text)]).status == 401
            }
            for credential in [key.text, unknown.text, token] {
                #expect(!book.contains(String(credential.suffix(20))))
            }
        }
        #expect(!book.all.isEmpty)
    }
}
