import Foundation
import Glibc

/// The status of a GET; for waiting until a server is there.
func get(_ port: Int, _ path: String) throws -> Int {
    try ask(port, "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
}

/// The status of a PUT with a JSON body.
func put(_ port: Int, _ path: String, _ body: String, credential: String? = nil) throws -> Int {
    let authorization = credential.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    return try ask(
        port,
        "PUT \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + authorization
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
}

private func ask(_ port: Int, _ request: String) throws -> Int {
    let descriptor = try openSocket(port)
    defer { _ = Glibc.close(descriptor) }
    let bytes = Array(request.utf8)
    guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
        throw LabError("a request could not be sent")
    }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let length = recv(descriptor, &buffer, buffer.count, 0)
    guard length > 12 else { throw LabError("no answer") }
    return Int(String(decoding: buffer[9..<12], as: UTF8.self)) ?? 0
}

/// A connection to a port of this machine, without Nagle's delay.
func openSocket(_ port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw LabError("the process is out of file descriptors") }
    var address = loopback(port)
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard status == 0 else {
        _ = Glibc.close(descriptor)
        throw LabError("nobody listens on port \(port)")
    }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    return descriptor
}

/// A port that nobody listens on now, below those that the kernel gives to outgoing connections.
func freePort() throws -> Int {
    for _ in 0..<200 {
        let port = Int.random(in: 20_000..<30_000)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { _ = Glibc.close(descriptor) }
        var address = loopback(port)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status == 0 { return port }
    }
    throw LabError("no port is free")
}

private func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return address
}
