import Foundation

/// The certificates of a sandbox whose servers speak TLS: one authority, one certificate for `localhost`. Neither is
/// for 127.0.0.1, so that a client who checks names can be seen to do so.
public struct SandboxTLS: Sendable {
    /// The file with the authority's certificate: what clients are told to trust.
    public let authoritiesFile: String
    /// The file with the certificate of an authority that has signed nothing here.
    public let strangersFile: String
    /// Makes further certificates, for servers of a test's own.
    public let authority: ThrowawayAuthority

    /// The database whose server takes no session without TLS.
    static let onlyDatabase = "tls_only"

    init(folder: String) throws {
        authority = try ThrowawayAuthority()
        authoritiesFile = "\(folder)/authority.pem"
        strangersFile = "\(folder)/stranger.pem"
        try authority.certificate.write(toFile: authoritiesFile, atomically: true, encoding: .utf8)
        try ThrowawayAuthority().certificate.write(toFile: strangersFile, atomically: true, encoding: .utf8)
    }

    /// Puts a certificate and its key, which only the server's user may read, into a server's folder.
    func install(in folder: String, _ account: Account) throws {
        let identity = try authority.issue()
        try account.write(identity.certificate, to: Self.certificateFile(folder))
        try account.write(identity.key, to: Self.keyFile(folder))
        try account.write(authority.certificate, to: Self.authoritiesFile(folder))
    }

    static func certificateFile(_ folder: String) -> String { "\(folder)/server.pem" }
    static func keyFile(_ folder: String) -> String { "\(folder)/server.key" }
    static func authoritiesFile(_ folder: String) -> String { "\(folder)/authority.pem" }
}
