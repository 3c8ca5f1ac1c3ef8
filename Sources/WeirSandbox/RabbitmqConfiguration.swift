/// The sandbox's `rabbitmq.conf`.
enum RabbitmqConfiguration {
    /// Our settings, except those that `wishes`, lines of the same format, set otherwise.
    ///
    /// - Parameter tls: the folder with the certificate, and the port for TLS.
    static func text(
        port: Int, user: String, password: String, tls: (folder: String, port: Int)? = nil, wishes: String
    ) -> String {
        let wished = wishes.split(separator: "\n").map(String.init)
        let overridden = Set(wished.map(key))
        let ours = (lines(port: port, user: user, password: password) + (tls.map(tlsLines) ?? []))
            .filter { !overridden.contains(key($0)) }
        return (ours + wished).map { $0 + "\n" }.joined()
    }

    private static func lines(port: Int, user: String, password: String) -> [String] {
        [
            "listeners.tcp.1 = 127.0.0.1:\(port)",
            "default_vhost = /",
            "default_user = \(user)",
            "default_pass = \(password)",
            "loopback_users.\(user) = true",
            // The defaults look at the whole machine, which the sandbox shares with everything else on it.
            "disk_free_limit.absolute = 50MB",
            "vm_memory_high_watermark.absolute = 2GB",
            // The file of standard output: one place for everything, start-up and crashes included.
            "log.console = true",
            "log.console.level = info",
        ]
    }

    private static func tlsLines(folder: String, port: Int) -> [String] {
        [
            "listeners.ssl.1 = 127.0.0.1:\(port)",
            "ssl_options.cacertfile = \(SandboxTLS.authoritiesFile(folder))",
            "ssl_options.certfile = \(SandboxTLS.certificateFile(folder))",
            "ssl_options.keyfile = \(SandboxTLS.keyFile(folder))",
            "ssl_options.verify = verify_none",
            "ssl_options.fail_if_no_peer_cert = false",
            "ssl_options.versions.1 = tlsv1.3",
            "ssl_options.versions.2 = tlsv1.2",
        ]
    }

    private static func key(_ line: String) -> String {
        String(line.prefix { $0 != "=" && $0 != " " && $0 != "\t" })
    }
}
