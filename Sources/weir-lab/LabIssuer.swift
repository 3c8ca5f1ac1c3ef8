import Crypto
import Foundation

/// Issues JWTs for measurements, signed with a P-256 key whose public half is in a file.
struct LabIssuer {
    private static let name = "https://lab.example"
    private let key = P256.Signing.PrivateKey()
    private let path: String

    init() throws {
        path = NSTemporaryDirectory() + "weir-lab-jwks-\(UUID().uuidString).json"
        let point = key.publicKey.rawRepresentation
        let jwks =
            #"{"keys":[{"kty":"EC","crv":"P-256","kid":"lab","use":"sig","alg":"ES256","#
            + #""x":"\#(Self.base64(point.prefix(32)))","y":"\#(Self.base64(point.suffix(32)))"}]}"#
        try Data(jwks.utf8).write(to: URL(filePath: path))
    }

    /// What `weir serve` has to be told to trust it.
    var options: [String] {
        ["--jwks", path, "--jwt-issuer", Self.name, "--jwt-audience", "weir"]
    }

    /// A token that lets submit, good for an hour.
    func token(_ subject: String) throws -> String {
        let expires = Int(Date().timeIntervalSince1970) + 3_600
        let claims =
            #"{"iss":"\#(Self.name)","aud":"weir","sub":"\#(subject)","exp":\#(expires),"#
            + #""scope":"intents:write"}"#
        let signed =
            Self.base64(Data(#"{"alg":"ES256","typ":"JWT","kid":"lab"}"#.utf8)) + "."
            + Self.base64(Data(claims.utf8))
        return try signed + "." + Self.base64(key.signature(for: Data(signed.utf8)).rawRepresentation)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    private static func base64(_ data: some DataProtocol) -> String {
        Data(data).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}
