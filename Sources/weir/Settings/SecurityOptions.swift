import ArgumentParser
import Configuration
import WeirIngress

/// Who may talk to the ingress, and whether the talk is encrypted.
struct SecurityOptions: ParsableArguments {
    @Option(
        help: """
            The file with the public keys (a JWK set) of whoever issues JWTs; read again when it changes. \
            [env: WEIR_JWT_JWKS]
            """)
    var jwks: String?
    @Option(help: "What a JWT's iss must be. [env: WEIR_JWT_ISSUER]")
    var jwtIssuer: String?
    @Option(help: "What a JWT's aud must name. [env: WEIR_JWT_AUDIENCE]")
    var jwtAudience: String?
    @Option(
        help:
            "The file with the certificate chain, in PEM: speak HTTPS, and nothing else. [env: WEIR_TLS_CERT]"
    )
    var tlsCert: String?
    @Option(help: "The file with the certificate's key, in PEM. [env: WEIR_TLS_KEY]")
    var tlsKey: String?

    /// Fills in what was said. A server without any credential stays open, which its own check allows at loopback only.
    func apply(to ingress: inout IngressSettings, _ reader: ConfigReader, hasKeys: Bool) throws {
        func said(_ option: String?, _ key: ConfigKey) -> String? {
            (option ?? reader.string(forKey: key)).flatMap { $0.isEmpty ? nil : $0 }
        }
        switch (said(tlsCert, "weir.tls.cert"), said(tlsKey, "weir.tls.key")) {
        case (let certificate?, let key?):
            ingress.tls = TLSFiles(certificatePath: certificate, keyPath: key)
        case (nil, nil): break
        default: throw Failure("HTTPS needs both WEIR_TLS_CERT and WEIR_TLS_KEY; set both or none", .usage)
        }
        let (issuer, audience) = (
            said(jwtIssuer, "weir.jwt.issuer"), said(jwtAudience, "weir.jwt.audience")
        )
        if let path = said(jwks, "weir.jwt.jwks") {
            guard let issuer, let audience else {
                throw Failure(
                    "JWTs are taken only from a named issuer and for a named audience: set WEIR_JWT_ISSUER and"
                        + " WEIR_JWT_AUDIENCE", .usage)
            }
            ingress.credentials = .required(
                JWTSettings(jwksPath: path, issuer: issuer, audience: audience))
        } else if issuer != nil || audience != nil {
            throw Failure(
                "JWTs need their issuer's public keys: set WEIR_JWT_JWKS to a file with them", .usage)
        } else {
            ingress.credentials = hasKeys ? .required(nil) : .open
        }
    }
}
