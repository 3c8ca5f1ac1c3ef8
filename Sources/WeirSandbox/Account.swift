import Foundation

/// The user a server runs as. PostgreSQL refuses to run as root, so root steps down to the user that the
/// Debian package made (or `nobody`); anybody else stays who they are.
struct Account: Sendable {
    let uid: uid_t
    let gid: gid_t
    private let setpriv: String?

    init(preferring name: String) throws {
        guard geteuid() == 0 else {
            (uid, gid, setpriv) = (geteuid(), getegid(), nil)
            return
        }
        guard let user = getpwnam(name) ?? getpwnam("nobody") else {
            throw SandboxError("there is no user \(name) to run a server as; run this as an ordinary user")
        }
        (uid, gid) = (user.pointee.pw_uid, user.pointee.pw_gid)
        setpriv = try Programs.system.find("setpriv", of: "util-linux", package: "util-linux")
    }

    /// The same start as this user. `setpriv` replaces itself by the program: the pid stays.
    func applied(to spawn: Spawn) -> Spawn {
        guard let setpriv else { return spawn }
        var changed = spawn
        changed.executable = setpriv
        changed.arguments =
            ["--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "--", spawn.executable] + spawn.arguments
        return changed
    }

    /// Makes a folder that only this user and root may enter.
    func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 else { throw SandboxError.system("making \(path)", errno: errno) }
        guard chown(path, uid, gid) == 0 else {
            throw SandboxError.system("giving away \(path)", errno: errno)
        }
    }

    /// Writes a file that only this user and root may read.
    func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SandboxError.system("writing \(path)", errno: errno) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(text.utf8))
        guard fchown(descriptor, uid, gid) == 0 else {
            throw SandboxError.system("giving away \(path)", errno: errno)
        }
    }
}
