import Testing
import WeirWire

@testable import WeirIngress

/// `POST /v1/intents/batch`: a line in, a line out.
@Suite struct BatchTests {
    @Test func everyLineIsAnsweredInItsPlaceAndABadOneSpoilsOnlyItself() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 3, holdSeconds: 0)
            _ = try await room.submit("known", "shoe", buyer: "ann", wait: 10)
            let lines = [
                line("a"), "nonsense", line("b", sku: "nothing"), #"{"token":"c","quantity":0}"#, "[1]",
                line("known", buyer: "ann"), line("known", buyer: "bob"), line("-bad"),
                line("d", extra: #","x":1"#),
                #"{"token":"e","sku":"\#(String(repeating: "s", count: 70_000))"}"#,
                "  ", line("f", buyer: "Ünïcødé 🛒") + "\r", line("a"),
            ]
            let reply = try await batch(room, lines, wait: 10)
            #expect(reply.status == 200)
            #expect(reply.headers.first(name: "content-type") == "application/x-ndjson")
            #expect(reply.headers.first(name: "preference-applied") == "wait=10")
            let answers = try self.answers(reply)
            // The blank line is none, and has no answer.
            try #require(answers.count == lines.count - 1)
            let expected = [
                "confirmed", "malformed-body", "rejected", "invalid-body", "malformed-body", "confirmed",
                "token-conflict", "invalid-body", "invalid-body", "body-too-large", "confirmed", "confirmed",
            ]
            #expect(answers.map(\.word) == expected)
            #expect(answers[0].text("token") == "a" && answers[10].text("token") == "f")
            #expect(answers[3].pointers == ["/sku", "/quantity", "/buyer"])
            #expect(answers[8].pointers == ["/x"])
            #expect(try room.count("select count(*) from intent") == 4)
            #expect(try await room.get("/v1/skus/shoe").number("sold") == 3)
        }
    }

    @Test func theLinesOfASKUAreDecidedInTheirOrder() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 40, holdSeconds: 0)
            let reply = try await batch(room, (0..<100).map { line("t\($0)") }, wait: 20)
            let words = try answers(reply).map(\.word)
            #expect(
                words == Array(repeating: "confirmed", count: 40) + Array(repeating: "rejected", count: 60))
        }
    }

    @Test func withoutAWishToWaitEveryLineIsQueued() async throws {
        try await IngressRoom.with(workers: false) { room in
            let answers = try self.answers(try await batch(room, (0..<10).map { line("t\($0)") }))
            #expect(answers.map(\.word) == Array(repeating: "queued", count: 10))
            let waited = try await batch(room, [line("u1"), line("u2")], wait: 1)
            #expect(try self.answers(waited).map(\.word) == ["queued", "queued"])
        }
    }

    @Test func aThousandLinesAreTakenAndOneMoreIsRefusedAsAWhole() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 5_000, holdSeconds: 0)
            let tooMany = try await batch(room, (0...1000).map { line("x\($0)") })
            #expect(tooMany.status == 413 && tooMany.problem == "body-too-large")
            #expect(tooMany.text("detail")?.contains("1000 lines") == true)
            let answers = try self.answers(try await batch(room, (0..<1000).map { line("t\($0)") }, wait: 30))
            #expect(answers.count == 1000 && answers.allSatisfy { $0.word == "confirmed" })
            #expect((0..<1000).allSatisfy { answers[$0].text("token") == "t\($0)" })
            #expect(try room.count("select count(*) from intent") == 1000)
        }
    }

    @Test func whatIsNoBatchIsRefused() async throws {
        try await IngressRoom.with(workers: false) { room in
            for (body, type, status, problem) in [
                ("", "application/x-ndjson", 400, "malformed-body"),
                ("\n \r\n\n", "application/x-ndjson", 400, "malformed-body"),
                (line("a"), "application/json", 415, "unsupported-media-type"),
                (String(repeating: "x", count: 1_048_577), "application/x-ndjson", 413, "body-too-large"),
            ] {
                let reply = try await room.send(
                    "POST", "/v1/intents/batch", headers: [("Content-Type", type)], body: body)
                #expect(reply.status == status && reply.problem == problem, "\(reply.bodyText)")
            }
            let compressed = try await room.send(
                "POST", "/v1/intents/batch",
                headers: [("Content-Type", "application/x-ndjson"), ("Content-Encoding", "gzip")], body: "x")
            #expect(compressed.status == 415 && compressed.problem == "unsupported-encoding")
            #expect(try await room.send("PUT", "/v1/intents/batch").status == 405)
        }
    }

    @Test func theMemoryOfAllBatchesTogetherIsBounded() async throws {
        try await IngressRoom.with(workers: false) {
            $0.batchMemory = 1_048_576
        } _: { room in
            let large = (0..<10).map { line("t\($0)") + String(repeating: " ", count: 60_000) }
            async let first = batch(room, large, wait: 3)
            let handler = room.ingress.handler
            try await eventually("the first batch is under way") { handler.batchBytes.value > 600_000 }
            let second = try await batch(room, large)
            #expect(second.status == 503 && second.problem == "overloaded")
            #expect(second.headers.first(name: "retry-after") != nil)
            #expect(try self.answers(await first).count == 10)
            try await eventually("its share is given back") { handler.batchBytes.value == 0 }
            #expect(try await batch(room, [line("u")]).status == 200)
        }
    }

    @Test func anIntentMayHaveTheTokenBatch() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 3)
            #expect(try await room.submit("batch", "shoe", wait: 10).status == 200)
            #expect(try await room.get("/v1/intents/batch").text("token") == "batch")
            #expect(try await room.command("batch", "confirm").text("status") == "confirmed")
        }
    }

    // MARK: -

    private func line(_ token: String, sku: String = "shoe", buyer: String = "ann", extra: String = "")
        -> String
    {
        #"{"token":"\#(token)","sku":"\#(sku)","quantity":1,"buyer":"\#(buyer)"\#(extra)}"#
    }

    private func batch(_ room: IngressRoom, _ lines: [String], wait: Int? = nil) async throws -> Reply {
        try await room.send(
            "POST", "/v1/intents/batch",
            headers: [("Content-Type", "application/x-ndjson")]
                + (wait.map { [("Prefer", "wait=\($0)")] } ?? []),
            body: lines.joined(separator: "\n"))
    }

    private func answers(_ reply: Reply) throws -> [Reply] {
        reply.body.split(separator: UInt8(ascii: "\n")).map {
            Reply(status: reply.status, headers: reply.headers, body: Array($0))
        }
    }
}

extension Reply {
    /// What became of a line: the intent's status, or the kind of problem.
    fileprivate var word: String? { problem ?? text("status") }
}
