import Foundation
import Testing
import WeirLive
import WeirSandbox

/// The binary as a person meets it: what it prints where, and its exit codes.
@Suite struct CommandLineTests {
    @Test func aMissingServerIsOneSentenceAndExit69() throws {
        for arguments in [["audit"], ["migrate"], ["dead", "list"]] {
            let run = try Run(arguments, ["DATABASE_URL": "postgres://weir@127.0.0.1:9/weir"])
            #expect(run.code == 69)
            #expect(run.errors.hasPrefix("weir: PostgreSQL cannot be reached"))
            #expect(run.errors.split(separator: "\n").count == 1)
            #expect(run.output.isEmpty)
        }
    }

    @Test func aMissingIngressIsOneSentenceAndExit69() throws {
        let run = try Run(["sku", "list", "--url", "http://127.0.0.1:9"])
        #expect(run.code == 69)
        #expect(run.errors.contains("is 'weir serve' running there?"))
    }

    @Test func aMissingSettingSaysWhatToSet() throws {
        let run = try Run(["serve"])
        #expect(run.code == 64)
        #expect(run.errors.contains("Set DATABASE_URL"))
    }

    @Test(arguments: [
        ["migrate", "--partitions", "0"], ["migrate", "--partitions", "65"],
        ["migrate", "--partitions", "x"],
        ["sku", "put"], ["nonsense"], ["intent", "submit", "tea", "--buyer", "b", "--wait", "31"],
        ["dead", "list", "--limit", "0"], ["topology", "export", "--partitions", "1000"],
    ])
    func wrongUsageIsExit64(_ arguments: [String]) throws {
        let run = try Run(arguments, ["DATABASE_URL": "postgres://weir@127.0.0.1:9/weir"])
        #expect(run.code == 64, "\(run.errors)")
        #expect(!run.errors.isEmpty)
    }

    @Test func aBadNumberInTheEnvironmentIsAnErrorAndNotTheDefault() throws {
        let run = try Run(
            ["migrate"], ["DATABASE_URL": "postgres://weir@127.0.0.1:9/weir", "WEIR_PARTITIONS": "many"])
        #expect(run.code == 64)
        #expect(run.errors.contains("'many'"))
    }

    @Test func aSeedReplaysAndSaysSo() throws {
        let run = try Run(["simulate", "--seed", "7", "--json"])
        #expect(run.code == 0)
        #expect(run.output.contains(#""seed":7"#))
        #expect(try Run(["simulate", "--seed", "7", "--json"]).output == run.output)
    }

    @Test func theShippedDefinitionsAreWhatExportPrints() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Topology/rabbitmq/definitions.json").standardizedFileURL
        #expect(try Run(["topology", "export"]).output == (try String(contentsOf: file, encoding: .utf8)))
    }

    @Test func aDatabaseIsPreparedOnceAndKeepsItsNumberOfPartitions() async throws {
        let room = try await SharedSandbox.room()
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        #expect(try Run(["audit"], servers).errors.contains("run `weir migrate`"))
        #expect(try Run(["serve", "--role", "worker"], servers).code == 1)
        #expect(try Run(["migrate", "--partitions", "3"], servers).output.contains("3 partitions"))
        #expect(try Run(["migrate"], servers).output == "the database has 3 partitions\n")
        let other = try Run(["migrate", "--partitions", "4"], servers)
        #expect(other.code == 1)
        #expect(other.errors.contains("3 partitions, not 4"))

        let lacking = try Run(["topology", "check"], servers)
        #expect(lacking.code == 1)
        #expect(lacking.output.contains("queue weir.intents.p02 is missing"))
        let refused = try Run(["serve"], servers)
        #expect(refused.code == 1)
        #expect(refused.errors.contains("run `weir topology apply`"))
        #expect(try Run(["topology", "apply"], servers).code == 0)
        #expect(try Run(["topology", "check"], servers).code == 0)

        let audit = try Run(["audit"], servers)
        #expect(audit.code == 0)
        #expect(audit.output.split(separator: "\n").count == 4)
        #expect(audit.output.split(separator: "\n").allSatisfy { $0.contains("holds") })
        #expect(try Run(["dead", "list", "--json"], servers).output.isEmpty)
    }

    @Test func anOtherTimelineStopsWorkersUntilAPersonAcceptsIt() async throws {
        let room = try await SharedSandbox.room()
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        #expect(try Run(["migrate", "--partitions", "1"], servers).code == 0)
        #expect(try Run(["topology", "apply"], servers).code == 0)
        try room.execute("update installation set timeline = timeline + 1")
        let refused = try Run(["serve", "--role", "worker"], servers)
        #expect(refused.code == 1)
        #expect(refused.errors.contains("weir migrate --accept-failover"))
        #expect(try Run(["migrate"], servers).errors.contains("another timeline"))
        #expect(try Run(["migrate", "--accept-failover"], servers).code == 0)
        #expect(try Installation.read(databaseURL: room.databaseURL).isAccepted)
    }
}
