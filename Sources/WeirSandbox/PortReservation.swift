import Foundation

/// A port on 127.0.0.1 that nobody else gets while we live, although a server of ours can listen on it.
///
/// The socket is bound without SO_REUSEADDR, which fails if anybody has the port, and the option is set
/// afterwards: from then on Linux lets a server that sets it too (PostgreSQL, Erlang, epmd) bind the port as
/// well, because this socket does not listen. Two sandboxes can thus never pick the same port, a killed
/// server finds its port free when it comes back, and a crash of ours leaves no lock file.
final class PortReservation: Sendable {
    let port: Int
    private let socket: Int32

    /// Below the range of ephemeral ports (32768 and up): there a client that knocks at a closed port again
    /// and again can be given that very port as its own and connect to itself.
    private static let range = 20_000..<32_000

    init() throws {
        for _ in 0..<1000 {
            let candidate = Int.random(in: Self.range)
            let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw SandboxError.system("opening a socket", errno: errno) }
            if LoopbackAddress(port: candidate).bind(descriptor) {
                var yes: Int32 = 1
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
                port = candidate
                socket = descriptor
                return
            }
            close(descriptor)
        }
        throw SandboxError(
            "no port between \(Self.range.lowerBound) and \(Self.range.upperBound) is free on 127.0.0.1")
    }

    deinit {
        close(socket)
    }
}
