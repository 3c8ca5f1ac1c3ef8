/// Which credentials an ingress asks for.
public enum CredentialSettings: Sendable {
    /// None, until there is an API key: whoever reaches the server may do everything. Only at a loopback address.
    case open
    /// API keys, and JWTs if somebody issues them.
    case required(JWTSettings?)

    var jwt: JWTSettings? {
        if case .required(let settings) = self { settings } else { nil }
    }

    var isOpen: Bool {
        if case .open = self { true } else { false }
    }
}

/// Whose JWTs an ingress trusts.
public struct JWTSettings: Sendable {
    /// The file with the issuer's public keys, a JWK set (RFC 7517). It is read again when it changes.
    public var jwksPath: String
    /// What the claim `iss` must be.
    public var issuer: String
    /// What the claim `aud` must name.
    public var audience: String

    /// Settings with all three, which must not be empty.
    public init(jwksPath: String, issuer: String, audience: String) {
        self.jwksPath = jwksPath
        self.issuer = issuer
        self.audience = audience
    }
}
