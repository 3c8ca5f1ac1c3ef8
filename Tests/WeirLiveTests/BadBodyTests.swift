import AMQPClient
import Testing
import WeirCore
import WeirTopology

/// FAULTS.md, 'Bad input, AMQP': what can be wrong with a body or with what the properties say of it. Every case
/// travels in the middle of 499 honest wishes.
@Suite struct BadBodies {
    static let cases: [(name: String, reason: String, spoil: @Sendable (inout OutgoingMessage) -> Void)] = [
        ("empty", "malformed_json", { $0.body = [] }),
        ("truncated", "malformed_json", { $0.body.removeLast(9) }),
        ("not JSON", "malformed_json", { $0.body = Array("buy!".utf8) }),
        ("invalid UTF-8", "malformed_json", { $0.body = Array(#"{"token":""#.utf8) + [0xFF, 0xFE] }),
        (
            "deeply nested", "malformed_json",
            { $0.body = Array(repeating: UInt8(ascii: "["), count: 60_000) }
        ),
        ("no type", "missing_property", { $0.properties.type = nil }),
        ("unknown type", "unknown_type", { $0.properties.type = "weir.intent.steal.v1" }),
        ("unknown version", "unknown_type", { $0.properties.type = "weir.intent.submit.v2" }),
        ("another content type", "invalid_property", { $0.properties.contentType = "text/xml" }),
        (
            "no command id", "missing_property",
            {
                $0.properties.type = CommandKind.cancel.rawValue
                $0.properties.messageID = nil
            }
        ),
        ("no buyer", "missing_field", { $0.replace(#","buyer":"b""#, with: "") }),
        ("unknown field", "unknown_field", { $0.replace(#"{"#, with: #"{"colour":1,"#) }),
        ("quantity 0", "invalid_field", { $0.replace(#""quantity":1"#, with: #""quantity":0"#) }),
        ("quantity below 0", "invalid_field", { $0.replace(#""quantity":1"#, with: #""quantity":-1"#) }),
        ("quantity 1.5", "invalid_field", { $0.replace(#""quantity":1"#, with: #""quantity":1.5"#) }),
        ("quantity as text", "invalid_field", { $0.replace(#""quantity":1"#, with: #""quantity":"1""#) }),
        (
            "quantity above Int32", "invalid_field",
            { $0.replace(#""quantity":1"#, with: #""quantity":2147483648"#) }
        ),
        ("quantity 1e400", "invalid_field", { $0.replace(#""quantity":1"#, with: #""quantity":1e400"#) }),
        ("NUL in the buyer", "invalid_field", { $0.replace(#""b""#, with: #""b\u0000""#) }),
        ("NUL in the token", "invalid_field", { $0.replace("bad", with: #"bad\u0000"#) }),
        ("5 MiB", "too_large", { $0.body = Array(repeating: UInt8(ascii: " "), count: 5 << 20) }),
    ]

    @Test func everyBadBodyBecomesADeadLetterAndTheOthersAreDecided() async throws {
        let batch = try await BadBatch.make()
        let bad = Self.cases.enumerated().map { position, one in
            batch.honest("bad-\(position)", one.spoil)
        }
        let letters = try await batch.run(bad)
        let reasons = letters.map(\.reason)
        #expect(letters.count == Self.cases.count)
        for (position, one) in Self.cases.enumerated() where position < reasons.count {
            #expect(reasons[position] == one.reason, "\(one.name)")
        }
        #expect(letters.allSatisfy { $0.seen == 1 })
        #expect(try batch.room.count("select count(*) from intent where token like 'bad%'") == 0)
        // Kept as it came, byte for byte.
        #expect(try batch.room.count("select max(length(body)) from dead_letter") == 5 << 20)
    }

    @Test func aSKUOfAnotherPartitionIsRefusedWithItsHome() async throws {
        let batch = try await BadBatch.make()
        let stray = submit("stray", batch.room.sku(in: 1))
        let letters = try await batch.run([
            batch.honest("unused") {
                $0.body = stray.body
                $0.properties.messageID = "stray"
            }
        ])
        #expect(letters.map(\.reason) == ["wrong_partition"])
        let detail = try batch.room.texts("select detail from dead_letter")
        #expect(detail.allSatisfy { $0.contains("routing key 1") })
    }

    @Test func theSameBadMessageTwiceInABatchIsOneLetterSeenTwice() async throws {
        let batch = try await BadBatch.make()
        let bad = batch.honest("bad") { $0.body = [] }
        let letters = try await batch.run([bad, bad, bad])
        #expect(letters == [.init(reason: "malformed_json", seen: 3)])
    }

    @Test func theSameTokenAgainIsAnsweredAndWithAnotherPayloadIsAConflict() async throws {
        let batch = try await BadBatch.make()
        let again = batch.honest("good-7")
        let other = batch.honest("good-8") { $0.replace(#""quantity":1"#, with: #""quantity":2"#) }
        let letters = try await batch.run([again, again, other, other])
        #expect(letters.isEmpty)
        let room = batch.room
        #expect(try room.count("select count(*) from event where type = 'weir.token.conflict.v1'") == 2)
        #expect(try room.count("select sold from sku") == 499)
    }
}

extension OutgoingMessage {
    /// Replaces text in the body.
    mutating func replace(_ old: String, with new: String) {
        let text = String(decoding: body, as: UTF8.self)
        guard let range = text.firstRange(of: old) else {
            Issue.record("the body does not hold \(old)")
            return
        }
        body = Array(text.replacingCharacters(in: range, with: new).utf8)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
