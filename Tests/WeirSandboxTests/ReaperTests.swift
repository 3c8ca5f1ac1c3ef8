import Foundation
import Testing

@testable import WeirSandbox

/// The death of the owner, played by a shell that the test kills: the process that runs the tests lives on.
/// The server is a `sleep` under PostgreSQL's name, so that hundreds of deaths would cost nothing.
@Suite struct ReaperTests {
    @Test(arguments: [SIGKILL, SIGINT, SIGTERM]) func whateverEndsTheOwnerEndsTheServers(signal: Int32)
        async throws
    {
        let scene = try await Scene.make()
        // The owner is the only one with a write end of the FIFO that the reaper reads.
        let owner = try Spawn(
            "/bin/sh", ["-c", "exec 3>\(scene.fifo); echo > \(scene.path)/held; exec sleep 1000"],
            environment: ["PATH": Programs.searchPath], folder: "/"
        ).start()
        let input = open(scene.fifo, O_RDONLY | O_CLOEXEC)
        let reaper = try scene.folder.stopScript(arguments: ["watch"], input: input).start()
        close(input)
        let held = await Waiting.until(within: .seconds(10)) {
            FileManager.default.fileExists(atPath: "\(scene.path)/held")
        }
        #expect(held)
        #expect(reaper.isRunning && scene.server.isRunning)

        // What reaches a whole terminal or service must not end the cleaner before its time.
        reaper.signal(SIGINT)
        reaper.signal(SIGTERM)
        reaper.signal(SIGHUP)
        owner.signal(signal)
        #expect(await reaper.hasEnded(within: .seconds(20)))
        #expect(reaper.status == 0)
        #expect(!scene.server.isRunning)
        #expect(!FileManager.default.fileExists(atPath: scene.path))
        #expect(await owner.hasEnded(within: .seconds(5)))
    }

    @Test func aStrangerInTheFolderIsLeftAlone() async throws {
        let scene = try await Scene.make()
        // As somebody who looks at the logs: works in the folder, but is no server.
        let stranger = try Spawn(
            "/bin/sleep", ["1000"], environment: [:], folder: "\(scene.path)/postgres"
        ).start()
        try await scene.folder.runStopScript()
        #expect(!scene.server.isRunning)
        #expect(stranger.isRunning)
        stranger.signal(SIGKILL)
        #expect(await stranger.hasEnded(within: .seconds(5)))
    }

    @Test func aLeftoverIsRecognizedAndAnOwnedFolderIsNot() async throws {
        let owned = try await Scene.make()
        #expect(SandboxFolder(leftover: owned.path) == nil)

        // The same without its owner and without its reaper: what a power-cut of both leaves.
        let abandoned = try await Scene.make().abandon()
        try await SandboxFolder.removeLeftovers()
        // A start in another suite may have been faster and still be at it.
        let gone = await Waiting.until(within: .seconds(20)) {
            !FileManager.default.fileExists(atPath: abandoned.path)
        }
        #expect(gone)
        #expect(!abandoned.server.isRunning)

        #expect(owned.server.isRunning)
        try await owned.folder.runStopScript()
    }

    @Test func aFolderThatIsBeingMadeIsNoLeftover() throws {
        let path = "/tmp/\(StopScript.folderPrefix)\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(SandboxFolder(leftover: path) == nil)
        try FileManager.default.removeItem(atPath: path)
    }

    @Test func theScriptTouchesOnlyFoldersOfItsName() async throws {
        let path = "/tmp/no-sandbox-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try StopScript.text.write(toFile: "\(path)/stop.sh", atomically: true, encoding: .utf8)
        let script = Spawn(
            "/bin/sh", ["\(path)/stop.sh"], environment: ["PATH": Programs.searchPath], folder: "/")
        await #expect(throws: SandboxError.self) { _ = try await Command.run(script, scratch: "/tmp") }
        #expect(FileManager.default.fileExists(atPath: path))
    }
}

/// A sandbox's folder with a harmless server in it.
private struct Scene {
    let folder: SandboxFolder
    let path: String
    let server: ChildProcess
    var fifo: String { "\(path)/owner" }

    static func make() async throws -> Scene {
        let folder = try SandboxFolder.make()
        let work = "\(folder.path)/postgres"
        try Account(preferring: "postgres").makeFolder(work)
        // A link, not a copy: what another thread's fork still holds open for writing cannot be executed.
        try FileManager.default.createSymbolicLink(
            atPath: "\(work)/postgres", withDestinationPath: "/bin/sleep")
        mkfifo("\(folder.path)/owner", 0o600)
        let server = try Account(preferring: "postgres").applied(
            to: Spawn("\(work)/postgres", ["1000"], environment: [:], folder: work)
        ).start()
        let isItself = await Waiting.until(within: .seconds(10)) {
            (try? String(contentsOfFile: "/proc/\(server.pid)/comm", encoding: .utf8)) == "postgres\n"
        }
        try #require(isItself)
        return Scene(folder: folder, path: folder.path, server: server)
    }

    /// Lets go of the folder, as the end of the owner's process would.
    consuming func abandon() -> (path: String, server: ChildProcess) {
        (path, server)
    }
}
