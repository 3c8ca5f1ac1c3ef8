import Foundation

/// A PostgreSQL of our own: one superuser `weir` with a password, on loopback only.
struct PostgresRecipe: ServerRecipe {
    let name = "PostgreSQL"
    let folder: String
    let port: Int
    /// Fast shutdown: ends the sessions, writes everything, needs no recovery afterwards.
    let shutdownSignal = SIGINT

    static let user = "weir"
    let password: String
    private let account: Account
    private let initdb: String
    private let postgres: String
    private let psql: String
    private let tls: SandboxTLS?
    private let environmentOfServer: [String: String]

    init(
        folder: String, port: Int, password: String, tls: SandboxTLS? = nil,
        environment: [String: String] = [:]
    ) throws {
        environmentOfServer = environment
        self.folder = folder
        self.port = port
        self.password = password
        self.tls = tls
        initdb = try Programs.postgres.find("initdb", of: "PostgreSQL", package: "postgresql")
        postgres = try Programs.postgres.find("postgres", of: "PostgreSQL", package: "postgresql")
        psql = try Programs.postgres.find("psql", of: "PostgreSQL", package: "postgresql-client")
        account = try Account(preferring: "postgres")
    }

    /// Makes the database cluster; once, before the first start.
    func create(settings: [String: String]) async throws {
        try account.makeFolder(folder)
        try account.makeFolder("\(folder)/sockets")
        let passwordFile = "\(folder)/password"
        try account.write(password + "\n", to: passwordFile)
        // A cluster that is being made needs no fsync: nobody has been promised anything yet.
        let arguments = [
            "--pgdata=\(folder)/data", "--username=\(Self.user)", "--pwfile=\(passwordFile)",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
        ]
        _ = try await Command.run(
            account.applied(to: Spawn(initdb, arguments, environment: environment, folder: folder)),
            scratch: folder, within: .seconds(120))
        let all = Self.settings(port: port, folder: folder).merging(try secured()) { _, tls in tls }
            .merging(settings) { _, wanted in wanted }
        let lines = all.sorted { $0.key < $1.key }.map { key, value in
            "\(key) = '\(value.replacingOccurrences(of: "'", with: "''"))'\n"
        }
        let configuration = try FileHandle(
            forUpdating: URL(fileURLWithPath: "\(folder)/data/postgresql.conf"))
        try configuration.seekToEnd()
        try configuration.write(contentsOf: Data(("\n# Weir's sandbox\n" + lines.joined()).utf8))
        try configuration.close()
    }

    /// The settings for TLS, whose files are put in place.
    private func secured() throws -> [String: String] {
        guard let tls else { return [:] }
        try tls.install(in: folder, account)
        let rules = try FileHandle(forUpdating: URL(fileURLWithPath: "\(folder)/data/pg_hba.conf"))
        let before = try rules.readToEnd() ?? Data()
        // The first rule that fits counts.
        try rules.seek(toOffset: 0)
        try rules.write(
            contentsOf: Data("hostnossl \(SandboxTLS.onlyDatabase) all all reject\n".utf8) + before)
        try rules.close()
        return [
            "ssl": "on", "ssl_cert_file": SandboxTLS.certificateFile(folder),
            "ssl_key_file": SandboxTLS.keyFile(folder),
        ]
    }

    private static func settings(port: Int, folder: String) -> [String: String] {
        [
            "listen_addresses": "127.0.0.1",
            "port": "\(port)",
            "unix_socket_directories": "\"\(folder)/sockets\"",
            "max_connections": "200",
            "max_prepared_transactions": "20",
            "shared_buffers": "256MB",
            // Durability is a promise of Weir's that is tested here, kill by kill.
            "fsync": "on",
            "synchronous_commit": "on",
            // Files in the data folder, not in /dev/shm: a killed server leaves nothing outside the folder.
            "dynamic_shared_memory_type": "mmap",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
        ]
    }

    func prepareStart() async throws {}

    func start() -> Spawn {
        account.applied(
            to: Spawn(
                postgres, ["-D", "\(folder)/data"],
                environment: environment.merging(environmentOfServer) { own, _ in own }, folder: folder,
                output: logFile))
    }

    /// Sends a start-up message; the server asks for a password, or says that it is still starting.
    func isReady() -> Bool {
        guard let socket = LocalSocket(port: port, seconds: 2) else { return false }
        let parameters = Array("user\0\(Self.user)\0database\0postgres\0\0".utf8)
        let protocolVersion: [UInt8] = [0, 3, 0, 0]
        let length = UInt32(4 + protocolVersion.count + parameters.count)
        let message = withUnsafeBytes(of: length.bigEndian, Array.init) + protocolVersion + parameters
        return socket.send(message) && socket.receive(1) == [UInt8(ascii: "R")]
    }

    /// Runs SQL as the superuser and returns the unadorned rows.
    @discardableResult
    func run(_ sql: String) async throws -> String {
        let arguments = [
            "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
            "--host=127.0.0.1",
            "--port=\(port)", "--username=\(Self.user)", "--dbname=postgres", "--command=\(sql)",
        ]
        var withPassword = environment
        withPassword["PGPASSWORD"] = password
        return try await Command.run(
            account.applied(to: Spawn(psql, arguments, environment: withPassword, folder: folder)),
            scratch: folder)
    }

    /// Copies the data folder of a server that is down, and replaces an earlier copy.
    func backUp() async throws {
        try await shell("rm -rf backup && cp -a data backup")
    }

    /// Puts the copy back in place of the data folder of a server that is down, as a restore does: the next start
    /// recovers it to the end of its own log and begins another timeline there.
    func restore() async throws {
        try await shell(
            """
            rm -rf data && cp -a backup data && touch data/recovery.signal \
                && echo "restore_command = '/bin/false'" >> data/postgresql.conf
            """)
    }

    private func shell(_ script: String) async throws {
        let spawn = Spawn("/bin/sh", ["-c", script], environment: environment, folder: folder)
        _ = try await Command.run(account.applied(to: spawn), scratch: folder)
    }

    /// Where clients connect for one database.
    func url(database: String) -> String {
        "postgres://\(Self.user):\(password)@127.0.0.1:\(port)/\(database)"
    }

    /// The same with TLS, the certificate and the name verified; nil when the server does not speak it.
    func securedURL(database: String) -> String? {
        tls.map { tls in
            "postgres://\(Self.user):\(password)@localhost:\(port)/\(database)?sslmode=verify-full&sslrootcert="
                + tls.authoritiesFile
        }
    }

    private var environment: [String: String] {
        [
            "PATH": Programs.searchPath, "HOME": folder, "LC_ALL": "C",
            StopScript.mark: StopScript.folder(of: folder),
        ]
    }
}
