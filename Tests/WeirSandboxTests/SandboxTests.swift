import Foundation
import Testing

@testable import WeirSandbox

/// Claims about a sandbox that runs. They share one; accidents have a suite of their own.
@Suite struct SandboxTests {
    @Test func postgresAnswersAndPromisesDurability() async throws {
        let sandbox = try await SharedSandbox.get()
        let settings = """
            SELECT current_setting('fsync') || current_setting('synchronous_commit') ||
                current_setting('max_connections') || current_setting('listen_addresses')
            """
        #expect(try await psql(sandbox.databaseURL, settings) == "onon200127.0.0.1")
        #expect(try await psql(sandbox.databaseURL, "SELECT current_database()") == "weir")
    }

    @Test func rabbitmqAnswersItsProtocolAndItsTool() async throws {
        let sandbox = try await SharedSandbox.get()
        #expect(try await amqpAnswers(port: sandbox.rabbitmq.port))
        #expect(try await sandbox.runRabbitmqctl(["list_users", "-q"]).contains("weir"))
        #expect(try await sandbox.evaluateInBroker("1 + 1.") == "2")
    }

    @Test func aPasswordIsNeeded() async throws {
        let sandbox = try await SharedSandbox.get()
        await #expect(throws: SandboxError.self) {
            try await psql("postgres://weir:wrong@127.0.0.1:\(sandbox.postgres.port)/weir", "SELECT 1")
        }
        let check = #"element(1, rabbit_access_control:check_user_pass_login(<<"weir">>, <<"wrong">>))."#
        #expect(try await sandbox.evaluateInBroker(check) == "refused")
    }

    @Test func brokerErrorsAreErrors() async throws {
        let sandbox = try await SharedSandbox.get()
        await #expect(throws: SandboxError.self) { try await sandbox.runRabbitmqctl(["no_such_command"]) }
        await #expect(throws: SandboxError.self) { try await sandbox.evaluateInBroker("1 = 2.") }
    }

    @Test func roomsAreFreshAndSeparate() async throws {
        let sandbox = try await SharedSandbox.get()
        async let first = SharedSandbox.room()
        async let second = SharedSandbox.room()
        let rooms = try await [first, second]
        #expect(Set(rooms.map(\.vhost)).count == 2)
        for room in rooms {
            #expect(try await psql(room.databaseURL, "SELECT current_database()") == room.databaseName)
            _ = try await psql(room.databaseURL, "CREATE TABLE mine()")
            let permissions = try await sandbox.runRabbitmqctl(["list_permissions", "-q", "-p", room.vhost])
            #expect(permissions.contains("weir\t.*\t.*\t.*"))
        }
    }

    @Test func everythingListensOnLoopbackBelowTheEphemeralPorts() async throws {
        let sandbox = try await SharedSandbox.get()
        for server in [sandbox.postgres, sandbox.rabbitmq] where Machine.mayLookInto(server.pid) {
            let addresses = Machine.listeners(of: server.pid)
            let port = String(server.port, radix: 16, uppercase: true)
            #expect(addresses.contains("0100007F:\(port)"))
            #expect(addresses.allSatisfy { $0.hasPrefix("0100007F:") }, "\(addresses)")
        }
        #expect(sandbox.postgres.port < 32768 && sandbox.rabbitmq.port < 32768)
        #expect(
            try await sandbox.evaluateInBroker("inet:getaddr(\"localhost\", inet).") == "{ok,{127,0,0,1}}")
    }

    @Test func serversHoldNoDescriptorOfOurs() async throws {
        // One that anybody in this process might have open without close-on-exec.
        let ours = open("/etc/hostname", O_RDONLY)
        defer { close(ours) }
        let sandbox = try await Sandbox.start(.init(rabbitmq: false))
        let targets = Machine.descriptors(of: sandbox.postgres.pid)
        #expect(!targets.contains("/etc/hostname"))
        if Machine.mayLookInto(sandbox.postgres.pid) {
            #expect(targets.contains("\(sandbox.path)/postgres/server.log"))
        }
        await sandbox.stop()
    }

    @Test func wishesWinOverTheSandboxesOwnSettings() async throws {
        let sandbox = try await Sandbox.start(
            .init(rabbitmq: false, postgresSettings: ["max_connections": "17", "application_name": "it's"]))
        let settings = "SELECT current_setting('max_connections') || current_setting('application_name')"
        #expect(try await psql(sandbox.databaseURL, "RESET application_name; \(settings)").hasPrefix("17"))
        #expect(!sandbox.rabbitmq.isRunning)
        #expect(try await sandbox.makeRoom().databaseName == "room_1")
        await sandbox.stop()

        let text = RabbitmqConfiguration.text(
            port: 1, user: "u", password: "p", wishes: "disk_free_limit.absolute = 1GB\nheartbeat = 5")
        #expect(text.contains("disk_free_limit.absolute = 1GB\nheartbeat = 5\n"))
        #expect(!text.contains("50MB"))
    }
}
