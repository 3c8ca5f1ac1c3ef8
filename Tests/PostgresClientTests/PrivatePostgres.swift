import Foundation
import PostgresClient
import Synchronization

/// A PostgreSQL of the tests' own: on loopback, in a temporary folder, gone with the process.
final class PrivatePostgres: Sendable {
    static let shared = Result { try PrivatePostgres() }

    private let port: Int
    private let databases = Mutex(0)

    private init() throws {
        let bin = "/usr/lib/postgresql/15/bin"
        let asPostgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        let folder = "/tmp/weir-pg-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        _ = try Child(["chown", "postgres:postgres", folder]).exit.value()
        let data = "\(folder)/data"
        let made = try Child(
            asPostgres + [
                "\(bin)/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
            ]
        ).exit.value()
        guard made == 0 else { throw PostgresError(.other, "initdb failed") }
        port = Self.freePort()
        let port = self.port
        let server = try Child(
            asPostgres + ["--pdeathsig=INT", "\(bin)/postgres", "-D", data, "-p", "\(port)"]
                + ["-k", "", "-h", "127.0.0.1", "-c", "fsync=off", "-c", "deadlock_timeout=100ms"])
        Self.running.withLock { $0 = (server, folder) }
        atexit { PrivatePostgres.stop() }
        let url = "postgres://postgres@127.0.0.1:\(port)/postgres"
        let end = ContinuousClock.now + .seconds(20)
        while (try? makeSession(url)) == nil, ContinuousClock.now < end {}
    }

    func newDatabaseURL() throws -> String {
        let name = databases.withLock { count in
            count += 1
            return "test_\(count)"
        }
        try makeSession("postgres://postgres@127.0.0.1:\(port)/postgres").execute(
            script: "CREATE DATABASE \(name)")
        return "postgres://postgres@127.0.0.1:\(port)/\(name)"
    }

    private static let running = Mutex<(Child, String)?>(nil)

    private static func stop() {
        guard let (server, folder) = running.withLock({ $0 }) else { return }
        kill(server.pid, SIGINT)
        _ = try? server.exit.value()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Below 32768, where the kernel hands out no port by itself.
    private static func freePort() -> Int {
        for port in (20_000 + Int(getpid()) % 10_000)..<32_768 {
            if let listener = try? Listener(port: port) {
                listener.close()
                return port
            }
        }
        return 0
    }
}
