import Foundation
import Testing
import WeirLive

@testable import WeirIngress

/// The table of credentials, without a server and with a clock of the test's own.
@Suite struct KnownCredentialsTests {
    private static let second: UInt64 = 1_000_000_000

    private func digest(_ text: String) -> CredentialDigest { CredentialDigest(of: text[...].utf8) }

    private func caller(_ name: String) -> Caller { Caller(name: name, scopes: .all, buyer: nil) }

    private func name(_ finding: KnownCredentials.Finding) -> String? {
        if case .caller(let caller) = finding { caller.name } else { nil }
    }

    private func isStale(_ finding: KnownCredentials.Finding) -> Bool {
        if case .stale = finding { true } else { false }
    }

    @Test func keysAreBelievedForTenMinutesAtMost() throws {
        #expect(IngressSettings(databaseURL: "", amqpURL: "").keyTrustSeconds == 600)
        var known = KnownCredentials(trustSeconds: 600)
        let start = 5 * Self.second
        known.replaceKeys([digest("a"): caller("a")], at: start)
        func look(_ seconds: UInt64) -> KnownCredentials.Finding {
            known.look(digest("a"), now: start + seconds * Self.second, wallSeconds: 0)
        }
        #expect(name(look(0)) == "a" && name(look(599)) == "a")
        #expect(isStale(look(600)) && isStale(look(100_000)))
        #expect(known.isFresh(at: start + 9 * Self.second) && !known.isFresh(at: start + 10 * Self.second))
        known.replaceKeys([:], at: start + 700 * Self.second)
        #expect(name(look(700)) == nil && !isStale(look(700)))
    }

    @Test func beforeTheyAreReadNobodyKnowsAKey() {
        var known = KnownCredentials(trustSeconds: 600)
        #expect(!known.isFresh(at: 0) && !known.isTrusted(at: 0))
        #expect(name(known.look(digest("a"), now: 0, wallSeconds: 0)) == nil)
    }

    @Test func keysMayNotBeTrustedForLonger() {
        for seconds in [0, 601] {
            var settings = IngressSettings(databaseURL: "", amqpURL: "")
            settings.keyTrustSeconds = seconds
            #expect(throws: IngressError.self) { try settings.check() }
        }
    }

    private func verifier() async throws -> JWTVerifier {
        let issuer = try Issuer()
        defer { issuer.remove() }
        return JWTVerifier(issuer.settings, try await JWKSFile.read(issuer.path))
    }

    @Test func tokensAreForgottenWhenTheyExpireAndWhenTheIssuersKeysChange() async throws {
        var known = KnownCredentials(trustSeconds: 600)
        let (first, second) = (try await verifier(), try await verifier())
        let token = JWTVerifier.Verified(caller: caller("t"), expires: 100)
        known.keep(digest("t"), token, by: first)
        #expect(known.tokenCount == 0, "nobody has taken the verifier yet")
        known.replaceVerifier(first)
        known.keep(digest("t"), token, by: first)
        #expect(name(known.look(digest("t"), now: 0, wallSeconds: 99.9)) == "t")
        #expect(name(known.look(digest("t"), now: 0, wallSeconds: 100)) == nil)
        #expect(known.tokenCount == 0)
        known.keep(digest("t"), token, by: first)
        known.replaceVerifier(second)
        #expect(name(known.look(digest("t"), now: 0, wallSeconds: 0)) == nil)
        known.keep(digest("t"), token, by: first)
        #expect(known.tokenCount == 0, "it was verified by keys that are gone")
    }

    @Test func tokensInUseStayAndTheirNumberIsBounded() async throws {
        var known = KnownCredentials(trustSeconds: 600)
        let verifier = try await verifier()
        known.replaceVerifier(verifier)
        func keep(_ name: String) {
            known.keep(digest(name), .init(caller: caller(name), expires: 100), by: verifier)
        }
        keep("often")
        for number in 0..<(3 * KnownCredentials.tokenLimit) {
            keep("t\(number)")
            if number % 1_000 == 0 {
                #expect(name(known.look(digest("often"), now: 0, wallSeconds: 0)) == "often")
            }
        }
        #expect(known.tokenCount <= 2 * KnownCredentials.tokenLimit)
        #expect(name(known.look(digest("t0"), now: 0, wallSeconds: 0)) == nil)
    }
}

/// Which keys of a JWK set are used.
@Suite struct JWKSFileTests {
    private func read(_ text: String) async throws -> JWKSFile {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try issuer.write(text)
        return try await JWKSFile.read(issuer.path)
    }

    @Test func whatIsNoPublicKeyForSignaturesIsLeftOutAndNamed() async throws {
        let good = Issuer.Key.p256("good").jwk
        let file = try await read(
            """
            {"keys": [\(good), {"kty":"oct","kid":"secret","k":"AAAA","alg":"HS256"},
             \(good.replacing("\"good\"", with: "\"box\"").replacing("\"sig\"", with: "\"enc\"")),
             \(good.replacing("\"good\"", with: "\"own\"").dropLast()),"d":"AAAA"},
             \(good.replacing("\"kid\":\"good\",", with: "")),
             \(good.replacing("\"good\"", with: "\"odd\"").replacing("ES256", with: "ES512")),
             \(good.replacing("\"good\"", with: "\"hmac\"").replacing("ES256", with: "HS256")),
             {"kty":"XYZ","kid":"new"}, 7]}
            """)
        #expect(file.keys.map(\.id) == ["good"] && file.keys.first?.algorithm.name == "ES256")
        for part in ["'secret'", "'box'", "'own'", "key 5", "'odd'", "'hmac'", "'new'", "key 9"] {
            #expect(file.remarks.contains { $0.contains(part) }, "\(part): \(file.remarks)")
        }
        #expect(file.remarks.count == 8)
    }

    @Test(arguments: [
        "", "{}", "[]", "{\"keys\":[]}", "{\"keys\":{}}", "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\"}]}",
    ])
    func aFileWithoutAUsableKeyIsAnError(text: String) async throws {
        await #expect(throws: IngressError.self) { try await read(text) }
    }
}
