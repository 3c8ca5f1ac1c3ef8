import Foundation
import Testing
import WeirLive
import WeirSandbox

/// The binary as a person meets it: what it prints where, and its exit codes.
@Suite struct CommandLineTests {
    @Test func aMissingServerIsOneSentenceAndExit69() throws {
        for arguments in [["audit"], ["migrate"], ["dead", "list"], ["intent", "trace", "t"]] {
            let run = try Run(arguments, ["DATABASE_URL": "postgres://weir@127.0.0.1:9/weir"])
            #expect(run.code == 69)
            #expect(run.errors.hasPrefix("weir: PostgreSQL cannot be reached"))
            #expect(run.errors.contains("Check DATABASE_URL"))
            #expect(run.errors.split(separator: "\n").count == 1)
            #expect(run.output.isEmpty)
        }
    }

    @Test func aMissingIngressIsOneSentenceAndExit69() throws {
        let run = try Run(["sku", "list", "--url", "http://127.0.0.1:9"])
        #expect(run.code == 69)
        #expect(run.errors.contains("is 'weir serve' running there?"))
    }

    @Test(arguments: [["load"], ["load", "--clients", "8", "--intents", "100", "--define", "1"]])
    func aLoadOnNobodyIsOneSentenceAndSendsNothing(_ arguments: [String]) throws {
        let run = try Run(arguments + ["--url", "http://127.0.0.1:9"])
        #expect(run.code == 69 && run.output.isEmpty, "\(run.output)")
        #expect(run.errors.contains("is 'weir serve' running there?"))
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }

    @Test func aMissingSettingSaysWhatToSet() throws {
        let run = try Run(["serve"])
        #expect(run.code == 64)
        #expect(run.errors.contains("Set DATABASE_URL"))
    }

    @Test func aSettingThatIsNoAddressIsNamedWithAnExample() throws {
        let good = ["DATABASE_URL": "postgres://weir@127.0.0.1:9/weir", "AMQP_URL": "amqp://127.0.0.1:9/"]
        for (command, variable, example) in [
            ("migrate", "DATABASE_URL", "postgres://user:password@localhost/weir"),
            ("serve", "DATABASE_URL", "postgres://user:password@localhost/weir"),
            ("serve", "AMQP_URL", "amqp://user:password@localhost/"),
        ] {
            let run = try Run([command], good.merging([variable: "nonsense"]) { _, given in given })
            #expect(run.code == 64, "\(run.errors)")
            #expect(run.errors.contains(variable) && run.errors.contains(example), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
    }

    @Test func aDatabaseThatSaysNoIsNotCalledAway() async throws {
        let room = try await SharedSandbox.room()
        let place = try #require(room.databaseURL.lastIndex(of: "/"))
        let run = try Run(["audit"], ["DATABASE_URL": room.databaseURL[...place] + "nowhere"])
        #expect(run.code == 69)
        #expect(run.errors.hasPrefix("weir: PostgreSQL refused the connection: "), "\(run.errors)")
        #expect(run.errors.contains("nowhere") && run.errors.contains("check DATABASE_URL"))
    }

    @Test(arguments: [
        ["migrate", "--partitions", "0"], ["migrate", "--partitions", "65"],
        ["migrate", "--partitions", "x"],
        ["sku", "put"], ["nonsense"], ["intent", "submit", "tea", "--buyer", "b", "--wait", "31"],
        ["dead", "list", "--limit", "0"], ["keys", "create", "--name", "n"],
        ["keys", "create", "--name", "n", "--scope", "buyer"], ["keys", "create", "--scope", "stock:read"],
        ["keys", "create", "--name", "", "--scope", "stock:read"], ["keys", "revoke", "abc"],
        ["topology", "export", "--partitions", "1000"], ["load", "--csv", "/no/such/file"],
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
        for name in ["messages", "commits", "faults", "events", "late_parts", "late_decisions"] {
            #expect(run.output.contains("\"\(name)\":"), "\(name)")
        }
        #expect(try Run(["simulate", "--seed", "7", "--json"]).output == run.output)
        let told = try Run(["simulate", "--seed", "7"])
        #expect(told.output.hasPrefix("1 seed: ") && told.errors.isEmpty, "\(told.errors)")
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
        #expect(audit.output.split(separator: "\n").count == 5)
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

    @Test func aKeyIsShownOnceListedAndRevoked() async throws {
        let room = try await SharedSandbox.room()
        let servers = ["DATABASE_URL": room.databaseURL]
        #expect(try Run(["keys", "list"], servers).errors.contains("run `weir migrate`"))
        #expect(try Run(["migrate"], servers).code == 0)
        #expect(try Run(["keys", "list"], servers).output.isEmpty)
        let made = try Run(
            ["keys", "create", "--name", "checkout", "--scope", "intents:write", "--scope", "stock:read"],
            servers)
        let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let parts = key.split(separator: "_")
        #expect(made.code == 0 && parts.count == 3 && parts[0] == "weir", "\(made.output)")
        #expect(parts[1].count == 8 && parts[2].count == 32)
        #expect(made.errors.contains(String(parts[1])) && !made.errors.contains(String(parts[2])))

        let listed = try Run(["keys", "list"], servers).output
        #expect(
            listed.contains(String(parts[1])) && listed.contains("good  intents:write stock:read  checkout"))
        #expect(!listed.contains(String(parts[2])))
        for id in [String(parts[1]), key] {
            let revoked = try Run(["keys", "revoke", id], servers)
            #expect(revoked.code == 0 && revoked.output.contains("revoked "), "\(revoked.errors)")
            #expect(!revoked.output.contains(String(parts[2])))
        }
        let json = try Run(["keys", "list", "--json"], servers).output
        #expect(json.contains(#""scope":"intents:write stock:read""#) && json.contains("revoked_at"))
        let unknown = try Run(["keys", "revoke", "aaaaaaaa"], servers)
        #expect(unknown.code == 1 && unknown.errors.contains("no key aaaaaaaa"))
        // What is stored does not hold the key.
        #expect(
            try room.holds("select count(*) from api_key where strpos(api_key::text, '\(parts[2])') > 0") == 0
        )
    }

    @Test func aServerWithoutCredentialsRefusesEveryAddressButLoopback() async throws {
        let room = try await SharedSandbox.room()
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        #expect(try Run(["migrate", "--partitions", "1"], servers).code == 0)
        #expect(try Run(["topology", "apply"], servers).code == 0)
        let refused = try Run(["serve", "--role", "ingress", "--host", "0.0.0.0", "--port", "0"], servers)
        #expect(refused.code == 1 && refused.errors.contains("weir keys create"), "\(refused.errors)")
        #expect(refused.errors.split(separator: "\n").count == 1)

        let open = try Served(["--role", "ingress", "--port", "0"], servers)
        defer { open.stop() }
        try await eventually("it says that anybody may do everything") {
            open.log.contains("there is no credential yet: listening at 127.0.0.1 only")
        }
    }

    @Test(arguments: [
        (["--tls-cert", "/c.pem"], "both WEIR_TLS_CERT and WEIR_TLS_KEY"),
        (["--jwks", "/keys.json"], "WEIR_JWT_ISSUER"), (["--jwt-issuer", "i"], "WEIR_JWT_JWKS"),
        (
            ["--jwks", "/keys.json", "--jwt-issuer", "i", "--jwt-audience", "a"],
            "'/keys.json' cannot be read"
        ),
        (["--tls-cert", "/c.pem", "--tls-key", "/k.pem"], "'/c.pem' cannot be read"),
    ])
    func halfASettingIsNamed(_ arguments: [String], _ words: String) async throws {
        let room = try await SharedSandbox.room()
        let servers = [
            "DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL, "WEIR_LOG_LEVEL": "critical",
        ]
        #expect(try Run(["migrate", "--partitions", "1"], servers).code == 0)
        #expect(try Run(["topology", "apply"], servers).code == 0)
        let run = try Run(["serve", "--role", "ingress", "--port", "0"] + arguments, servers)
        #expect([1, 64].contains(run.code) && run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }

    @Test func passwordsComeFromTheEnvironmentAndAreNotInTheFile() throws {
        let lacking = try Run(
            ["topology", "export", "--passwords"], ["WEIR_ADMIN_PASSWORD": "a", "WEIR_WORKER_PASSWORD": "w"])
        #expect(lacking.code == 64 && lacking.errors.contains("WEIR_INGRESS_PASSWORD"), "\(lacking.errors)")
        let all = [
            "WEIR_ADMIN_PASSWORD": "s1-a", "WEIR_WORKER_PASSWORD": "s1-w", "WEIR_INGRESS_PASSWORD": "s1-i",
        ]
        let export = try Run(["topology", "export", "--passwords"], all)
        #expect(
            export.code == 0 && !export.output.contains("s1-")
                && !export.output.contains(#""password_hash":"""#))
        #expect(
            try Run(["topology", "export"], all).output.components(separatedBy: #""password_hash":"""#).count
                == 4)
    }
}
