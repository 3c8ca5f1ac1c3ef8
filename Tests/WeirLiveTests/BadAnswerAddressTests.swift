import AMQPClient
import Testing
import WeirCore
import WeirTopology

/// Answers go where a stranger says: whatever he writes there, the partition's own events go on.
@Suite struct BadAnswerAddresses {
    @Test func aQueueThatRefusesOrDoesNotExistStopsNobody() async throws {
        let batch = try await BadBatch.make()
        let connection = try batch.room.connection()
        try connection.declareQueue(
            name: "full",
            arguments: FieldTable([("x-max-length", .int(1)), ("x-overflow", .string("reject-publish"))]))
        connection.close()
        let long = String(repeating: "q", count: 255)
        let letters = try await batch.run([
            batch.honest("f0") { $0.properties.replyTo = "full" },
            batch.honest("f1") { $0.properties.replyTo = "full" },
            batch.honest("f2") { $0.properties.replyTo = "full" },
            batch.honest("f3") { $0.properties.replyTo = "nobody" },
            batch.honest("f4") { $0.properties.replyTo = long },
            batch.honest("f5") { $0.properties.replyTo = "" },
        ])
        #expect(letters.isEmpty)
        #expect(try batch.room.count("select count(*) from intent where token like 'f_'") == 6)
    }

    @Test func nobodyHasAWorkerWriteIntoWeirsOwnQueues() async throws {
        let batch = try await BadBatch.make()
        let names = ["weir.intents.p00", "weir.internal.p01", "weir.dead", "weir.events"]
        let letters = try await batch.run(
            names.enumerated().map { number, name in
                batch.honest("own-\(number)") { $0.properties.replyTo = name }
            })
        #expect(letters.map(\.reason) == names.map { _ in "invalid_property" })
        // Nothing was written there: the queue of the partition has decided nothing but what was sent.
        #expect(try batch.room.count("select count(*) from intent where token not like 'end%'") == 499)
    }

    /// RabbitMQ decodes the rest of such a name, and a publisher's channel does not survive one that it cannot.
    @Test(arguments: [
        "amq.rabbitmq.reply-to", "amq.rabbitmq.reply-to.x", "amq.rabbitmq.reply-to.%.%",
        "amq.rabbitmq.reply-to.g2dkAA==.x",
    ])
    func aMadeUpDirectReplyAddressStopsNobody(name: String) async throws {
        let batch = try await BadBatch.make()
        let letters = try await batch.run([]) {
            try await batch.publishRaw(batch.honest("direct"), replyTo: "<<\"\(name)\">>")
        }
        let decided = try batch.room.count("select count(*) from intent where token = 'direct'")
        #expect(decided + letters.count == 1)
    }

    /// Read as text, each of these bytes becomes three: more than a property holds when it is sent back.
    @Test func textThatIsNotUTF8ComesBackOrIsRefusedButStopsNobody() async throws {
        let batch = try await BadBatch.make()
        let bytes = "binary:copy(<<255>>, 255)"
        let letters = try await batch.run([]) {
            try await batch.publishRaw(batch.honest("b0"), replyTo: bytes)
            try await batch.publishRaw(batch.honest("b1"), correlationID: bytes)
        }
        let decided = try batch.room.count("select count(*) from intent where token in ('b0', 'b1')")
        #expect(decided + letters.count == 2)
    }
}
