import NIOSSL

/// Where a server's certificate is, both files in PEM.
public struct TLSFiles: Sendable {
    /// The certificate, and behind it those of the authorities between it and the root.
    public var certificatePath: String
    /// Its private key.
    public var keyPath: String

    /// The two files.
    public init(certificatePath: String, keyPath: String) {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
    }

    /// What a server does with them: TLS 1.2 at least. Throws one sentence that names the file.
    func serverConfiguration() throws(IngressError) -> TLSConfiguration {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificatePath)
        } catch {
            throw Self.unreadable("certificate file '\(certificatePath)'", "WEIR_TLS_CERT")
        }
        guard !chain.isEmpty else {
            throw Self.unreadable("certificate file '\(certificatePath)'", "WEIR_TLS_CERT")
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
        } catch {
            throw Self.unreadable("key file '\(keyPath)'", "WEIR_TLS_KEY")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // BoringSSL would take a key of another certificate without a word, and fail at every handshake.
        guard (try? NIOSSLContext(configuration: configuration)) != nil else {
            throw IngressError(
                description:
                    "the TLS key in '\(keyPath)' is not that of the certificate in '\(certificatePath)'")
        }
        return configuration
    }

    private static func unreadable(_ what: String, _ setting: String) -> IngressError {
        IngressError(
            description:
                "the TLS \(what) cannot be read as PEM; correct \(setting), or take it out to speak HTTP")
    }
}
