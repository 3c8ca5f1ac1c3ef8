import Foundation

/// A process that the lab started, and ends.
final class Child {
    private let process = Process()

    /// Starts a program of this build's folder.
    init(_ program: String, _ arguments: [String], environment: [String: String]) throws {
        let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        process.executableURL = folder.appending(path: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        guard FileManager.default.isExecutableFile(atPath: process.executableURL?.path ?? "") else {
            throw LabError("\(program) is not built beside weir-lab; `make bench` builds both")
        }
        try process.run()
    }

    var isRunning: Bool { process.isRunning }

    /// The most memory it ever held, in megabytes.
    var peakMegabytes: Double { megabytes("VmHWM:") }

    /// The memory that it holds now, in megabytes.
    var residentMegabytes: Double { megabytes("VmRSS:") }

    private func megabytes(_ name: String) -> Double {
        let status =
            (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        let kilobytes = line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
        return kilobytes / 1024
    }

    /// Its number in the system.
    var pid: Int32 { process.processIdentifier }

    /// Processor seconds it has used.
    var processorSeconds: Double { ProcessorMeter(name: "", roots: [pid]).seconds }

    /// Asks it to end, and waits.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }
}

/// Why a measurement cannot be made: one sentence.
struct LabError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Looks again until a condition holds.
func until(
    _ what: String, within limit: Duration, every pause: Duration = .milliseconds(20),
    _ condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw LabError("\(what) did not happen within \(limit)") }
        try await Task.sleep(for: pause)
    }
}
