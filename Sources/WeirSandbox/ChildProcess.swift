import Foundation
import Synchronization

/// A process that we started. Its pid stays ours until we have collected its exit status, so it is
/// collected only under the lock that also guards every signal: no signal can reach a stranger.
final class ChildProcess: Sendable {
    let pid: pid_t
    private let exitStatus = Mutex<Int32?>(nil)

    init(pid: pid_t) {
        self.pid = pid
    }

    /// Whether the process has not ended yet. One that has ended is collected here.
    var isRunning: Bool { status == nil }

    /// The status as `waitpid` gave it, once the process has ended.
    var status: Int32? {
        exitStatus.withLock { collect(&$0) }
    }

    /// Sends a signal, unless the process has ended.
    func signal(_ number: Int32) {
        exitStatus.withLock { status in
            if collect(&status) == nil { Glibc.kill(pid, number) }
        }
    }

    /// Waits for the end; false when `limit` has passed without it.
    func hasEnded(within limit: Duration) async -> Bool {
        await Waiting.until(within: limit) { !isRunning }
    }

    private func collect(_ status: inout Int32?) -> Int32? {
        if status != nil { return status }
        var raw: Int32 = 0
        let result = waitpid(pid, &raw, WNOHANG)
        // ECHILD: somebody ignores SIGCHLD, and the kernel has collected it.
        if result == pid || (result == -1 && errno == ECHILD) { status = raw }
        return status
    }
}
