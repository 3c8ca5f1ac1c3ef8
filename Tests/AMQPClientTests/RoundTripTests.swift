import Testing

@testable import AMQPClient

extension WithBroker {
    @Suite struct RoundTrip {
        private let everything = MessageProperties(
            contentType: "application/json", contentEncoding: "utf-8", type: "weir.test.v1",
            messageID: "id-1",
            correlationID: "c-1", replyTo: "somewhere", expiration: "60000", appID: "tests", userID: nil,
            deliveryMode: 2, priority: 7, timestamp: 1_700_000_000,
            headers: [
                "bool": true, "int": -42, "big": .int(.min), "double": .double(1.5), "text": "größe",
                "empty": "", "bytes": .bytes([0, 255, 1]), "time": .timestamp(1_700_000_001),
                "decimal": .decimal(scale: 2, value: 12345), "void": .void,
                "array": .array([1, "two", .array([]), .table(["k": .bool(false)])]),
                "table": .table(["inner": .table(["deep": "value"])]),
            ])

        @Test func allPropertiesAndHeaderTypesSurvive() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            var properties = everything
            // The broker checks it against the login, whoever that is.
            properties.userID = try AMQPAddress(url).user
            let message = OutgoingMessage(
                exchange: "", routingKey: "q", properties: properties, body: [1, 2, 3])
            try await withPublisher(url) { #expect(await $0.publish(message) == .confirmed) }
            let delivery = try #require(try await drain(url, "q", 1).first)
            #expect(delivery.body == [1, 2, 3] && delivery.routingKey == "q" && delivery.exchange == "")
            #expect(delivery.deliveryTag == 1 && !delivery.redelivered && delivery.deliveryCount == nil)
            #expect(!delivery.consumerTag.isEmpty)
            // A table that goes through the broker may come back in another order.
            let headers = delivery.properties.headers
            for field in properties.headers.fields { #expect(headers[field.name] == field.value) }
            #expect(headers.count == properties.headers.count)
            var received = delivery.properties
            received.headers = properties.headers
            #expect(received == properties)
        }

        @Test func bodiesOfNoneAndOfFiveMebibytes() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let large = (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await withPublisher(url) { publisher in
                #expect(await publisher.publish(toQueue("q", [])) == .confirmed)
                #expect(await publisher.publish(toQueue("q", large)) == .confirmed)
                #expect(await publisher.publish(toQueue("q", [9])) == .confirmed)
            }
            #expect(try await drain(url, "q", 3).map(\.body) == [[], large, [9]])
        }

        @Test func getTakesOne() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await withPublisher(url) { #expect(await $0.publish(toQueue("q", [7])) == .confirmed) }
            try await onThread {
                let connection = try Connection(AMQPSettings(url: url))
                let delivery = try connection.get(queue: "q", noAck: true)
                #expect(delivery?.body == [7])
                #expect(try connection.get(queue: "q") == nil)
                connection.close()
            }
        }
    }
}
