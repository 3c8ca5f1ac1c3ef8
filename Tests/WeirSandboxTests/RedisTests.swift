import Foundation
import Testing

@testable import WeirSandbox

/// The Redis of a sandbox, for what Weir is measured beside.
@Suite struct RedisTests {
    /// Asks one question after the log-in and returns the beginning of the answer, as long as what is expected.
    private func ask(_ sandbox: Sandbox, _ command: String, expecting: String) throws -> String {
        let port = try #require(sandbox.redis).port
        guard let socket = LocalSocket(port: port, seconds: 5),
            socket.send(Array("AUTH \(sandbox.redisPassword)\r\n\(command)\r\n".utf8)),
            let answer = socket.receive(5 + expecting.utf8.count)
        else { return "" }
        return String(decoding: answer.dropFirst(5), as: UTF8.self)
    }

    @Test func keepsWhatItAnsweredWhenItIsKilledAndGoesWithTheSandbox() async throws {
        let sandbox = try await Sandbox.start(.init(postgres: false, rabbitmq: false, redis: .always))
        let redis = try #require(sandbox.redis)
        #expect(try ask(sandbox, "SET unit 7", expecting: "+OK\r\n") == "+OK\r\n")
        await redis.kill()
        #expect(!redis.isRunning)
        try await redis.restart()
        #expect(try ask(sandbox, "GET unit", expecting: "$1\r\n7\r\n") == "$1\r\n7\r\n")
        await sandbox.stop()
        #expect(!redis.isRunning)
        #expect(Machine.isFree(redis.port))
        #expect(!FileManager.default.fileExists(atPath: sandbox.path))
    }

    @Test func aPasswordIsNeeded() async throws {
        let sandbox = try await Sandbox.start(.init(postgres: false, rabbitmq: false, redis: .everysec))
        let port = try #require(sandbox.redis).port
        let answer: [UInt8]? =
            if let socket = LocalSocket(port: port, seconds: 5), socket.send(Array("GET unit\r\n".utf8)) {
                socket.receive(7)
            } else {
                nil
            }
        #expect(answer == Array("-NOAUTH".utf8))
        await sandbox.stop()
    }

    @Test func withoutAWishThereIsNone() async throws {
        let sandbox = try await SharedSandbox.get()
        #expect(sandbox.redis == nil)
        #expect(sandbox.redisPassword == "")
    }
}
