import Glibc
import Synchronization

/// A connection's socket, for other threads: all they can do is cut it.
///
/// The only way out of a C call that waits for a broker which has stopped reading. It owns a duplicate of the
/// descriptor, because librabbitmq closes its own on a heartbeat time-out and the number may by then be
/// somebody else's.
public final class SocketHandle: Sendable {
    private let descriptor: Mutex<Int32?>

    init(duplicating original: Int32) {
        let copy = fcntl(original, F_DUPFD_CLOEXEC, 0)
        descriptor = Mutex(copy >= 0 ? copy : nil)
    }

    deinit { release() }

    /// Shuts the connection down without a goodbye; the owner's call returns with an `.away` error.
    ///
    /// From any thread, any number of times, also after the connection has ended.
    public func cut() {
        descriptor.withLock { if let fd = $0 { _ = shutdown(fd, Int32(SHUT_RDWR)) } }
    }

    /// Gives the duplicate back; as long as it is open the peer sees no end of the connection.
    func release() {
        descriptor.withLock {
            if let fd = $0 { _ = Glibc.close(fd) }
            $0 = nil
        }
    }
}
