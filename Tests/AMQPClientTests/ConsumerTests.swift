import AMQPClient
import Testing

extension WithBroker {
    @Suite struct Consumers {
        private func fill(_ url: String, _ count: Int) async throws {
            try await declare(url, "q")
            try await withPublisher(url) { publisher in
                let ledger = Ledger(count)
                publisher.publish((0..<count).map { toQueue("q", text($0)) }) { ledger.note($0, $1) }
                let outcomes = try await ledger.settled()
                #expect(outcomes.allSatisfy { $0 == .confirmed })
            }
        }

        @Test func prefetchBoundsAndRedeliveriesComeFirstInOrder() async throws {
            let url = try await testBrokerURL()
            try await fill(url, 30)
            for round in 0..<3 {
                let deliveries = try await onThread {
                    let connection = try Connection(AMQPSettings(url: url))
                    try connection.qos(prefetch: 10)
                    try connection.consume(queue: "q")
                    var deliveries: [Delivery] = []
                    while deliveries.count < 10, let next = try connection.nextDelivery(wait: .seconds(10)) {
                        deliveries.append(next)
                    }
                    #expect(try connection.nextDelivery(wait: .milliseconds(200)) == nil)
                    #expect(try connection.nextDelivery(wait: .zero) == nil)
                    connection.abandon()
                    return deliveries
                }
                #expect(deliveries.map(\.body) == (0..<10).map(text))
                #expect(deliveries.allSatisfy { $0.redelivered == (round > 0) })
                #expect(deliveries.allSatisfy { $0.deliveryCount == (round == 0 ? nil : round) })
                try await eventually("the broker has taken them back") {
                    try await onThread {
                        let connection = try Connection(AMQPSettings(url: url))
                        defer { connection.close() }
                        return try connection.checkQueue("q").messageCount == 30
                    }
                }
            }
            #expect(try await drain(url, "q", 30).map(\.body) == (0..<30).map(text))
        }

        @Test func aDeletedQueueEndsTheSubscription() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await onThread {
                let consumer = try Connection(AMQPSettings(url: url))
                try consumer.consume(queue: "q")
                let other = try Connection(AMQPSettings(url: url))
                try other.deleteQueue("q")
                other.close()
                let error = #expect(throws: AMQPError.self) { try consumer.nextDelivery(wait: .seconds(10)) }
                #expect(error?.kind == .consumerCancelled)
                #expect(error?.message.contains("queue q") == true)
                consumer.close()
            }
        }

        @Test func anUnknownTagClosesTheChannel() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await onThread {
                let connection = try Connection(AMQPSettings(url: url))
                try connection.consume(queue: "q")
                try connection.ack(upTo: 99)
                let error = #expect(throws: AMQPError.self) {
                    try connection.nextDelivery(wait: .seconds(10))
                }
                #expect(error?.kind == .mismatch)
                #expect(throws: AMQPError.self) { try connection.ack(upTo: 1) }
                connection.close()
            }
        }

        @Test func aCutFromAnotherThreadEndsTheWait() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let handles = Mailbox<SocketHandle>()
            async let outcome = onThread {
                let connection = try Connection(AMQPSettings(url: url))
                try connection.consume(queue: "q")
                _ = handles.put(connection.socketHandle)
                let error = #expect(throws: AMQPError.self) {
                    try connection.nextDelivery(wait: .seconds(60))
                }
                return error?.kind
            }
            let handle = try await onThread { handles.take(upTo: 1, waiting: .seconds(20)).first }
            handle?.cut()
            #expect(try await outcome == .away)
            // After the connection is gone it does nothing.
            handle?.cut()
        }

        @Test func pumpKeepsWhatArrivesAndTheConnectionAlive() async throws {
            let url = try await testBrokerURL()
            try await fill(url, 100)
            try await onThread {
                var settings = AMQPSettings(url: url)
                settings.heartbeatSeconds = 1
                let connection = try Connection(settings)
                try connection.qos(prefetch: 50)
                try connection.consume(queue: "q")
                // Three heartbeats' time, in which only pump is called.
                let end = ContinuousClock.now + .seconds(4)
                let timer = Mailbox<Int>()
                while ContinuousClock.now < end {
                    try connection.pump()
                    timer.wait(.milliseconds(100))
                }
                #expect(connection.hasInput)
                for number in 0..<100 {
                    let delivery = try connection.nextDelivery(wait: .seconds(10))
                    #expect(delivery?.body == text(number))
                    if let delivery { try connection.ack(upTo: delivery.deliveryTag, multiple: false) }
                }
                connection.close()
            }
        }
    }
}
