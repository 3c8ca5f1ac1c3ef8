import Foundation

/// The folder that holds everything of one sandbox. Its owner holds a lock on it, which the kernel lifts
/// however the owner ends: a folder that nobody holds is a leftover.
final class SandboxFolder: Sendable {
    let path: String
    private let lock: Int32

    init(path: String, lock: Int32) {
        self.path = path
        self.lock = lock
    }

    deinit {
        close(lock)
    }

    /// A new folder below the temporary directory, locked, with the stop script inside.
    static func make() throws -> SandboxFolder {
        let parent = try temporaryFolder()
        var template = Array("\(parent)/\(StopScript.folderPrefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SandboxError.system("making a folder in \(parent)", errno: errno)
        }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // Waits: somebody who looks for leftovers may hold the lock for an instant.
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
            throw SandboxError.system("locking \(path)", errno: errno)
        }
        let folder = SandboxFolder(path: path, lock: lock)
        // The servers run as users of their own when we are root, and must get to their folders inside.
        chmod(path, 0o711)
        try folder.write(StopScript.text, to: StopScript.name)
        return folder
    }

    /// Ends the sandboxes of this user whose owners are gone, and whose reapers are too.
    static func removeLeftovers() async throws {
        let parent = try temporaryFolder()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(StopScript.folderPrefix) {
            guard let leftover = SandboxFolder(leftover: "\(parent)/\(name)") else { continue }
            try? leftover.write(StopScript.text, to: StopScript.name)
            // A leftover that resists is no reason not to start: it disturbs nobody but the disk.
            try? await leftover.runStopScript()
        }
    }

    /// The folder at `path`, locked, if it is ours, nobody's any more and not kept on purpose.
    convenience init?(leftover path: String) {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid() else {
            return nil
        }
        let lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard lock >= 0 else { return nil }
        self.init(path: path, lock: lock)
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { return nil }
        // Between its making and its lock a new folder looks like a leftover; it has no script yet.
        let isBeingMade = !FileManager.default.fileExists(atPath: "\(path)/\(StopScript.name)")
        if isBeingMade && time(nil) - facts.st_ctim.tv_sec < 60 { return nil }
        if (try? String(contentsOfFile: "\(path)/\(Self.keptMark)", encoding: .utf8)) == Self.bootID {
            return nil
        }
    }

    /// Marks the folder as kept on purpose, until the next boot ends its servers anyway.
    func markKept() throws {
        try write(Self.bootID, to: Self.keptMark)
    }

    /// Ends the servers that work in the folder and removes it, whether the reaper lives or not.
    func runStopScript() async throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let shell = try stopScript(arguments: []).start()
        if await !shell.hasEnded(within: .seconds(60)) {
            throw SandboxError(
                "\(path)/\(StopScript.name) has not ended after a minute; look at what runs in there")
        }
    }

    /// The start of the stop script. It works outside the folder, which it removes. Whoever ends everything
    /// politely (a supervisor, a closing terminal) must not end the cleaner first: the signals are blocked
    /// from birth until `env` has had them ignored. A trap in the script would come some milliseconds late.
    func stopScript(arguments: [String], input: Int32? = nil) throws -> Spawn {
        let env = try Programs.system.find("env", of: "coreutils", package: "coreutils")
        var shell = Spawn(
            env, ["--ignore-signal=HUP,INT,QUIT,TERM", "/bin/sh", "\(path)/\(StopScript.name)"] + arguments,
            environment: ["PATH": Programs.searchPath], folder: "/", input: input)
        shell.blockedSignals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM]
        return shell
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }

    private static let keptMark = "kept"
    private static let bootID =
        (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""

    /// `$TMPDIR` or /tmp, without symbolic links: `/proc` shows working directories without them.
    private static func temporaryFolder() throws -> String {
        let wanted = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        guard let resolved = realpath(wanted, nil) else {
            throw SandboxError("the temporary folder \(wanted) cannot be used; set TMPDIR to one that exists")
        }
        defer { free(resolved) }
        let path = String(cString: resolved)
        // The path of a Unix socket has 107 bytes at most, and ours stand some levels deeper.
        guard path.utf8.count <= 60 else {
            throw SandboxError(
                "the path \(path) is too long for Unix sockets inside; set TMPDIR to a shorter one")
        }
        try checkEverybodyMayEnter(path)
        return path
    }

    private static func checkEverybodyMayEnter(_ path: String) throws {
        guard geteuid() == 0 else { return }
        var ancestor = URL(fileURLWithPath: path)
        while ancestor.path != "/" {
            var facts = stat()
            guard stat(ancestor.path, &facts) == 0, facts.st_mode & S_IXOTH != 0 else {
                throw SandboxError(
                    "as root the servers run as users who may not enter \(ancestor.path); set TMPDIR=/tmp"
                )
            }
            ancestor.deleteLastPathComponent()
        }
    }
}
