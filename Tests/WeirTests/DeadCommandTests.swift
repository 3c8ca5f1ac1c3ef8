import Foundation
import Testing
import WeirSandbox

/// `weir dead` as a person meets it.
@Suite struct DeadCommandTests {
    private struct Desk {
        let servers: [String: String]
        let folder: URL

        static func make() async throws -> Desk {
            let room = try await SharedSandbox.room()
            let folder = FileManager.default.temporaryDirectory.appending(
                path: "weir-dead-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let desk = Desk(
                servers: ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL], folder: folder)
            #expect(try desk.run("migrate", "--partitions", "2").code == 0)
            #expect(try desk.run("topology", "apply").code == 0)
            return desk
        }

        func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Run {
            try Run(arguments, servers.merging(environment) { _, given in given })
        }

        func file(_ name: String, _ text: String) throws -> String {
            let url = folder.appending(path: name)
            try text.write(to: url, atomically: true, encoding: .utf8)
            return url.path
        }

        func letter(_ token: String, quantity: Int) -> String {
            #"{"reason":"invalid_field","fault":"invalid_field quantity","detail":"d","type":"weir.intent.submit.v1","#
                + #""body":"{\"token\":\"\#(token)\",\"sku\":\"tea\",\"quantity\":\#(quantity),\"buyer\":\"b\"}"}"#
        }

        func remove() { try? FileManager.default.removeItem(at: folder) }
    }

    @Test func lettersAreLookedAtMendedSentGivenUpAndMoved() async throws {
        let desk = try await Desk.make()
        defer { desk.remove() }
        let lines = [
            desk.letter("a", quantity: 0), "{", desk.letter("b", quantity: 2), desk.letter("c", quantity: 0),
        ]
        let imported = try desk.run("dead", "import", try desk.file("in", lines.joined(separator: "\n")))
        #expect(imported.code == 1 && imported.output.contains("imported 3 letters"))
        #expect(imported.errors.contains("line 2: "))

        let groups = try desk.run("dead", "groups")
        #expect(groups.output.hasPrefix("3 letters  invalid_field quantity"))
        #expect(try desk.run("dead", "list", "--where", "token=b", "--json").output.contains(#""token":"b""#))
        let shown = try desk.run("dead", "show", "1")
        #expect(shown.output.contains("its intent   not decided") && shown.output.contains("imported by "))
        let unknown = try desk.run("dead", "show", "17")
        #expect(unknown.code == 1 && unknown.errors.contains("weir dead list"), "\(unknown.errors)")

        let dry = try desk.run("dead", "replay", "--dry-run")
        #expect(dry.code == 0 && dry.output == "2 still cannot be read, 1 unknown sku\n", "\(dry.output)")

        // A mistake in an edit costs nothing, and an editor's text is kept.
        let bad = try desk.run("dead", "edit", "1", "--set", "quantity=-1")
        #expect(bad.code == 1 && bad.errors.contains("'quantity' is -1"))
        let spoiled = try desk.run("dead", "edit", "1", environment: ["EDITOR": "sed -i s/quantity/quality/"])
        #expect(spoiled.code == 1 && spoiled.errors.contains("your text is kept in "))
        let draft = try #require(
            spoiled.errors.split(separator: "\n").lazy.compactMap { line in
                line.firstRange(of: "kept in ").map { String(line[$0.upperBound...]) }
            }.first)
        try FileManager.default.removeItem(atPath: draft)
        let edited = try desk.run(
            "dead", "edit", "1", "--why", "meant one", "--who", "ann",
            environment: ["EDITOR": "sed -i s/:0,/:1,/"])
        #expect(edited.code == 0 && edited.output.contains(#""quantity":1"#), "\(edited.errors)")
        #expect(try desk.run("dead", "show", "1").output.contains("edited by ann: meant one  it was: "))
        #expect(
            try desk.run("dead", "edit", "1", environment: ["EDITOR": "true"]).errors.contains(
                "nothing was changed"))
        #expect(try desk.run("dead", "edit", "1", environment: ["EDITOR": "false"]).code == 1)

        // Nobody can be asked here.
        #expect(try desk.run("dead", "replay").code == 64)
        let replayed = try desk.run(
            "dead", "replay", "--yes", "--settle", "0", "--why", "mended", "--rate", "1")
        #expect(replayed.code == 0, "\(replayed.errors)")
        // A quick replay may have no progress; what there is ends as the result says.
        if let last = replayed.errors.split(separator: "\n").last {
            #expect(last == "replay 2: 3 of 3 letters looked at, 2 published")
        }
        #expect(
            replayed.output.contains("2 of 3 letters published")
                && replayed.output.contains("1 not sent: still cannot be read"))
        #expect(try desk.run("dead", "replays", "--json").output.contains(#""published":2"#))
        #expect(try desk.run("dead", "list").output.split(separator: "\n").count == 1)

        #expect(try desk.run("dead", "discard", "3", "--yes").code == 64)
        let discarded = try desk.run("dead", "discard", "3", "--yes", "--why", "rubbish")
        #expect(discarded.code == 0 && discarded.output == "discarded 1 letter\n", "\(discarded.errors)")
        #expect(try desk.run("dead", "discard", "3", "--yes", "--why", "again").code == 1)
        #expect(try desk.run("dead", "restore", "3").code == 0)
        #expect(try desk.run("dead", "restore", "3").code == 1)

        let exported = try desk.run("dead", "export", "--where", "state=any")
        #expect(exported.output.split(separator: "\n").count == 3)
        let other = try await Desk.make()
        defer { other.remove() }
        #expect(
            try other.run("dead", "import", try other.file("in", exported.output)).output.contains(
                "imported 3"))
        #expect(
            try other.run("dead", "import", try other.file("in", exported.output)).output.contains(
                "3 were here already"))
    }

    @Test(arguments: [
        ["dead", "list", "--where", "colour=red"], ["dead", "list", "--where", "since=soon"],
        ["dead", "groups", "--limit", "0"], ["dead", "replay", "--rate", "0"],
        ["dead", "replay", "--rate", "fast"],
        ["dead", "replay", "--resume", "1", "--limit", "2"], ["dead", "discard", "--why", "w"],
        ["dead", "restore"], ["dead", "import", "/no/such/file"],
        ["dead", "edit", "1", "--body", "/no/such/file"],
    ])
    func wrongUsageIsExit64(_ arguments: [String]) throws {
        let run = try Run(
            arguments,
            ["DATABASE_URL": "postgres://weir@127.0.0.1:9/weir", "AMQP_URL": "amqp://weir@127.0.0.1:9/"])
        #expect(run.code == 64, "\(run.code) \(run.errors)")
    }

    @Test func aMissingBrokerIsExit69AndNothingIsMarked() async throws {
        let desk = try await Desk.make()
        defer { desk.remove() }
        #expect(try desk.run("dead", "import", try desk.file("in", desk.letter("a", quantity: 1))).code == 0)
        let away = ["AMQP_URL": "amqp://weir@127.0.0.1:9/"]
        let replayed = try desk.run("dead", "replay", "--yes", environment: away)
        #expect(replayed.code == 69 && replayed.output.isEmpty)
        #expect(replayed.errors.split(separator: "\n").count == 1, "\(replayed.errors)")
        #expect(replayed.errors.contains("Check AMQP_URL"), "\(replayed.errors)")
        #expect(try desk.run("dead", "discard", "1", "--why", "w", "--yes", environment: away).code == 69)
        #expect(try desk.run("dead", "list").output.split(separator: "\n").count == 1)
    }

    @Test func controlCStopsInOrderAndTheRunGoesOn() async throws {
        let desk = try await Desk.make()
        defer { desk.remove() }
        let lines = (0..<60).map { desk.letter("t\($0)", quantity: 1) }.joined(separator: "\n")
        #expect(try desk.run("dead", "import", try desk.file("in", lines)).code == 0)
        let process = Process()
        process.executableURL = Run.binary
        process.arguments = ["dead", "replay", "--yes", "--rate", "10/s", "--settle", "0"]
        process.environment = ["PATH": "/usr/bin:/bin"].merging(desk.servers) { _, given in given }
        let errors = Pipe()
        (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let deadline = ContinuousClock.now + .seconds(20)
        while try !desk.run("dead", "list", "--where", "state=replayed").output.contains("t0"),
            ContinuousClock.now < deadline
        {}
        process.interrupt()
        process.waitUntilExit()
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(process.terminationStatus == 1 && said.contains("weir dead replay --resume 1"), "\(said)")
        let sent = try desk.run("dead", "list", "--where", "state=replayed").output.split(separator: "\n")
            .count
        #expect((1..<60).contains(sent))
        #expect(
            try desk.run("dead", "replay", "--resume", "1", "--settle", "0").output.contains(
                "60 of 60 letters published"))
        #expect(try desk.run("dead", "list", "--where", "state=open").output.isEmpty)
    }
}
