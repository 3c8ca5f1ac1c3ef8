import Foundation
import Testing

@testable import WeirSandbox

/// What the tests know about the machine, read from `/proc` and by binding, never from the sandbox itself.
enum Machine {
    /// The command lines of all processes that work in `folder` or mention it.
    static func processes(of folder: String) -> [String] {
        let pids =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { pid_t($0) } ?? []
        return pids.compactMap { pid in
            guard ProcessRecord(pid: pid)?.identity.isAlive == true else { return nil }
            let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
            let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            let line = String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
            return place.hasPrefix(folder) || line.contains(folder) ? "\(pid) \(line)" : nil
        }
    }

    /// Whether `/proc` shows us another user's descriptors: root in a container has no CAP_SYS_PTRACE.
    static func mayLookInto(_ pid: Int32) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) != nil
    }

    /// The command lines of a server's processes, which everybody may read.
    static func titles(of server: SandboxServer) -> [String] {
        ProcessTree(root: server.pid).processes.map {
            String(
                decoding: FileManager.default.contents(atPath: "/proc/\($0.pid)/cmdline") ?? Data(),
                as: UTF8.self)
        }
    }

    /// Whether a server could take the port now.
    static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return LoopbackAddress(port: port).bind(descriptor) && listen(descriptor, 1) == 0
    }

    /// The addresses that a process listens on, as the kernel writes them: "0100007F:1234", hexadecimal.
    static func listeners(of pid: Int32) -> [String] {
        let sockets = descriptors(of: pid)
        return ["tcp", "tcp6"].flatMap { table in
            let text = FileManager.default.contents(atPath: "/proc/net/\(table)") ?? Data()
            return String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst().compactMap {
                line in
                let fields = line.split(separator: " ")
                // Field 3 is the state, 0A is LISTEN; field 9 is the socket's inode.
                return fields[3] == "0A" && sockets.contains("socket:[\(fields[9])]")
                    ? String(fields[1]) : nil
            }
        }
    }

    /// What the descriptors of a process refer to.
    static func descriptors(of pid: Int32) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        return names.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
        }
    }
}

/// Runs SQL in a database of the sandbox with psql, as any client would.
func psql(_ url: String, _ sql: String) async throws -> String {
    let program = try Programs.postgres.find("psql", of: "PostgreSQL", package: "postgresql-client")
    let spawn = Spawn(
        program, ["-XqtA", "-v", "ON_ERROR_STOP=1", "-c", sql, url],
        environment: ["PATH": Programs.searchPath],
        folder: "/")
    return try await Command.run(spawn, scratch: "/tmp").trimmingCharacters(in: .whitespacesAndNewlines)
}

/// Whether a broker answers the AMQP header within two seconds.
func amqpAnswers(port: Int) async throws -> Bool {
    try await Waiting.offAsyncThreads {
        guard let socket = LocalSocket(port: port, seconds: 2) else { return false }
        return socket.send(Array("AMQP".utf8) + [0, 0, 9, 1]) && socket.receive(1) == [1]
    }
}
