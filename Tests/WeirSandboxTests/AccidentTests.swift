import Foundation
import Testing

@testable import WeirSandbox

/// Kill, freeze, restart: what they do to a server and what they leave.
@Suite struct AccidentTests {
    @Test(.timeLimit(.minutes(3))) func postgresKeepsItsDataThroughEveryAccident() async throws {
        let sandbox = try await Sandbox.start(.init(rabbitmq: false))
        let server = sandbox.postgres
        _ = try await psql(sandbox.databaseURL, "CREATE TABLE t(n int); INSERT INTO t VALUES (1)")
        let port = server.port
        let firstPid = server.pid

        await server.kill()
        #expect(!server.isRunning)
        #expect(Machine.processes(of: "\(sandbox.path)/postgres") == [])
        await #expect(throws: SandboxError.self) { try await psql(sandbox.databaseURL, "SELECT 1") }
        // While it is down the port stays ours: no other sandbox can get it.
        #expect(throws: SandboxError.self) { try exclusiveBind(port) }

        try await server.restart()
        #expect(server.port == port)
        #expect(server.pid != firstPid)
        _ = try await psql(sandbox.databaseURL, "INSERT INTO t VALUES (2)")

        await server.freeze()
        #expect(server.isRunning)
        let waiting = Task { try await psql(sandbox.databaseURL, "SELECT count(*) FROM t") }
        #expect(LocalSocketSilence.holds(port: port))
        server.thaw()
        #expect(try await waiting.value == "2")

        try await server.restart()
        let endedInOrder = server.logTail(200).contains("received fast shutdown request")
        #expect(endedInOrder)
        #expect(try await psql(sandbox.databaseURL, "SELECT sum(n) FROM t") == "3")
        await sandbox.stop()
    }

    @Test(.timeLimit(.minutes(3))) func freezingReachesEverySession() async throws {
        let sandbox = try await Sandbox.start(.init(rabbitmq: false))
        let query = Task { try await psql(sandbox.databaseURL, "SELECT pg_sleep(60)") }
        let started = await Waiting.until(within: .seconds(10)) {
            Machine.titles(of: sandbox.postgres).contains { $0.contains("SELECT") }
        }
        #expect(started)
        await sandbox.postgres.freeze()
        let tree = ProcessTree(root: sandbox.postgres.pid).processes
        #expect(tree.count > 5)
        #expect(tree.allSatisfy { $0.isStopped })
        // A frozen server can be killed too, with its sessions.
        await sandbox.postgres.kill()
        #expect(tree.allSatisfy { !$0.isAlive })
        await #expect(throws: SandboxError.self) { try await query.value }
        await sandbox.stop()
    }

    @Test(.timeLimit(.minutes(3))) func rabbitmqKeepsItsDataThroughEveryAccident() async throws {
        let sandbox = try await Sandbox.start(.init(postgres: false))
        let server = sandbox.rabbitmq
        let room = try await sandbox.makeRoom()
        let port = server.port

        await server.kill()
        #expect(!server.isRunning)
        #expect(try await !amqpAnswers(port: port))
        try await server.restart()
        #expect(try await amqpAnswers(port: port))

        await server.freeze()
        #expect(server.isRunning)
        #expect(LocalSocketSilence.holds(port: port))
        server.thaw()
        #expect(try await amqpAnswers(port: port))

        try await server.restart()
        #expect(try await sandbox.runRabbitmqctl(["list_vhosts", "-q"]).contains(room.vhost))
        let endedInOrder = server.logTail(2000).contains("SIGTERM received - shutting down")
        #expect(endedInOrder)
        await sandbox.stop()
    }

    private func exclusiveBind(_ port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        guard LoopbackAddress(port: port).bind(descriptor) else { throw SandboxError("taken") }
    }
}

/// A frozen server's kernel still accepts connections; the server says nothing on them.
enum LocalSocketSilence {
    static func holds(port: Int) -> Bool {
        guard let socket = LocalSocket(port: port, seconds: 1) else { return false }
        return socket.send(Array("AMQP".utf8) + [0, 0, 9, 1]) && socket.receive(1) == nil
    }
}
