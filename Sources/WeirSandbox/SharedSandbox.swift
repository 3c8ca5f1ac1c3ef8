import Foundation
import Synchronization

/// One sandbox for all tests of a process: started at the first use, stopped when the process exits.
public enum SharedSandbox {
    private static let starting = Mutex<Task<Sandbox, any Error>?>(nil)
    private static let started = Mutex<Sandbox?>(nil)

    /// The sandbox; whoever asks first starts it, the others wait for it.
    public static func get() async throws -> Sandbox {
        let task = starting.withLock { task in
            if let task { return task }
            let new = Task {
                let sandbox = try await Sandbox.start()
                started.withLock { $0 = sandbox }
                // The reaper would end it anyway, but a moment after our exit; so it is gone before.
                atexit { SharedSandbox.started.withLock { $0 }?.stopBlocking() }
                return sandbox
            }
            task = new
            return new
        }
        return try await task.value
    }

    /// A fresh room in it.
    public static func room() async throws -> Room {
        try await get().makeRoom()
    }
}
