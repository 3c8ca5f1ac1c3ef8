import JWTKit
import WeirCore
import WeirLive

/// What Weir reads of a JWT (RFC 7519, 4.1; scopes after RFC 8693, 4.2). All may be missing: what must be there is
/// told by ``caller(for:now:)``, with a sentence.
struct JWTClaims: JWTPayload {
    let issuer: String?
    let audience: Names?
    /// Seconds since 1970, as the next two.
    let expires: Double?
    let notBefore: Double?
    let subject: String?
    let scope: Names?
    /// The same under the name that some issuers prefer.
    let scp: Names?

    enum CodingKeys: String, CodingKey {
        case issuer = "iss"
        case audience = "aud"
        case expires = "exp"
        case notBefore = "nbf"
        case subject = "sub"
        case scope, scp
    }

    /// One name or a list of them.
    struct Names: Codable, Sendable {
        let names: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                names = [one]
            } else {
                names = try container.decode([String].self)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(names)
        }
    }

    /// Says nothing: what the claims must be is the settings' business, see ``check(_:now:)``.
    func verify(using algorithm: some JWTAlgorithm) {}

    /// How far ahead the issuer's clock may be.
    private static let leewaySeconds = 30.0
    /// The scope of a token that acts for one buyer, its subject.
    private static let buyerScope = "buyer"

    /// Who the bearer is; `now` in seconds since 1970.
    func caller(for settings: JWTSettings, now: Double) throws(Problem) -> Caller {
        guard let issuer else { throw .invalidCredential("the token does not say who issued it (iss)") }
        guard issuer == settings.issuer else {
            throw .invalidCredential("the token's issuer (iss) is not the one that is trusted here")
        }
        guard let audience, audience.names.contains(settings.audience) else {
            throw .invalidCredential("the token is not meant for this server (aud)")
        }
        guard let expires, expires.isFinite else {
            throw .invalidCredential("the token does not say when it expires (exp)")
        }
        guard now < expires else { throw .invalidCredential("the token has expired (exp); get a new one") }
        if let notBefore, now + Self.leewaySeconds < notBefore {
            throw .invalidCredential("the token is not valid yet (nbf)")
        }
        return try caller()
    }

    private func caller() throws(Problem) -> Caller {
        let names = ((scope?.names ?? []) + (scp?.names ?? [])).joined(separator: " ")
        let scopes = ScopeSet(text: names)
        guard names.split(separator: " ").contains(Substring(Self.buyerScope)) else {
            return Caller(name: subject ?? "", scopes: scopes, buyer: nil)
        }
        guard let subject, let buyer = Buyer(subject) else {
            throw .invalidCredential("the token has the scope buyer, so its subject (sub) must be a buyer")
        }
        // Whatever else it says: for one buyer nobody changes stock or dead letters.
        return Caller(
            name: subject,
            scopes: scopes.intersection(ScopeSet(.stockRead)).union(ScopeSet([.intentsRead, .intentsWrite])),
            buyer: buyer)
    }
}
