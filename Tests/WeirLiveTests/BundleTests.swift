import AMQPClient
import Testing
import WeirCore
import WeirTopology
import WeirWire

/// Bundles through a real broker and a real worker: every line is treated like a message of its own.
@Suite struct BundleDecisions {
    private func bundle(_ batch: BadBatch, _ bodies: [[UInt8]], ids: String? = nil) -> OutgoingMessage {
        batch.honest("unused") { message in
            message.properties.type = Bundle.submits
            message.properties.contentType = Bundle.contentType
            message.properties.messageID = nil
            message.properties.correlationID = "shared"
            if let ids { message.properties.headers = [Bundle.correlationHeader: .string(ids)] }
            message.body = Bundle.body(of: bodies)
        }
    }

    @Test func goodLinesAreDecidedAndBadOnesAreDeadLettersOfTheirOwn() async throws {
        let batch = try await BadBatch.make()
        var lines = (0..<300).map { submit("line-\($0)", batch.sku).body }
        lines[100] = Array("{".utf8)
        lines[200] = submit("strange", batch.room.sku(in: 1)).body
        let letters = try await batch.run([bundle(batch, lines)])
        #expect(letters.map(\.reason) == ["malformed_json", "wrong_partition"])
        #expect(try batch.room.count("select count(*) from intent where token like 'line-%'") == 298)
        // A replayed letter is a plain submit: that is how it is kept.
        #expect(
            try batch.room.count(
                "select count(*) from dead_letter where type = 'weir.intent.submit.v1' and length(body) < 200"
            ) == 2)
    }

    @Test func whatIsNoBundleBecomesOneDeadLetter() async throws {
        let batch = try await BadBatch.make()
        let tooMany = (0...Bundle.most).map { submit("many-\($0)", batch.sku).body }
        let letters = try await batch.run([
            bundle(batch, []), bundle(batch, tooMany),
            bundle(batch, [Array(repeating: 0x20, count: Bundle.largestBody)]),
        ])
        #expect(letters.map(\.reason) == ["too_large", "too_large", "too_large"])
        #expect(try batch.room.count("select count(*) from intent where token like 'many-%'") == 0)
    }

    @Test func everyLineHasTheCorrelationIDThatTheHeaderGivesIt() async throws {
        let batch = try await BadBatch.make()
        let lines = (0..<3).map { submit("line-\($0)", batch.sku).body }
        try await batch.run([
            bundle(batch, lines, ids: "one,two,three"),
            bundle(batch, [submit("other", batch.sku).body], ids: "does,not,fit"),
        ])
        for (number, id) in ["one", "two", "three"].enumerated() {
            #expect(
                try batch.room.count(
                    "select count(*) from event where token = 'line-\(number)' and correlation_id = '\(id)'")
                    == 1)
        }
        #expect(
            try batch.room.count(
                "select count(*) from event where token = 'other' and correlation_id = 'shared'") == 1)
    }
}
