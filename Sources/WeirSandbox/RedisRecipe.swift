import Foundation

/// A Redis of our own, on loopback only, with a password and its log of commands on disk.
struct RedisRecipe: ServerRecipe {
    let name = "Redis"
    let folder: String
    let port: Int
    /// Writes what is left and ends.
    let shutdownSignal = SIGTERM

    let password: String
    private let account: Account
    private let server: String

    init(folder: String, port: Int, password: String) throws {
        self.folder = folder
        self.port = port
        self.password = password
        server = try Programs.system.find("redis-server", of: "Redis", package: "redis-server")
        account = try Account(preferring: "redis")
    }

    /// Writes the configuration; once, before the first start.
    func create(appendfsync: String) throws {
        try account.makeFolder(folder)
        let lines = [
            "bind 127.0.0.1",
            "port \(port)",
            "requirepass \(password)",
            "dir \(folder)",
            "daemonize no",
            // The log of commands is what survives; a snapshot beside it would cost a fork in the middle of a run.
            "appendonly yes",
            "appendfsync \(appendfsync)",
            "auto-aof-rewrite-percentage 0",
            #"save """#,
            "maxmemory 512mb",
            "maxmemory-policy noeviction",
        ]
        try account.write(lines.map { $0 + "\n" }.joined(), to: "\(folder)/redis.conf")
    }

    func prepareStart() async throws {}

    func start() -> Spawn {
        account.applied(
            to: Spawn(
                server, ["\(folder)/redis.conf"],
                environment: [
                    "PATH": Programs.searchPath, "HOME": folder, "LC_ALL": "C",
                    StopScript.mark: StopScript.folder(of: folder),
                ], folder: folder, output: logFile))
    }

    /// Logs in and pings; while Redis reads its log it answers `-LOADING`.
    func isReady() -> Bool {
        guard let socket = LocalSocket(port: port, seconds: 2) else { return false }
        return socket.send(Array("AUTH \(password)\r\nPING\r\n".utf8))
            && socket.receive(12) == Array("+OK\r\n+PONG\r\n".utf8)
    }
}
