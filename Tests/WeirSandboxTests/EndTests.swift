import Foundation
import Testing

@testable import WeirSandbox

/// Nothing stays behind, however a sandbox ends.
@Suite struct EndTests {
    @Test(.timeLimit(.minutes(3))) func twoSideBySideDoNotDisturbEachOther() async throws {
        async let starting = Sandbox.start()
        async let startingToo = Sandbox.start()
        let (first, second) = try await (starting, startingToo)
        let ports = [first.postgres.port, first.rabbitmq.port, second.postgres.port, second.rabbitmq.port]
        #expect(Set(ports).count == 4)

        await first.stop()
        expectNothingLeft(of: first)
        #expect(second.postgres.isRunning && second.rabbitmq.isRunning)
        #expect(try await psql(second.databaseURL, "SELECT 1") == "1")
        #expect(try await amqpAnswers(port: second.rabbitmq.port))

        await second.stop()
        await second.stop()
        expectNothingLeft(of: second)
    }

    @Test(.timeLimit(.minutes(3))) func aKilledOrFrozenServerLeavesNothingEither() async throws {
        let sandbox = try await Sandbox.start()
        let segment = try sharedMemory(of: sandbox)
        await sandbox.postgres.kill()
        await sandbox.rabbitmq.freeze()
        await sandbox.stop()
        expectNothingLeft(of: sandbox)
        #expect(!FileManager.default.contents(atPath: "/proc/sysvipc/shm")!.contains(line: segment))
    }

    @Test(.timeLimit(.minutes(3))) func aSandboxNobodyRefersToStops() async throws {
        var sandbox: Sandbox? = try await Sandbox.start(.init(rabbitmq: false))
        let path = try #require(sandbox?.path)
        sandbox = nil
        let gone = await Waiting.until(within: .seconds(20)) {
            !FileManager.default.fileExists(atPath: path) && Machine.processes(of: path) == []
        }
        #expect(gone)
    }

    @Test(.timeLimit(.minutes(3))) func aFailedStartSaysWhyAndLeavesNothing() async throws {
        let before = Set(try sandboxFolders())
        let error = await #expect(throws: SandboxError.self) {
            try await Sandbox.start(.init(rabbitmq: false, postgresSettings: ["no_such_setting": "1"]))
        }
        #expect(error?.description.contains("no_such_setting") == true)
        // Other suites make folders too; ours would hold a log with that name.
        for folder in Set(try sandboxFolders()).subtracting(before) {
            let log = try? String(contentsOfFile: "/tmp/\(folder)/postgres/server.log", encoding: .utf8)
            #expect(log?.contains("no_such_setting") != true)
        }
    }

    @Test func aMissingProgramNamesItsPackage() {
        let error = #expect(throws: SandboxError.self) {
            try Programs(folders: ["/nowhere"]).find("initdb", of: "PostgreSQL", package: "postgresql")
        }
        #expect(
            error?.description
                == "PostgreSQL's initdb was not found; install it with: apt-get install postgresql")
    }

    @Test(.timeLimit(.minutes(3))) func keptServersSurviveUntilTheScriptEndsThem() async throws {
        var sandbox: Sandbox? = try await Sandbox.start(.init(rabbitmq: false))
        let url = try #require(sandbox?.databaseURL)
        let path = try #require(sandbox?.path)
        let command = try await #require(sandbox).keep()
        sandbox = nil
        #expect(command == "sh \(path)/stop.sh")
        // The next start takes it for kept, not for a leftover.
        try await SandboxFolder.removeLeftovers()
        #expect(try await psql(url, "SELECT 1") == "1")

        let environment = ["PATH": Programs.searchPath]
        let words = command.split(separator: " ").map(String.init)
        _ = try await Command.run(
            Spawn("/bin/sh", Array(words.dropFirst()), environment: environment, folder: "/"), scratch: "/tmp"
        )
        #expect(Machine.processes(of: path) == [])
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private func expectNothingLeft(of sandbox: Sandbox, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(Machine.processes(of: sandbox.path) == [], sourceLocation: sourceLocation)
        #expect(!FileManager.default.fileExists(atPath: sandbox.path), sourceLocation: sourceLocation)
        for server in [sandbox.postgres, sandbox.rabbitmq] {
            #expect(!server.isRunning, sourceLocation: sourceLocation)
            #expect(Machine.isFree(server.port), sourceLocation: sourceLocation)
        }
    }

    /// The start of the segment's line in /proc/sysvipc/shm: key and id.
    private func sharedMemory(of sandbox: Sandbox) throws -> [String] {
        let file = try String(contentsOfFile: "\(sandbox.path)/postgres/data/postmaster.pid", encoding: .utf8)
        let line = file.split(separator: "\n", omittingEmptySubsequences: false)[6]
        return line.split(separator: " ").map(String.init)
    }

    private func sandboxFolders() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/tmp")
            .filter { $0.hasPrefix(StopScript.folderPrefix) }
    }
}

extension Data {
    fileprivate func contains(line words: [String]) -> Bool {
        String(decoding: self, as: UTF8.self).split(separator: "\n").contains {
            $0.split(separator: " ").prefix(words.count).map(String.init) == words
        }
    }
}
