import CRabbitMQ
import Testing

@testable import AMQPClient

extension WithBroker {
    @Suite struct Hostile {
        /// Publishes what our own encoder refuses, with the library's.
        private static func send(
            _ url: String, headers: (Arena) -> amqp_table_t,
            change: (inout amqp_basic_properties_t, Arena) -> Void
        ) throws {
            let connection = try Connection(AMQPSettings(url: url))
            let arena = Arena()
            var properties = amqp_basic_properties_t()
            properties.headers = headers(arena)
            properties._flags = amqp_flags_t(bitPattern: AMQP_BASIC_HEADERS_FLAG)
            change(&properties, arena)
            let status = amqp_basic_publish(
                try connection.usable(), 1, amqp_empty_bytes, arena.bytes("q"), 0, 0, &properties,
                arena.bytes("x"))
            guard status == 0 else { throw TestFailure("publish: \(status)") }
            _ = try connection.checkQueue("q")
            connection.close()
        }

        private static func nested(_ levels: Int, _ arena: Arena) -> amqp_table_t {
            var table = amqp_empty_table
            for _ in 0..<levels {
                let entry = arena.allocate(amqp_table_entry_t.self, count: 1)
                var value = amqp_field_value_t()
                value.kind = UInt8(ascii: "F")
                value.value.table = table
                entry.initialize(to: amqp_table_entry_t(key: arena.bytes("n"), value: value))
                table = amqp_table_t(num_entries: 1, entries: entry)
            }
            return table
        }

        private static func depth(_ table: FieldTable) -> Int {
            if case .table(let inner) = table.fields.first?.value { 1 + depth(inner) } else { 1 }
        }

        /// Seven bytes a level.
        @Test(arguments: [35_000, 130_000]) func nestedTablesAreCutOff(bytes: Int) async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await onThread {
                try Self.send(url, headers: { Self.nested(bytes / 7, $0) }, change: { _, _ in })
            }
            let delivery = try #require(try await drain(url, "q", 1).first)
            #expect(delivery.body == [UInt8(ascii: "x")])
            #expect(
                try await onThread { Self.depth(delivery.properties.headers) } == FieldDecoding.deepestLevel)
        }

        @Test func bytesThatAreNoTextAndNamesThatRepeat() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let garbage: [UInt8] = [0xFF, 0xC0, 0x00, 0x41]
            try await onThread {
                try Self.send(
                    url,
                    headers: { arena in
                        let entries = arena.allocate(amqp_table_entry_t.self, count: 4)
                        for index in 0..<4 {
                            var value = amqp_field_value_t()
                            value.kind = UInt8(ascii: "S")
                            value.value.bytes = arena.bytes(index < 2 ? garbage : text(index))
                            let key = index == 0 ? arena.bytes(garbage) : arena.bytes("twice")
                            (entries + index).initialize(to: amqp_table_entry_t(key: key, value: value))
                        }
                        return amqp_table_t(num_entries: 4, entries: entries)
                    },
                    change: { properties, arena in
                        properties.message_id = arena.bytes(garbage)
                        properties.type = arena.bytes(garbage)
                        properties.content_type = arena.bytes(garbage)
                        properties._flags |= amqp_flags_t(
                            AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG)
                    })
            }
            let delivery = try #require(try await drain(url, "q", 1).first)
            #expect(delivery.properties.messageID == "\u{FFFD}\u{FFFD}\0A")
            #expect(delivery.properties.headers.count == 4)
            #expect(delivery.properties.headers["twice"] == .bytes(garbage))
            #expect(delivery.properties.headers.fields.filter { $0.name == "twice" }.count == 3)
        }

        @Test func aForgedDeliveryCountIsOverwrittenByTheBroker() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            var message = toQueue("q", [])
            message.properties.headers = [("x-delivery-count", 77), ("x-delivery-count", 78)]
            try await withPublisher(url) { [message] in #expect(await $0.publish(message) == .confirmed) }
            let counts = try await onThread {
                try (0..<2).map { _ in
                    let connection = try Connection(AMQPSettings(url: url))
                    defer { connection.abandon() }
                    try connection.consume(queue: "q")
                    let delivery = try connection.nextDelivery(wait: .seconds(10))
                    return [delivery?.deliveryCount ?? -1, delivery?.redelivered == true ? 1 : 0]
                }
            }
            #expect(counts == [[77, 0], [1, 1]])
        }
    }
}
