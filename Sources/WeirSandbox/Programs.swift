import Foundation

/// Where the programs of the servers are.
struct Programs: Sendable {
    let folders: [String]

    /// PostgreSQL's server programs. Debian keeps them out of the PATH, in a folder per version: newest
    /// first.
    static let postgres = Programs(
        folders: path + versions(of: "/usr/lib/postgresql") + versions(of: "/usr/local/pgsql"))

    /// RabbitMQ's own scripts. Those that Debian puts into the PATH are wrappers that only root may use.
    static let rabbitmq = Programs(
        folders: ["/usr/lib/rabbitmq/bin"] + path + ["/usr/sbin", "/usr/local/sbin", "/opt/rabbitmq/sbin"])

    /// Erlang's.
    static let erlang = Programs(folders: path + ["/usr/lib/erlang/bin", "/usr/local/lib/erlang/bin"])

    /// The system's.
    static let system = Programs(folders: ["/usr/bin", "/bin"] + path)

    /// The PATH that every process of the sandbox gets.
    static let searchPath = (path + ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]).joined(separator: ":")

    private static let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(
        String.init)

    private static func versions(of folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let newestFirst = names.filter { Double($0) != nil }.sorted { Double($0)! > Double($1)! }
        return newestFirst.map { "\(folder)/\($0)/bin" } + ["\(folder)/bin"]
    }

    /// The full path of a program; an error that says how to get it.
    func find(_ name: String, of owner: String, package: String) throws -> String {
        for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        throw SandboxError("\(owner)'s \(name) was not found; install it with: apt-get install \(package)")
    }
}
