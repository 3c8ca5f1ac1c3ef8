import Foundation
import Glibc
import Testing
import WeirCore
import WeirLive
import WeirSandbox

/// FAULTS row 21: descriptors and connections run out at the ingress, which sheds load and recovers.
///
/// Threads cannot run out under load: an ingress starts all of its own at the beginning, and none for a request.
@Suite(.serialized) struct ExhaustionTests {
    @Test func moreConnectionsThanTheFilesAllowAreTold503AndServedLater() async throws {
        try await LiveServer.with(files: 200) { server in
            // 200 files, 64 of them kept: 120 connections are served, 16 more are told.
            var open = (0..<120).compactMap { _ in Knock(port: server.port) }
            #expect(open.count == 120)
            #expect(open.allSatisfy { $0.ask("/livez")?.contains(" 200 ") == true })
            let told = (0..<10).compactMap { _ in Knock(port: server.port)?.ask("/livez") }
            #expect(told.count == 10)
            for answer in told {
                #expect(answer.contains(" 503 ") && answer.contains("/problems/overloaded"), "\(answer)")
                #expect(answer.lowercased().contains("retry-after: 1"))
                #expect(answer.lowercased().contains("connection: close"))
            }
            // Those who are inside go on, and when they go others may come.
            #expect(open[0].ask("/readyz")?.contains(" 200 ") == true)
            open.removeAll()
            try await server.eventually("it serves again") {
                Knock(port: server.port)?.ask("/readyz")?.contains(" 200 ") == true
            }
        }
    }

    @Test func withoutAFreeDescriptorItGoesOnServingAndRecovers() async throws {
        try await LiveServer.with(files: 400) { server in
            let inside = try #require(Knock(port: server.port))
            #expect(inside.ask("/readyz")?.contains(" 200 ") == true)
            // From here on not one more file can be opened.
            try server.allow(files: 10)
            let waiting = (0..<20).compactMap { _ in Knock(port: server.port, seconds: 1) }
            #expect(waiting.allSatisfy { $0.ask("/livez") == nil })
            let answer = inside.ask("/v1/intents", method: "POST", key: "inside", body: LiveServer.wish)
            #expect(answer?.contains(" 202 ") == true, "\(answer ?? "nothing")")
            try server.allow(files: 400)
            try await server.eventually("it serves newcomers again") {
                Knock(port: server.port)?.ask("/livez")?.contains(" 200 ") == true
            }
        }
    }
}

/// A bare connection that asks and reads one answer at a time.
private final class Knock {
    private let socket: Int32

    init?(port: Int, seconds: Int = 5) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { return nil }
    }

    deinit { close(socket) }

    /// The beginning of the answer; nil when none comes in time.
    func ask(_ path: String, method: String = "GET", key: String? = nil, body: String? = nil) -> String? {
        var request = "\(method) \(path) HTTP/1.1\r\nHost: a\r\n"
        if let key { request += "Idempotency-Key: \(key)\r\n" }
        if let body {
            request += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        }
        let bytes = Array((request + "\r\n" + (body ?? "")).utf8)
        guard send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return nil }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}

/// `weir serve` as a process of its own, with workers, on shared servers.
private final class LiveServer {
    static let wish = #"{"sku":"shoe","quantity":1,"buyer":"ann"}"#
    let port: Int
    private let process = Process()

    /// Runs one that may open so many files, and ends it whatever happens.
    static func with(files: Int, _ body: (LiveServer) async throws -> Void) async throws {
        let room = try await SharedSandbox.room()
        let one = try #require(Partitioning(count: 1))
        _ = try Migrator(databaseURL: room.databaseURL).run(partitions: one)
        try TopologyTool(amqpURL: room.amqpURL, partitions: 1).apply()
        let server = try LiveServer(room, files: files)
        defer { server.stop() }
        try await server.eventually("it is ready") {
            Knock(port: server.port)?.ask("/readyz")?.contains(" 200 ") == true
        }
        try await body(server)
    }

    private init(_ room: Room, files: Int) throws {
        port = Int.random(in: 20_000..<32_000)
        process.executableURL = URL(filePath: "/usr/bin/prlimit")
        let weir = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "weir").path
        process.arguments = [
            "--nofile=\(files):\(files)", weir, "serve", "--port", "\(port)", "--log-level", "critical",
        ]
        process.environment = [
            "PATH": "/usr/bin:/bin", "DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    private func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// Changes how many files it may have open from here on.
    func allow(files: Int) throws {
        let tool = Process()
        tool.executableURL = URL(filePath: "/usr/bin/prlimit")
        tool.arguments = ["--pid", "\(process.processIdentifier)", "--nofile=\(files):"]
        try tool.run()
        tool.waitUntilExit()
        #expect(tool.terminationStatus == 0)
    }

    func eventually(_ what: String, _ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !condition() {
            #expect(process.isRunning)
            guard ContinuousClock.now < deadline else { throw Late(what: what) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private struct Late: Error { let what: String }
}
