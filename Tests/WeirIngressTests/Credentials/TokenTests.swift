import Foundation
import Testing
import WeirLive

@testable import WeirIngress

/// JWTs: which are taken, which are not, and that a changed key file is noticed.
@Suite struct TokenTests {
    private func status(_ room: IngressRoom, _ token: String) async throws -> Int {
        try await room.send("GET", "/v1/skus", headers: [bearer(token)]).status
    }

    @Test func tokensOfEveryKindOfKeyAreTaken() async throws {
        let keys: [Issuer.Key] = [.p256("ec"), .ed25519("ed"), try .rsa("rsa")]
        let issuer = try Issuer()
        defer { issuer.remove() }
        try issuer.publish(keys)
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            for key in keys {
                let good = try issuer.token(["scope": #""openid stock:read""#], by: key)
                // The second time it comes out of the cache.
                for _ in 0..<2 { #expect(try await status(room, good) == 200, "\(key.algorithm)") }
                let without = try issuer.token(["scope": #""intents:read""#], by: key)
                for _ in 0..<2 { #expect(try await status(room, without) == 403, "\(key.algorithm)") }
            }
            for claims in [
                ["scope": #""stock:read""#, "aud": #"["other","weir"]"#], ["scp": #"["stock:read"]"#],
                ["scope": #""stock:read""#, "nbf": "\(Issuer.now - 10)"],
                ["scope": #""stock:read""#, "exp": "\(Issuer.now + 100).5", "sub": ""],
            ] {
                #expect(try await status(room, try issuer.token(claims, by: keys[0])) == 200, "\(claims)")
            }
        }
    }

    @Test func whatIsNotTheIssuersIsRefusedWithItsReason() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        let rsa = try Issuer.Key.rsa("rsa")
        try issuer.publish([issuer.key, rsa])
        let stranger = Issuer.Key.p256("k1")
        let scope = ["scope": #""stock:read""#]
        func with(_ claims: [String: String]) -> [String: String] { scope.merging(claims) { $1 } }
        let good = try issuer.token(scope)
        let parts = good.split(separator: ".").map(String.init)
        let otherClaims = try issuer.token(with(["sub": #""eve""#])).split(separator: ".").map(String.init)
        let cases: [(String, reason: String)] = [
            (try issuer.token(with(["exp": "\(Issuer.now - 1)"])), "expired"),
            (try issuer.token(with(["exp": ""])), "exp"),
            (try issuer.token(with(["exp": "\"soon\""])), "signed JWT"),
            (try issuer.token(with(["exp": "1e400"])), "signed JWT"),
            (try issuer.token(with(["nbf": "\(Issuer.now + 120)"])), "nbf"),
            (try issuer.token(with(["iss": #""https://other.example""#])), "iss"),
            (try issuer.token(with(["iss": ""])), "iss"),
            (try issuer.token(with(["aud": #""other""#])), "aud"),
            (try issuer.token(with(["aud": ""])), "aud"),
            (try issuer.token(with(["aud": "[]"])), "aud"),
            (try issuer.token(scope, by: stranger), "signature"),
            ([parts[0], otherClaims[1], parts[2]].joined(separator: "."), "signature"),
            (try issuer.token(scope, signature: ""), "signature"),
            (try issuer.token(scope, header: #"{"alg":"none"}"#, signature: ""), "kid"),
            (try issuer.token(scope, header: #"{"alg":"none","kid":"k1"}"#, signature: ""), "alg"),
            (try issuer.token(scope, header: #"{"alg":"None","kid":"k1"}"#, signature: ""), "alg"),
            (try issuer.token(scope, header: #"{"alg":"HS256","kid":"k1"}"#), "alg"),
            (try issuer.token(scope, header: #"{"alg":"HS256","kid":"rsa"}"#), "alg"),
            (try issuer.token(scope, header: #"{"alg":"ES384","kid":"k1"}"#), "alg"),
            (try issuer.token(scope, header: #"{"alg":"ES256","kid":"rsa"}"#), "alg"),
            (try issuer.token(scope, header: #"{"alg":"ES256","kid":"k2"}"#), "kid"),
            (try issuer.token(scope, header: #"{"alg":"ES256"}"#), "kid"),
            (
                try issuer.token(scope, header: #"{"alg":"ES256","kid":"k1","crit":["b64"],"b64":false}"#),
                "crit"
            ),
            (try issuer.token(scope, header: "[]"), "signed JWT"), (good + ".x", "signed JWT"),
            (parts[0] + "." + parts[1], "signed JWT"), ("..", "signed JWT"), ("a.b.c", "signed JWT"),
            (try issuer.token(with(["more": "\"\(String(repeating: "x", count: 9_000))\""])), "8192"),
            (
                try issuer.token(
                    with(["deep": String(repeating: "[", count: 2_000) + String(repeating: "]", count: 2_000)]
                    )),
                "signed JWT"
            ),
            (try issuer.token(["scope": #""buyer""#, "sub": ""]), "sub"),
            (try issuer.token(["scope": #""buyer""#, "sub": #""a\u0007""#]), "sub"),
        ]
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            for (number, (token, reason)) in cases.enumerated() {
                let reply = try await room.send("GET", "/v1/skus", headers: [bearer(token)])
                #expect(reply.status == 401, "case \(number), \(reason): \(reply.status)")
                #expect(reply.problem == "invalid-credential", "case \(number)")
                #expect(reply.text("detail")?.contains(reason) == true, "case \(number): \(reply.bodyText)")
                #expect(reply.body.count < 1_000)
            }
            #expect(try await status(room, good) == 200)
        }
    }

    @Test func anExpiredTokenIs401AlsoWhenItWasGoodBefore() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            let expires = Issuer.now + 3
            let token = try issuer.token(["scope": #""stock:read""#, "exp": "\(expires)"])
            #expect(try await status(room, token) == 200)
            try await eventually("it has expired", within: .seconds(6)) {
                try await status(room, token) == 401
            }
            #expect(Issuer.now >= expires)
            let reply = try await room.send("GET", "/v1/skus", headers: [bearer(token)])
            #expect(reply.text("detail")?.contains("expired") == true)
        }
    }

    @Test func anRSAKeyIsNotTurnedToAnotherAlgorithmByAToken() async throws {
        let rsa = try Issuer.Key.rsa("rsa")
        let issuer = try Issuer(rsa)
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            let scope = ["scope": #""stock:read""#]
            let forged = try issuer.token(scope, header: #"{"alg":"RS512","kid":"rsa"}"#)
            #expect(try await status(room, forged) == 401)
            #expect(try await status(room, try issuer.token(scope)) == 200)
        }
    }

    @Test func aChangedKeyFileIsReadAgainAndABadOneChangesNothing() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        let book = LogBook()
        try await IngressRoom.guarded(jwt: issuer.settings, logger: book.logger) { room in
            let scope = ["scope": #""stock:read""#]
            let old = try issuer.token(scope)
            #expect(try await status(room, old) == 200)
            let next = Issuer.Key.p256("k2")
            #expect(try await status(room, try issuer.token(scope, by: next)) == 401)
            try issuer.publish([next])
            try await eventually("the new key is known", within: .seconds(10)) {
                try await status(room, try issuer.token(scope, by: next)) == 200
            }
            // The old token was in the cache.
            #expect(try await status(room, old) == 401)
            try issuer.write("{")
            let third = Issuer.Key.p256("k3")
            try await eventually("the bad file was seen", within: .seconds(10)) {
                book.contains("no JWK set")
            }
            #expect(try await status(room, try issuer.token(scope, by: next)) == 200)
            try issuer.publish([third])
            try await eventually("the third key is known", within: .seconds(10)) {
                try await status(room, try issuer.token(scope, by: third)) == 200
            }
        }
    }

    @Test func withoutTheKeyFileTheServerDoesNotStart() async throws {
        let issuer = try Issuer()
        issuer.remove()
        var settings = IngressSettings(databaseURL: "postgres://127.0.0.1:9/x", amqpURL: "amqp://127.0.0.1:9")
        settings.port = 0
        settings.credentials = .required(issuer.settings)
        let ingress = try Ingress(settings: settings, partitioning: .init(count: 1)!, logger: .quiet)
        let error = await #expect(throws: IngressError.self) { try await ingress.run() }
        #expect(error?.description.contains("WEIR_JWT_JWKS") == true)
    }
}
