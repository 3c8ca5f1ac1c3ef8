import Foundation
import Synchronization

/// A socket that listens on loopback.
struct Listener {
    let descriptor: Int32
    let port: Int

    /// Port 0 means any that is free.
    init(port: Int = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let problem = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) != 0 || listen(descriptor, 16) != 0
                    || getsockname(descriptor, address, &size) != 0
            }
        }
        if problem {
            Glibc.close(descriptor)
            throw POSIXError(.EADDRINUSE)
        }
        self.port = Int(in_port_t(bigEndian: address.sin_port))
    }

    func close() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        Glibc.close(descriptor)
    }
}

/// A wire to PostgreSQL that can be cut, at the moment that a test needs.
final class Proxy: Sendable {
    enum Mode {
        case forward
        /// Takes everything and passes on nothing.
        case hole
        /// Passes on what the client says; cuts when the server's answer comes, which then never arrives.
        case cutOnAnswer
        /// Cuts when the client speaks; the server never hears it.
        case cutOnRequest
        /// Replaces bytes in what the server says.
        case rewrite([UInt8], [UInt8])
    }

    private let listener: Listener
    private let mode = Mutex(Mode.forward)
    private let target: String

    /// A proxy in front of the server of this URL.
    init(to url: String) throws {
        listener = try Listener()
        target = url
        let port = in_port_t(URLComponents(string: url)?.port ?? 0)
        let descriptor = listener.descriptor
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(descriptor, nil, nil)
                if client < 0 { return }
                let server = Self.connection(to: port)
                Thread.detachNewThread { self.carry(client, server) }
            }
        }
    }

    /// The same database by way of the proxy.
    var url: String {
        var parts = URLComponents(string: target)
        parts?.port = listener.port
        return parts?.string ?? ""
    }

    func set(_ new: Mode) {
        mode.withLock { $0 = new }
    }

    func close() {
        listener.close()
    }

    private static func connection(to port: in_port_t) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    private func carry(_ client: Int32, _ server: Int32) {
        defer {
            Glibc.close(client)
            Glibc.close(server)
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var entries = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, -1) > 0 else { return }
            for (index, entry) in entries.enumerated() where entry.revents != 0 {
                let count = recv(entry.fd, &chunk, chunk.count, 0)
                if count <= 0 { return }
                var bytes = Array(chunk[..<count])
                switch (mode.withLock { $0 }, index) {
                case (.hole, _): continue
                case (.cutOnRequest, 0), (.cutOnAnswer, 1): return
                case (.rewrite(let old, let new), 1): bytes.replace(old, with: new)
                default: break
                }
                Self.sendAll(bytes, to: index == 0 ? server : client)
            }
        }
    }

    private static func sendAll(_ bytes: [UInt8], to descriptor: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }
}
