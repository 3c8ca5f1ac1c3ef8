import AMQPClient
import Glibc
import Synchronization

/// A TCP wire to a server on loopback that a test can cut at the moment that it needs.
final class Wire: Sendable {
    enum Mode: Sendable {
        case forward
        /// Passes on what the client says, and ends when the server answers: the answer never arrives.
        case cutOnAnswer
        /// Ends when the client speaks: the server never hears it.
        case cutOnRequest
    }

    private let mode = Mutex(Mode.forward)
    private let listener: Int32
    private let target: in_port_t
    private let original: String
    private let port: in_port_t

    /// A wire in front of the server of this URL.
    init(to url: String) throws {
        original = url
        let authority = url.split(separator: "@").last?.split(separator: "/").first ?? ""
        target = in_port_t(authority.split(separator: ":").last ?? "") ?? 0
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isListening else { throw TestTrouble("cannot listen") }
        port = in_port_t(bigEndian: address.sin_port)
        _ = DedicatedThread(name: "wire") { [self] in
            while case let client = accept(descriptor, nil, nil), client >= 0 {
                _ = DedicatedThread(name: "wire") { [self] in carry(client) }
            }
        }
    }

    /// The same server by way of the wire.
    var url: String { original.replacing(":\(target)/", with: ":\(port)/") }

    func set(_ new: Mode) { mode.withLock { $0 = new } }

    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
    }

    private func carry(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            Glibc.close(client)
            Glibc.close(server)
        }
        var address = Self.loopback(target)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var entries = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, -1) > 0 else { return }
            for (index, entry) in entries.enumerated() where entry.revents != 0 {
                let count = recv(entry.fd, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                switch (mode.withLock { $0 }, index) {
                case (.cutOnRequest, 0), (.cutOnAnswer, 1): return
                default: guard Self.send(chunk[..<count], to: index == 0 ? server : client) else { return }
                }
            }
        }
    }

    private static func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    private static func loopback(_ port: in_port_t) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

/// What keeps a test from its work.
struct TestTrouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
