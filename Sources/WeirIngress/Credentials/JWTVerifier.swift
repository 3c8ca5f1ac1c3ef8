import Foundation
import JWTKit
import WeirWire

/// Checks JWTs (RFC 7519, signed after RFC 7515) against the issuer's keys. Holds nothing that changes: a changed file
/// makes a new one.
///
/// JWTKit parses and verifies; which key, with which algorithm, is chosen here: its own choice falls back to some key
/// when it does not know the `kid`, and lets the token's header choose the algorithm of a key that states none.
final class JWTVerifier: Sendable {
    private let settings: JWTSettings
    private let keys: [String: [any JWTAlgorithm]]
    private let parser = DefaultJWTParser()

    /// Larger tokens are refused before they are read, in bytes.
    private static let largest = 8_192

    init(_ settings: JWTSettings, _ file: JWKSFile) {
        self.settings = settings
        keys = Dictionary(grouping: file.keys, by: \.id).mapValues { $0.map(\.algorithm) }
    }

    /// A token that was found good.
    struct Verified: Sendable {
        let caller: Caller
        /// Until when, in seconds since 1970.
        let expires: Double
    }

    /// Checks a token; `now` in seconds since 1970.
    func verify(_ token: Substring, now: Double) throws(Problem) -> Verified {
        guard token.utf8.count <= Self.largest else {
            throw .invalidCredential("the token has more than \(Self.largest) bytes")
        }
        let bytes = Array(token.utf8)
        guard let signatureDot = bytes.lastIndex(of: UInt8(ascii: ".")),
            let (header, claims, signature) = try? parser.parse(bytes, as: JWTClaims.self)
        else {
            throw .invalidCredential("the credential is neither an API key of Weir's nor a signed JWT")
        }
        let algorithm = try algorithm(of: header)
        // What costs little comes first; nothing of it is believed before the signature is.
        let caller = try claims.caller(for: settings, now: now)
        let isSigned = try? algorithm.verify(signature, signs: bytes[..<signatureDot])
        guard isSigned == true else {
            throw .invalidCredential("the token's signature is not the issuer's")
        }
        return Verified(caller: caller, expires: claims.expires ?? 0)
    }

    private func algorithm(of header: JWTHeader) throws(Problem) -> any JWTAlgorithm {
        // Extensions that the sender calls critical and we do not know (RFC 7515, 4.1.11).
        guard header.fields["crit"] == nil else {
            throw .invalidCredential("the token wants extensions that are not known here (crit)")
        }
        guard let id = header.fields["kid"]?.asString else {
            throw .invalidCredential("the token does not name its key (kid)")
        }
        guard let known = keys[id] else {
            throw .invalidCredential("the token's key (kid) is not known here")
        }
        guard let name = header.fields["alg"]?.asString,
            let algorithm = known.first(where: { $0.name == name })
        else {
            throw .invalidCredential("the token's algorithm (alg) is not its key's")
        }
        return algorithm
    }
}
