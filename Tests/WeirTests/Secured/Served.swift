import Foundation

/// `weir serve` as a process of its own, ended with the object or before.
final class Served: @unchecked Sendable {  // the process is started in init and ended once
    private let process = Process()
    private let logFile: String

    init(_ arguments: [String], _ environment: [String: String]) throws {
        logFile = NSTemporaryDirectory() + "weir-serve-\(UUID().uuidString)"
        try Data().write(to: URL(filePath: logFile))
        process.executableURL = Run.binary
        process.arguments = ["serve"] + arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { _, given in given }
        process.standardInput = FileHandle.nullDevice
        let log = try FileHandle(forWritingTo: URL(filePath: logFile))
        process.standardOutput = log
        process.standardError = log
        try process.run()
    }

    /// What it has written.
    var log: String { (try? String(contentsOfFile: logFile, encoding: .utf8)) ?? "" }

    var isRunning: Bool { process.isRunning }

    /// Ends it in order and returns its exit code.
    @discardableResult
    func stop() -> Int32 {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: logFile)
        return process.terminationStatus
    }
}

/// Waits for a condition, not for a time.
func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestFailure("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}
