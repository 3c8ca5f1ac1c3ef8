import Foundation

/// How to start a program so that it has nothing of ours but what it is given.
///
/// Foundation's `Process` leaves the child in our session, where Ctrl-C on the terminal would kill it before
/// we could end it in order, and hands it every descriptor that is not close-on-exec. Here the child
/// gets a session, an environment and descriptors of its own, and nothing else.
struct Spawn: Sendable {
    var executable: String
    var arguments: [String]
    var environment: [String: String]
    /// The working directory: by it the sandbox's script recognizes the sandbox's processes.
    var folder: String
    /// What the program writes to standard output and error is appended here.
    var output: String
    /// A descriptor that becomes standard input; `/dev/null` without one.
    var input: Int32?
    /// Signals that the program does not get to see unless it unblocks them.
    var blockedSignals: [Int32] = []

    init(
        _ executable: String, _ arguments: [String], environment: [String: String], folder: String,
        output: String = "/dev/null", input: Int32? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.output = output
        self.input = input
    }

    /// Starts the program.
    func start() throws -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let extensions = try SpawnExtensions.found.get()
        _ = extensions.addChangeDirectory(&actions, folder)
        _ = extensions.addCloseFrom(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A server that ignored SIGTERM or blocked signals because we do could not be ended in order.
        var blocked = sigset_t()
        var all = sigset_t()
        sigemptyset(&blocked)
        blockedSignals.forEach { sigaddset(&blocked, $0) }
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | SpawnExtensions.newSession)

        var argumentPointers = ([executable] + arguments).map { strdup($0) } + [nil]
        var environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            argumentPointers.forEach { free($0) }
            environmentPointers.forEach { free($0) }
        }
        var pid = pid_t()
        let code = posix_spawn(
            &pid, executable, &actions, &attributes, &argumentPointers, &environmentPointers)
        guard code == 0 else { throw SandboxError.system("starting \(executable)", errno: code) }
        return ChildProcess(pid: pid)
    }
}

/// The parts of glibc's `posix_spawn` that its headers show only under `_GNU_SOURCE`, which Swift leaves out.
private struct SpawnExtensions: Sendable {
    typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

    let addChangeDirectory: @convention(c) (Actions, UnsafePointer<CChar>) -> Int32
    let addCloseFrom: @convention(c) (Actions, Int32) -> Int32

    /// `POSIX_SPAWN_SETSID` of <spawn.h>.
    static let newSession: Int16 = 0x80

    static let found = Result<SpawnExtensions, SandboxError> { () throws(SandboxError) in
        guard let changeDirectory = dlsym(nil, "posix_spawn_file_actions_addchdir_np"),
            let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np")
        else {
            throw SandboxError("the sandbox needs glibc 2.34 or newer; use Debian 12, Ubuntu 22.04 or later")
        }
        return SpawnExtensions(
            addChangeDirectory: unsafeBitCast(
                changeDirectory, to: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32).self),
            addCloseFrom: unsafeBitCast(closeFrom, to: (@convention(c) (Actions, Int32) -> Int32).self))
    }
}
