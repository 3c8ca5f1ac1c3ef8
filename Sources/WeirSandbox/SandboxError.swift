import Glibc

/// Why a sandbox cannot do what it was asked, in one sentence that names the remedy.
public struct SandboxError: Error, CustomStringConvertible {
    /// The sentence; what a server wrote last follows it on lines of its own.
    public let description: String

    /// An error that says `description`.
    public init(_ description: String) {
        self.description = description
    }

    /// A system call that failed, with the errno it left.
    static func system(_ what: String, errno code: Int32) -> SandboxError {
        SandboxError("\(what) failed: \(String(cString: strerror(code)))")
    }
}
