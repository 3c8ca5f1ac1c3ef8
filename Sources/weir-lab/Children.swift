import AMQPClient
import Foundation
import Glibc

/// A process that the lab started, and ends.
final class Child {
    private let process = Process()

    /// Starts a program of this build's folder. The kernel ends it when this process ends, however that happens.
    init(_ program: String, _ arguments: [String], environment: [String: String]) throws {
        let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        let path = folder.appending(path: program).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw LabError("\(program) is not built beside weir-lab; `make bench` builds both")
        }
        // It becomes the program by exec, so the pid stays.
        process.executableURL = URL(filePath: "/usr/bin/setpriv")
        process.arguments = ["--pdeathsig", "KILL", "--", path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try Spawner.shared.start(process)
    }

    var isRunning: Bool { process.isRunning }

    /// How it ended; only once it does not run any more.
    var exitCode: Int32 { process.terminationStatus }

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

    /// Ends it as a crash would, and waits until it is gone.
    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(pid, SIGKILL)
        process.waitUntilExit()
    }
}

/// Starts processes from one thread that lasts: the kernel's `pdeathsig` goes by the thread that started a process.
private final class Spawner: Sendable {
    private struct Job: @unchecked Sendable {
        let process: Process
        let done: DispatchSemaphore
        let failure: Failure
    }

    /// What went wrong; written before the semaphore, read after it.
    private final class Failure: @unchecked Sendable {
        var error: (any Error)?
    }

    static let shared = Spawner()
    private let jobs = Mailbox<Job>()
    private let thread: DedicatedThread

    private init() {
        let jobs = jobs
        thread = DedicatedThread(name: "spawner") {
            while true {
                for job in jobs.take(waiting: .seconds(60)) {
                    do { try job.process.run() } catch { job.failure.error = error }
                    job.done.signal()
                }
            }
        }
    }

    func start(_ process: Process) throws {
        let job = Job(process: process, done: DispatchSemaphore(value: 0), failure: Failure())
        _ = jobs.put(job)
        job.done.wait()
        if let error = job.failure.error { throw error }
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
