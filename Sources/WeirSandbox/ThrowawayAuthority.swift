import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority for one run: it signs certificates for two days and is forgotten with the process.
public struct ThrowawayAuthority: Sendable {
    /// Its own certificate in PEM: what clients are told to trust.
    public let certificate: String

    private let own: Certificate
    private let key = Certificate.PrivateKey(P256.Signing.PrivateKey())

    /// An authority with a key of its own.
    public init() throws {
        let name = try DistinguishedName { CommonName("Weir sandbox \(Secret.random().prefix(8))") }
        own = try Self.sign(
            key.publicKey, subject: name, issuer: name, by: key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            })
        certificate = try own.serializeAsPEM().pemString
    }

    /// A server's certificate and key, both in PEM.
    public struct Identity: Sendable {
        /// The certificate.
        public let certificate: String
        /// Its private key.
        public let key: String
    }

    /// A certificate for these host names.
    ///
    /// - Parameter expired: whether its time was over yesterday.
    public func issue(for hosts: [String] = ["localhost"], expired: Bool = false) throws -> Identity {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let signed = try Self.sign(
            key.publicKey, subject: try DistinguishedName { CommonName(hosts.first ?? "nobody") },
            issuer: own.subject, by: self.key, expired: expired,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames(hosts.map { GeneralName.dnsName($0) })
            })
        return Identity(
            certificate: try signed.serializeAsPEM().pemString, key: try key.serializeAsPEM().pemString)
    }

    private static func sign(
        _ publicKey: Certificate.PublicKey, subject: DistinguishedName, issuer: DistinguishedName,
        by issuerKey: Certificate.PrivateKey, expired: Bool = false, extensions: Certificate.Extensions
    ) throws -> Certificate {
        let day = 86_400.0
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -2 * day),
            notValidAfter: Date(timeIntervalSinceNow: expired ? -day : day),
            issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: issuerKey)
    }
}
