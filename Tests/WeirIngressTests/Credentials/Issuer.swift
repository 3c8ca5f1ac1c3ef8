import Crypto
import CryptoExtras
import Foundation

@testable import WeirIngress

/// Issues JWTs, good and bad, made by hand: what verifies them must not have made them.
struct Issuer {
    /// A key pair with its name and its public half as a JWK.
    struct Key: Sendable {
        let id: String
        let algorithm: String
        let jwk: String
        let sign: @Sendable ([UInt8]) throws -> Data

        static func p256(_ id: String) -> Key {
            let key = P256.Signing.PrivateKey()
            let point = key.publicKey.rawRepresentation
            return Key(
                id: id, algorithm: "ES256",
                jwk: #"{"kty":"EC","crv":"P-256","kid":"\#(id)","use":"sig","alg":"ES256","#
                    + #""x":"\#(base64(point.prefix(32)))","y":"\#(base64(point.suffix(32)))"}"#,
                sign: { try key.signature(for: $0).rawRepresentation })
        }

        static func ed25519(_ id: String) -> Key {
            let key = Curve25519.Signing.PrivateKey()
            return Key(
                id: id, algorithm: "EdDSA",
                jwk:
                    #"{"kty":"OKP","crv":"Ed25519","kid":"\#(id)","x":"\#(base64(key.publicKey.rawRepresentation))"}"#,
                sign: { try key.signature(for: $0) })
        }

        /// States no `alg`, as some issuers do.
        static func rsa(_ id: String) throws -> Key {
            let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            let numbers = try key.publicKey.getKeyPrimitives()
            return Key(
                id: id, algorithm: "RS256",
                jwk:
                    #"{"kty":"RSA","kid":"\#(id)","n":"\#(base64(numbers.modulus))","e":"\#(base64(numbers.publicExponent))"}"#,
                sign: {
                    try key.signature(for: SHA256.hash(data: $0), padding: .insecurePKCS1v1_5)
                        .rawRepresentation
                })
        }
    }

    static let name = "https://issuer.example"
    static let audience = "weir"

    let path: String
    let key: Key

    /// An issuer with one key, whose public half is in a file of its own.
    init(_ key: Key = .p256("k1")) throws {
        self.key = key
        path = NSTemporaryDirectory() + "weir-jwks-\(UUID().uuidString).json"
        try publish([key])
    }

    var settings: JWTSettings {
        JWTSettings(jwksPath: path, issuer: Self.name, audience: Self.audience)
    }

    /// Puts other keys into the file, at once or not at all.
    func publish(_ keys: [Key]) throws {
        try write(#"{"keys":[\#(keys.map(\.jwk).joined(separator: ","))]}"#)
    }

    func write(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// A token. What is in `claims` wins over what a good one says; an empty text takes the claim out.
    func token(
        _ claims: [String: String] = [:], header: String? = nil, by other: Key? = nil,
        signature: String? = nil
    ) throws -> String {
        let key = other ?? key
        var all = [
            "iss": #""\#(Self.name)""#, "aud": #""\#(Self.audience)""#, "sub": #""ann""#,
            "exp": "\(Self.now + 300)",
        ]
        all.merge(claims) { _, given in given }
        let body = all.filter { !$0.value.isEmpty }.map { #""\#($0.key)":\#($0.value)"# }.joined(
            separator: ",")
        let head = header ?? #"{"alg":"\#(key.algorithm)","typ":"JWT","kid":"\#(key.id)"}"#
        let signed = base64(Data(head.utf8)) + "." + base64(Data("{\(body)}".utf8))
        return try signed + "." + (signature ?? base64(key.sign(Array(signed.utf8))))
    }

    static var now: Int { Int(Date().timeIntervalSince1970) }
}

func base64(_ data: some DataProtocol) -> String {
    Data(data).base64EncodedString().replacingOccurrences(of: "+", with: "-")
        .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
}

func bearer(_ credential: String) -> (String, String) { ("Authorization", "Bearer \(credential)") }
