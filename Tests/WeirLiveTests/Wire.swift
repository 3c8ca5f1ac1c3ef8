import AMQPClient
import Glibc
import Synchronization

/// A TCP wire to servers on loopback, which a test cuts or turns into a black hole at the moment that it needs; to
/// several servers it is a load balancer, too.
///
/// A black hole is one for packets: a filter on the wire's own sockets drops whatever arrives before the kernel would
/// acknowledge it, keepalives and new connections included. So both ends see what they see when a cable is cut.
final class Wire: Sendable {
    enum Mode: Sendable {
        case forward
        /// Passes on what the client says, and ends when the server answers: the answer never arrives.
        case cutOnAnswer
        /// Ends when the client speaks: the server never hears it.
        case cutOnRequest
        /// Nothing arrives anywhere any more, and nobody is told.
        case hole
        /// As soon as the client speaks: the server gets half of it.
        case holeInRequest
        /// As soon as the client speaks: the server gets all of it, and its answer is lost.
        case holeBehindRequest
    }

    private struct State {
        var mode = Mode.forward
        var sockets: Set<Int32> = []
    }

    private let state = Mutex(State())
    private let listener: Int32
    private let targets: [in_port_t]
    private let original: String
    private let port: in_port_t

    /// A wire in front of the server of this URL, and of further ones: each connection goes to the first that takes it.
    init(to url: String, or others: [Int] = []) throws {
        original = url
        let authority = url.split(separator: "@").last?.split(separator: "/").first ?? ""
        targets = [in_port_t(authority.split(separator: ":").last ?? "") ?? 0] + others.map { in_port_t($0) }
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isListening else { throw TestTrouble("cannot listen") }
        port = in_port_t(bigEndian: address.sin_port)
        state.withLock { _ = $0.sockets.insert(descriptor) }
        _ = DedicatedThread(name: "wire") { [self] in
            while case let client = accept(descriptor, nil, nil), client >= 0 {
                _ = DedicatedThread(name: "wire") { [self] in carry(client) }
            }
        }
    }

    /// The same server by way of the wire.
    var url: String { original.replacing(":\(targets[0])/", with: ":\(port)/") }

    /// Whether it is a black hole now.
    var isHole: Bool { state.withLock { $0.mode == .hole } }

    func set(_ new: Mode) {
        state.withLock { state in
            state.mode = new
            for socket in state.sockets { Self.drop(socket, new == .hole) }
        }
    }

    func close() {
        state.withLock { _ = $0.sockets.remove(listener) }
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
    }

    private func carry(_ client: Int32) {
        let server = connectToFirst()
        adopt([client, server])
        defer {
            state.withLock { $0.sockets.subtract([client, server]) }
            Glibc.close(client)
            if server >= 0 { Glibc.close(server) }
        }
        guard server >= 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            // What had arrived before the hole waits in the kernel.
            guard !isHole else {
                usleep(20_000)
                continue
            }
            var entries = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, 100) >= 0 else { return }
            for (index, entry) in entries.enumerated() where entry.revents != 0 && !isHole {
                let count = recv(entry.fd, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                var bytes = chunk[..<count]
                switch (state.withLock { $0.mode }, index) {
                case (.cutOnRequest, 0), (.cutOnAnswer, 1): return
                case (.holeInRequest, 0):
                    bytes = bytes.prefix((count + 1) / 2)
                    guard Self.send(bytes, to: server) else { return }
                    // Otherwise the wire would repeat it, and the server would hear it as a sign of life.
                    Self.awaitAcknowledgement(server)
                    set(.hole)
                    continue
                case (.holeBehindRequest, 0): set(.hole)
                default: break
                }
                guard Self.send(bytes, to: index == 0 ? server : client) else { return }
            }
        }
    }

    private func adopt(_ sockets: [Int32]) {
        state.withLock { state in
            for socket in sockets where socket >= 0 {
                state.sockets.insert(socket)
                if state.mode == .hole { Self.drop(socket, true) }
            }
        }
    }

    /// A socket to the first server that takes the connection; -1 when none does.
    private func connectToFirst() -> Int32 {
        for target in targets {
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.loopback(target)
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isConnected { return server }
            Glibc.close(server)
        }
        return -1
    }

    /// Has the kernel drop every packet that arrives for a socket, or no more (socket(7), SO_ATTACH_FILTER): a BPF
    /// program of one instruction, `ret #0`.
    private static func drop(_ socket: Int32, _ isDropping: Bool) {
        let (attach, detach): (Int32, Int32) = (26, 27)
        guard isDropping else {
            var nothing: Int32 = 0
            setsockopt(socket, SOL_SOCKET, detach, &nothing, socklen_t(MemoryLayout<Int32>.size))
            return
        }
        var instruction: (code: UInt16, jt: UInt8, jf: UInt8, k: UInt32) = (0x06, 0, 0, 0)
        withUnsafeMutableBytes(of: &instruction) { code in
            var program: (length: UInt16, code: UnsafeMutableRawPointer?) = (1, code.baseAddress)
            setsockopt(
                socket, SOL_SOCKET, attach, &program,
                socklen_t(MemoryLayout<(UInt16, UnsafeMutableRawPointer?)>.size))
        }
    }

    /// Waits until the other side's kernel has everything that was sent (tcp(7), SIOCOUTQ), a second at most.
    private static func awaitAcknowledgement(_ socket: Int32) {
        for _ in 0..<1_000 {
            var unacknowledged: Int32 = 0
            guard ioctl(socket, 0x5411, &unacknowledged) == 0, unacknowledged > 0 else { return }
            usleep(1_000)
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
