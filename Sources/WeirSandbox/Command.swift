import Foundation

/// A program that runs to its end: initdb, psql, rabbitmqctl.
///
/// Its output goes through a file, not a pipe: a pipe stays open for as long as any descendant holds it.
enum Command {
    /// Runs it and returns what it wrote; throws when it fails or exceeds `limit`.
    static func run(_ spawn: Spawn, scratch: String, within limit: Duration = .seconds(60)) async throws
        -> String
    {
        let file = "\(scratch)/output-\(UUID().uuidString)"
        defer { unlink(file) }
        var spawn = spawn
        spawn.output = file
        let child = try spawn.start()
        guard await child.hasEnded(within: limit) else {
            for process in ProcessTree(root: child.pid).processes { process.signal(SIGKILL) }
            _ = await child.hasEnded(within: .seconds(5))
            throw SandboxError("\(spawn.executable) had not ended after \(limit); is the machine overloaded?")
        }
        let output = String(
            decoding: (try? Data(contentsOf: URL(fileURLWithPath: file))) ?? Data(), as: UTF8.self)
        guard child.status == 0 else {
            throw SandboxError(
                "\(([spawn.executable] + spawn.arguments).joined(separator: " ")) failed:\n\(output)")
        }
        return output
    }
}
