import Foundation
import Synchronization

/// A process of our own binary that a demo runs: a server, or a command with an end.
///
/// Its pid stays ours until its exit status is collected, which happens under the lock that guards every signal too:
/// no signal can reach a stranger.
final class Child: Sendable {
    let pid: pid_t
    /// What it writes, standard output and error together.
    let logFile: String
    private let exitStatus = Mutex<Int32?>(nil)

    private init(pid: pid_t, logFile: String) {
        self.pid = pid
        self.logFile = logFile
    }

    /// How a child is started.
    struct Plan: Sendable {
        var arguments: [String]
        var environment: [String: String]
        var logFile: String
        /// Whether the kernel kills the child when we end, however we end.
        var endsWithUs = true
    }

    /// Starts our own binary.
    static func start(_ plan: Plan) async throws -> Child {
        // Which thread starts a child matters: the kernel kills the child when that thread ends, not our process.
        try await LastingThread.shared.run { try spawn(plan) }
    }

    /// Whether it has not ended yet.
    var isRunning: Bool { exitStatus.withLock { collect(&$0) == nil } }

    /// Its exit code once it has ended; a signal gives 128 and its number, as in a shell.
    var exitCode: Int32? {
        exitStatus.withLock { collect(&$0) }.map { $0 & 0x7F == 0 ? ($0 >> 8) & 0xFF : 128 + ($0 & 0x7F) }
    }

    /// Sends a signal, unless it has ended.
    func signal(_ number: Int32) {
        exitStatus.withLock { if collect(&$0) == nil { Glibc.kill(pid, number) } }
    }

    /// Waits for the end, also in a task that was cancelled; false when so many seconds have passed without it.
    func hasEnded(withinSeconds limit: Double) async -> Bool {
        await Task.detached { [self] in
            let deadline = ContinuousClock.now + .milliseconds(Int64(limit * 1000))
            while isRunning {
                guard .now < deadline else { return false }
                try? await Task.sleep(for: .milliseconds(5))
            }
            return true
        }.value
    }

    /// Asks it to end in order, and ends it by force after some seconds.
    func stop(graceSeconds: Double) async {
        signal(SIGTERM)
        if await !hasEnded(withinSeconds: graceSeconds) { signal(SIGKILL) }
        _ = await hasEnded(withinSeconds: 5)
    }

    /// What it has written.
    var output: String {
        FileManager.default.contents(atPath: logFile).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The last lines of what it has written.
    func tail(_ lines: Int = 15) -> String {
        output.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    private func collect(_ status: inout Int32?) -> Int32? {
        if status != nil { return status }
        var raw: Int32 = 0
        let result = waitpid(pid, &raw, WNOHANG)
        if result == pid || (result == -1 && errno == ECHILD) { status = raw }
        return status
    }

    private static func spawn(_ plan: Plan) throws -> Child {
        var command = [try executable()] + plan.arguments
        if plan.endsWithUs, let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first(where: isExecutable) {
            command = [setpriv, "--pdeathsig", "KILL", "--"] + command
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, plan.logFile, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // The child must not hold our connections open; the function hides behind _GNU_SOURCE.
        if let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") {
            let addCloseFrom = unsafeBitCast(
                symbol,
                to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32).self)
            _ = addCloseFrom(&actions, 3)
        }
        // A session of its own: Ctrl-C is ours, and we end the children in order. We ignore SIGINT; they must not.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let newSession: Int16 = 0x80
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | newSession)

        var arguments = command.map { strdup($0) } + [nil]
        var environment = plan.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + environment).forEach { free($0) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, command[0], &actions, &attributes, &arguments, &environment)
        guard code == 0 else {
            throw Failure("starting \(command[0]) failed: \(String(cString: strerror(code)))", .failed)
        }
        return Child(pid: pid, logFile: plan.logFile)
    }

    /// Our own binary, also when it has been built anew meanwhile.
    private static func executable() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return isExecutable(path) ? path : "/proc/\(getpid())/exe"
    }

    private static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }
}

/// A thread that lasts as long as the process does.
private final class LastingThread: Sendable {
    static let shared = LastingThread()
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let signal = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                signal.wait()
                jobs.withLock { $0.removeFirst() }()
            }
        }
        thread.name = "children"
        thread.start()
    }

    func run<Outcome: Sendable>(_ work: @escaping @Sendable () throws -> Outcome) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            jobs.withLock { $0.append { continuation.resume(with: Result { try work() }) } }
            signal.signal()
        }
    }
}
