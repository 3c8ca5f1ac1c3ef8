import Foundation
import Synchronization

/// One sandbox for all tests of a process, and another whose servers speak TLS: each started at the first use,
/// stopped when the process exits.
public enum SharedSandbox {
    private static let plain = SharedStart(Sandbox.Options())
    private static let secured = SharedStart(Sandbox.Options(tls: true))

    /// The sandbox; whoever asks first starts it, the others wait for it.
    public static func get() async throws -> Sandbox { try await plain.get() }

    /// A fresh room in it.
    public static func room() async throws -> Room { try await get().makeRoom() }

    /// The sandbox whose servers speak TLS.
    public static func getSecured() async throws -> Sandbox { try await secured.get() }

    /// Stops what was started; for the end of the process.
    fileprivate static func stop() {
        for start in [plain, secured] { start.stopBlocking() }
    }
}

/// One start that many wait for.
private final class SharedStart: Sendable {
    private let options: Sandbox.Options
    private let starting = Mutex<Task<Sandbox, any Error>?>(nil)
    private let started = Mutex<Sandbox?>(nil)

    init(_ options: Sandbox.Options) { self.options = options }

    func get() async throws -> Sandbox {
        let task = starting.withLock { task in
            if let task { return task }
            let new = Task {
                let sandbox = try await Sandbox.start(options)
                started.withLock { $0 = sandbox }
                // The reaper would end it anyway, but a moment after our exit; so it is gone before.
                atexit { SharedSandbox.stop() }
                return sandbox
            }
            task = new
            return new
        }
        return try await task.value
    }

    func stopBlocking() { started.withLock { $0 }?.stopBlocking() }
}
