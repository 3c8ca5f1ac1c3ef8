import Glibc
import Synchronization

/// One of Weir's processes, which is started again and again with the same arguments.
final class ChaosProcess: Sendable {
    private let arguments: [String]
    private let environment: [String: String]
    private let child: Mutex<Child>

    init(_ arguments: [String], environment: [String: String]) throws {
        self.arguments = arguments
        self.environment = environment
        child = Mutex(try Child("weir", arguments, environment: environment))
    }

    var isRunning: Bool { child.withLock { $0.isRunning } }

    /// Sends a signal, unless it has ended.
    func signal(_ number: Int32) {
        child.withLock { if $0.isRunning { kill($0.pid, number) } }
    }

    /// Stands still for so long.
    func freeze(_ lasting: Duration) async {
        signal(SIGSTOP)
        try? await Task.sleep(for: lasting)
        signal(SIGCONT)
    }

    /// Ends it by a signal and starts it again; a minute is the longest that an end in order may take.
    func restart(_ number: Int32) async throws {
        signal(number)
        let deadline = ContinuousClock.now + .seconds(60)
        while isRunning {
            if ContinuousClock.now > deadline { signal(SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
        try child.withLock { $0 = try Child("weir", arguments, environment: environment) }
    }

    /// Starts it again if it has ended by itself, as whoever looks after services does: one that finds no server when it
    /// starts says so and ends.
    func revive() throws {
        try child.withLock { child in
            if !child.isRunning { child = try Child("weir", arguments, environment: environment) }
        }
    }

    /// Ends it for good.
    func stop() {
        signal(SIGCONT)
        child.withLock { $0.stop() }
    }
}
