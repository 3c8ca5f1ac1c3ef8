import Foundation
import Synchronization

/// A shell, in a session of its own, that waits for our end and then runs the rest of the stop script.
///
/// It reads from a socket pair whose other end only we hold. However we end, the kernel closes that and the
/// shell goes on. So our end must never leak: it is close-on-exec from birth (Swift does not see `pipe2`,
/// hence a socket pair), and nothing else has it.
final class Reaper: Sendable {
    private let shell: ChildProcess
    private let ourEnd: Mutex<Int32?>

    init(of folder: SandboxFolder) throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw SandboxError.system("making a socket pair", errno: errno)
        }
        defer { close(ends[0]) }
        do {
            shell = try folder.stopScript(arguments: ["watch"], input: ends[0]).start()
        } catch {
            close(ends[1])
            throw error
        }
        ourEnd = Mutex(ends[1])
    }

    deinit {
        letGo()
    }

    /// Makes the shell end the sandbox; returns at once.
    func letGo() {
        ourEnd.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    /// Tells the shell to leave without touching anything.
    func dismiss() async throws {
        let told = ourEnd.withLock { descriptor in
            // Without a reader (somebody has killed the shell) this fails, and there is nobody to tell.
            guard let descriptor else { return false }
            return send(descriptor, "keep\n", 5, Int32(MSG_NOSIGNAL)) == 5
        }
        if told, await !shell.hasEnded(within: .seconds(10)) {
            throw SandboxError("the sandbox's reaper does not react; the servers will end with this process")
        }
        letGo()
    }

    /// Makes the shell end the sandbox and waits for it.
    func finish() async -> Bool {
        letGo()
        return await shell.hasEnded(within: .seconds(60))
    }

    /// The same for `atexit`, where nothing can be awaited.
    func finishBlocking(seconds: Int) {
        letGo()
        for _ in 0..<(seconds * 200) where shell.isRunning { usleep(5000) }
    }
}
