import AMQPClient
import Foundation
import Synchronization

/// Programs of `.venv`, which `make` puts there.
enum Python {
    /// A file of the repository.
    static func file(_ path: String) -> String {
        URL(filePath: #filePath).appending(path: "../../../../\(path)").standardizedFileURL.path()
    }

    /// Runs a program of `.venv/bin` to its end; returns its exit code and what it wrote.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        let child = try start(program, arguments, environment: environment)
        let status = await offAsyncThreads {
            child.process.waitUntilExit()
            return child.process.terminationStatus
        }
        return (status, child.output)
    }

    /// Starts a program of `.venv/bin`; the caller ends it.
    static func start(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Child {
        let path = file(".venv/bin/\(program)")
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestFailure("there is no \(path): run `make .venv/made` first")
        }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let child = Child(process)
        try process.run()
        return child
    }

    /// A program that runs. What it writes, to both its outputs, goes to a file.
    final class Child: @unchecked Sendable {  // a Process may be asked by any thread
        let process: Process
        private let path = NSTemporaryDirectory() + "weir-python-\(UUID().uuidString).txt"

        fileprivate init(_ process: Process) {
            self.process = process
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            let handle = FileHandle(forWritingAtPath: path)
            process.standardOutput = handle
            process.standardError = handle
        }

        deinit {
            if process.isRunning { process.terminate() }
            try? FileManager.default.removeItem(atPath: path)
        }

        var output: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }
}
