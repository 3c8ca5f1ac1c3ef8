import AMQPClient
import Glibc
import Synchronization

/// A bare TCP connection, for what no HTTP client would send. Blocks; for `offAsyncThreads`.
final class RawConnection: @unchecked Sendable {  // used by one thread at a time
    private var socket: Int32

    init?(port: Int, seconds: Int = 30) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return nil }
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { if socket >= 0 { close(socket) } }

    /// Ends the connection as that of a client that has died ends: what was sent last may be lost, and nothing can be
    /// read or sent any more.
    func reset() {
        var atOnce = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
        close(socket)
        socket = -1
    }

    /// Says that nothing more will be sent; what comes back can still be read.
    func endSending() { shutdown(socket, Int32(SHUT_WR)) }

    /// Whether all of it went out.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// What arrives next; empty at the end, nil when nothing comes in time or the connection was reset.
    func receive(_ limit: Int = 65_536) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(socket, &buffer, limit, 0)
        return count >= 0 ? Array(buffer.prefix(count)) : nil
    }

    /// Whether the server resets the connection in time; what has arrived stays unread.
    func isCut(within seconds: Int32) -> Bool {
        var descriptor = pollfd(fd: socket, events: 0, revents: 0)
        return poll(&descriptor, 1, seconds * 1000) == 1
    }

    /// Everything up to the end of the connection.
    func receiveAll() -> String {
        var all: [UInt8] = []
        while let bytes = receive(), !bytes.isEmpty { all += bytes }
        return String(decoding: all, as: UTF8.self)
    }

    /// Everything up to and with a text.
    func receive(until text: String) -> String {
        var all: [UInt8] = []
        while !String(decoding: all, as: UTF8.self).contains(text), let bytes = receive(), !bytes.isEmpty {
            all += bytes
        }
        return String(decoding: all, as: UTF8.self)
    }
}

extension IngressRoom {
    /// Sends bytes on a connection of their own and returns all that comes back before it ends.
    func raw(_ text: String, seconds: Int = 30) async throws -> String {
        let port = port
        return await offAsyncThreads {
            guard let connection = RawConnection(port: port, seconds: seconds) else { return "no connection" }
            connection.send(text)
            return connection.receiveAll()
        }
    }
}

/// Writes on a thread of its own while somebody reads.
final class RawWriter: Sendable {
    private let connection: RawConnection
    private let thread = Mutex<DedicatedThread?>(nil)

    init(_ connection: RawConnection) { self.connection = connection }

    func start(_ bytes: [UInt8], times: Int) {
        let connection = connection
        thread.withLock {
            $0 = DedicatedThread(name: "writer") {
                for _ in 0..<times where !connection.send(bytes) { return }
            }
        }
    }

    func join() { thread.withLock { $0 }?.join() }
}
