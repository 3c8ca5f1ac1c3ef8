import Foundation
import Testing

@testable import weir_lab

@Suite struct ThrottleTests {
    @Test func stopsAProcessAndLetsItRunAgain() async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sleep")
        process.arguments = ["600"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // A child inherits the signals that its starter's thread blocks; nobody can block this one.
        defer {
            kill(process.processIdentifier, SIGKILL)
        }
        let path = "/proc/\(process.processIdentifier)/stat"
        func isStanding() throws -> Bool {
            let stat = try String(contentsOfFile: path, encoding: .utf8)
            return stat.split(separator: ")").last?.hasPrefix(" T") == true
        }
        let throttle = Throttle([process.processIdentifier], share: 0.1)
        try await until("the stop", within: .seconds(60), every: .milliseconds(1), isStanding)
        throttle.stop()
        try await until("the run", within: .seconds(60), every: .milliseconds(1)) { try !isStanding() }
        #expect(process.isRunning)
    }
}
