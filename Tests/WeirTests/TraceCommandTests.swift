import Foundation
import Testing
import WeirSandbox

/// `weir intent trace` as a person meets it.
@Suite struct TraceCommandTests {
    @Test func aTraceIsLinesOrOneObjectAndAnUnknownTokenIsOneSentence() async throws {
        let room = try await SharedSandbox.room()
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        #expect(try Run(["migrate", "--partitions", "1"], servers).code == 0)
        #expect(try Run(["topology", "apply"], servers).code == 0)
        let port = Int.random(in: 20_000..<32_000)
        let served = try Served(["--port", "\(port)"], servers)
        defer { served.stop() }
        let url = ["--url", "http://127.0.0.1:\(port)"]
        try await eventually("the SKU is defined") {
            try Run(["sku", "put", "tea", "--stocked", "1"] + url).code == 0
        }
        for (token, status) in [("first", "reserved"), ("second", "rejected (sold_out)")] {
            let made = try Run(["intent", "submit", "tea", "--buyer", "ann", "--token", token] + url)
            #expect(made.output.contains(status) || made.code != 0, "\(made.output)\(made.errors)")
        }
        try await eventually("the events are published") {
            try !Run(["intent", "trace", "first"], servers).output.contains("[not published yet]")
        }
        let shown = try Run(["intent", "trace", "first"], servers)
        let lines = shown.output.split(separator: "\n")
        #expect(shown.code == 0 && lines.count == 2, "\(shown.output)\(shown.errors)")
        #expect(lines.first?.hasPrefix("-  ") == true && lines.first?.contains("p00") == true)
        #expect(
            lines.last?.contains("p00 seq 2") == true
                && lines.last?.contains("decided: reserved, 1 of tea") == true)
        #expect(shown.errors == "first is reserved\n")

        let json = try Run(["intent", "trace", "first", "--json"], servers)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        let entries = object?["entries"] as? [[String: Any]]
        #expect(object?["status"] as? String == "reserved" && entries?.count == 2, "\(json.output)")
        #expect(entries?.last?["seq"] as? Int == 2 && entries?.last?["published"] as? Bool == true)

        let unknown = try Run(["intent", "trace", "nobody"], servers)
        #expect(unknown.code == 1 && unknown.output.isEmpty)
        #expect(unknown.errors.hasPrefix("weir: nothing is known of the token 'nobody'"))
        #expect(unknown.errors.split(separator: "\n").count == 1)
        #expect(try Run(["intent", "trace", "a b"], servers).code == 64)
    }
}
