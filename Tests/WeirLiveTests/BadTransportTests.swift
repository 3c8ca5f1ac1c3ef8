import AMQPClient
import Testing
import WeirCore
import WeirTopology
import WeirWire

/// FAULTS.md, 'Bad input, AMQP': what can be wrong around a body. Properties, headers, routes; every case travels in
/// the middle of 499 honest wishes.
@Suite struct BadTransport {
    @Test func textsWithNULBecomeDeadLettersThatCanBeStored() async throws {
        let batch = try await BadBatch.make()
        let nul = "a\u{0}b"
        let bad: [OutgoingMessage] = [
            batch.honest("n0") { $0.properties.type = nul },
            batch.honest("n1") { $0.properties.contentType = nul },
            batch.honest("n2") { $0.properties.replyTo = nul },
            batch.honest("n3") { $0.properties.correlationID = nul },
            batch.honest("n4") {
                $0.properties.type = CommandKind.cancel.rawValue
                $0.properties.messageID = nul
            },
            // Nobody reads these of a message that can be decided, but a dead letter keeps them.
            batch.honest("n5") {
                $0.properties.appID = nul
                $0.properties.headers = FieldTable([(nul, .string(nul)), ("b", .bytes([0, 255]))])
            },
            batch.honest("n6") {
                $0.body = []
                $0.properties.appID = nul
                $0.properties.headers = FieldTable([(nul, .string(nul)), ("b", .bytes([0, 255]))])
            },
        ]
        let letters = try await batch.run(bad)
        #expect(
            letters.map(\.reason) == [
                "unknown_type", "invalid_property", "invalid_property", "invalid_property",
                "invalid_property", "malformed_json",
            ])
        #expect(try batch.room.count("select count(*) from intent where token = 'n5'") == 1)
    }

    @Test(arguments: [35_000, 131_000]) func deeplyNestedHeadersHurtNobody(size: Int) async throws {
        let batch = try await BadBatch.make()
        let bad = batch.honest("nested")
        let letters = try await batch.run([]) {
            // Each level of a table that holds a table takes 7 bytes on the wire.
            let headers = "Nest(\(size / 7 - 40), <<\"n\">>)"
            try await batch.publishRaw(bad, headers: headers)
            try await batch.publishRaw(batch.honest("undecidable") { $0.body = [] }, headers: headers)
        }
        #expect(letters.map(\.reason) == ["malformed_json"])
        #expect(try batch.room.count("select count(*) from intent where token = 'nested'") == 1)
    }

    @Test func spoofedDeathsAndCountsChangeNothing() async throws {
        let batch = try await BadBatch.make()
        let spoofed: [OutgoingMessage] = (0..<5).map { number in
            batch.honest("spoofed-\(number)") {
                $0.properties.headers = FieldTable([
                    ("x-delivery-count", .int(Int64(number) * 1_000_000)),
                    (
                        "x-death",
                        .array([.table(FieldTable([("count", .int(99)), ("reason", .string("x"))]))])
                    ),
                    ("x-first-death-queue", .string("weir.dead")),
                ])
            }
        }
        let letters = try await batch.run(spoofed) {
            // Once delivered and brought back: now the count is the broker's own, which is 1.
            let source = try LiveSourceOnThread(batch.room, partition: 0)
            #expect(try await source.fill(10).count == 10)
            try await source.close()
        }
        #expect(letters.isEmpty)
        #expect(try batch.room.count("select count(*) from intent where token like 'spoofed%'") == 5)
        #expect(try batch.room.count("select count(*) from suspect") == 0)
    }

    @Test func transientMessagesAreDecidedAndExpiredOnesAreKept() async throws {
        let batch = try await BadBatch.make()
        let letters = try await batch.run([
            batch.honest("transient") { $0.properties.deliveryMode = 1 },
            batch.honest("expired") { $0.properties.expiration = "0" },
        ])
        let room = batch.room
        #expect(try room.count("select count(*) from intent where token = 'transient'") == 1)
        // A message that the broker gave up stands in `weir.dead`, where it is kept.
        let decided = try room.count("select count(*) from intent where token = 'expired'")
        let connection = try room.connection()
        defer { connection.close() }
        let kept = try connection.checkQueue(BrokerTopology.dead).messageCount
        #expect(decided + kept + letters.count == 1)
    }

    @Test func aCopyInAnotherPartitionIsRefusedThere() async throws {
        let batch = try await BadBatch.make()
        let letters = try await batch.run([
            batch.honest("cc") { $0.properties.headers = FieldTable([("CC", .array([.string("1")]))]) },
            batch.honest("bcc") { $0.properties.headers = FieldTable([("BCC", .array([.string("1")]))]) },
        ])
        #expect(letters.map(\.reason) == ["wrong_partition", "wrong_partition"])
        #expect(try batch.room.count("select count(*) from intent where token in ('cc', 'bcc')") == 2)
        #expect(try batch.room.count("select sold from sku") == 501)
    }

    /// The broker adds its count to the headers of what comes back: one that filled a frame then no longer fits.
    @Test func headersThatFillAFrameSurviveARedelivery() async throws {
        let batch = try await BadBatch.make()
        let letters = try await batch.run([]) {
            var size = 130_950
            var outcome = Publisher.Outcome.timedOut
            repeat {
                let message = batch.honest("huge") { [size] in
                    $0.properties.headers = FieldTable([
                        ("x", .string(String(repeating: "x", count: size)))
                    ])
                }
                outcome = await batch.publisher.publish(message)
                size -= 1
            } while outcome != .confirmed && size > 130_700
            #expect(outcome == .confirmed)
            let source = try LiveSourceOnThread(batch.room, partition: 0)
            #expect(try await source.fill(501).count == 501)
            try await source.close()
        }
        #expect(letters.isEmpty)
        #expect(try batch.room.count("select count(*) from intent where token = 'huge'") == 1)
    }
}
