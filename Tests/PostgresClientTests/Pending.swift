import Foundation
import Synchronization

/// What a thread of its own will bring.
final class Pending<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    /// Starts a thread; its sessions belong to it.
    init(_ body: @escaping @Sendable () throws -> Value) {
        Thread.detachNewThread { self.set(Result(catching: body)) }
    }

    /// Something that is set from elsewhere.
    init() {}

    func set(_ value: Result<Value, any Error>) {
        result.withLock { $0 = value }
        done.signal()
    }

    /// Waits for it. Whoever asks again gets it again.
    func value() throws -> Value {
        done.wait()
        done.signal()
        guard let result = result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}

/// A child process. It is started by a thread that lasts as long as the child: the child is to end with its parent,
/// and for PR_SET_PDEATHSIG the parent is the thread.
struct Child {
    let pid: pid_t
    let exit = Pending<Int32>()

    init(_ words: [String]) throws {
        let started = Pending<pid_t>()
        let exit = self.exit
        Thread.detachNewThread {
            var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
            defer { arguments.forEach { free($0) } }
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
            var pid: pid_t = -1
            let problem = posix_spawnp(&pid, words[0], &actions, nil, &arguments, environ)
            guard problem == 0 else {
                started.set(.failure(POSIXError(POSIXErrorCode(rawValue: problem) ?? .EINVAL)))
                return
            }
            started.set(.success(pid))
            var status: Int32 = -1
            waitpid(pid, &status, 0)
            exit.set(.success(status))
        }
        pid = try started.value()
    }
}
