import Foundation
import Testing
import WeirSandbox

/// `weir prune` as a person meets it.
@Suite struct PruneCommandTests {
    @Test func itSaysWhatWouldGoAsksAndLetsItGo() async throws {
        let room = try await SharedSandbox.room()
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        #expect(try Run(["migrate", "--partitions", "1"], servers).code == 0)
        #expect(try Run(["topology", "apply"], servers).code == 0)
        let port = Int.random(in: 20_000..<32_000)
        let served = try Served(["--port", "\(port)", "--no-gate"], servers)
        defer { served.stop() }
        let url = ["--url", "http://127.0.0.1:\(port)"]
        try await eventually("the SKU is defined") {
            try Run(["sku", "put", "tea", "--stocked", "1"] + url).code == 0
        }
        for token in ["first", "second"] {
            _ = try Run(["intent", "submit", "tea", "--buyer", "ann", "--token", token] + url)
        }
        try await eventually("everything is published") {
            try room.holds("select count(*) from partition where head > 2 and published = head") == 1
        }
        let dry = try Run(["prune", "--before", "0s", "--dry-run"], servers)
        #expect(dry.code == 0, "\(dry.errors)")
        #expect(dry.output == "4 events, 1 intent (1 rejected) and 1 command result would go\n")
        // Nobody can be asked here.
        let unasked = try Run(["prune", "--before", "0s"], servers)
        #expect(unasked.code == 64 && unasked.errors.contains("A forgotten token counts as new"))
        #expect(try room.holds("select count(*) from event") == 4)

        let pruned = try Run(["prune", "--before", "0s", "--yes", "--json"], servers)
        #expect(pruned.code == 0, "\(pruned.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(pruned.output.utf8)) as? [String: Any]
        #expect(object?["events"] as? Int == 4 && object?["whole"] as? Bool == true)
        #expect(object?["intents"] as? [String: Int] == ["rejected": 1])
        #expect(try Run(["audit"], servers).code == 0)
        #expect(
            try Run(["prune", "--before", "0s", "--yes"], servers).output.hasPrefix("0 events, 0 intents and")
        )

        // What is left of an intent's beginning, and of a token that was forgotten.
        let trace = try Run(["intent", "trace", "first"], servers)
        #expect(
            trace.output.contains(
                "pruned  decided; what happened up to event 4 was pruned, and left it reserved"))
        #expect(try Run(["intent", "trace", "second"], servers).errors.contains("or was pruned"))

        for arguments in [
            ["--before", "yesterday"], ["--before", "2999-01-01"], ["--before", "1d", "--sold-before", "1h"],
            [],
        ] {
            let refused = try Run(["prune", "--yes"] + arguments, servers)
            #expect(refused.code == 64, "\(arguments): \(refused.errors)")
            guard !arguments.isEmpty else { continue }
            #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
        }
        // As long ago for both is one moment.
        let same = try Run(["prune", "--before", "90d", "--sold-before", "90d", "--yes"], servers)
        #expect(same.code == 0, "\(same.errors)")
    }
}
