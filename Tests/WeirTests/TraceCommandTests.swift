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
        for wrong in ["a b", "o/0", "/1", "o/1/2"] {
            #expect(try Run(["intent", "trace", wrong], servers).code == 64, "\(wrong)")
        }
        try expectOrder(servers, url)
    }

    /// An order's token, and those of its lines.
    private func expectOrder(_ servers: [String: String], _ url: [String]) throws {
        for sku in ["cups", "saucers"] {
            #expect(try Run(["sku", "put", sku, "--stocked", "5"] + url).code == 0)
        }
        let made = try Run(
            ["order", "submit", "cups=2", "saucers", "--buyer", "ann", "--token", "o"] + url)
        #expect(made.code == 0, "\(made.output)\(made.errors)")
        let order = try Run(["intent", "trace", "o"], servers)
        #expect(order.code == 0 && order.output.contains("weir.order.reserved.v1  the order o is reserved"))
        #expect(
            order.errors.split(separator: "\n") == [
                "the order o is reserved", "  its line o/1: 2 of cups", "  its line o/2: 1 of saucers",
                "trace a line with: weir intent trace o/1",
            ])
        let named = try Run(["order", "trace", "o"], servers)
        #expect(named.output == order.output && named.errors == order.errors)
        let line = try Run(["intent", "trace", "o/2"], servers)
        #expect(line.code == 0 && line.output.contains("decided: reserved, 1 of saucers"), "\(line.errors)")
        #expect(
            line.errors.hasPrefix(
                "o/2 is reserved\nit is line 2 of an order, traced with: weir intent trace o"))
        let none = try Run(["intent", "trace", "o/3"], servers)
        #expect(none.code == 1 && none.errors.contains("its order is traced with `weir intent trace o`"))
        let json = try Run(["intent", "trace", "o", "--json"], servers)
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["status"] as? String == "reserved", "\(json.output)")
        #expect((object?["order"] as? [String: Any])?["token"] as? String == "o")
        #expect(object?["line_tokens"] as? [String] == ["o/1", "o/2"])
    }
}
