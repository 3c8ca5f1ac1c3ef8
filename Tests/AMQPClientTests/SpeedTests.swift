import AMQPClient
import Foundation
import Testing

extension WithBroker {
    /// Numbers, not claims: `AMQP_SPEED=1 swift test -c release -Xswiftc -enable-testing --filter Speed`.
    @Suite(.enabled(if: ProcessInfo.processInfo.environment["AMQP_SPEED"] != nil))
    struct Speed {
        @Test func publishAndConsume() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let count = 300_000
            let body = Array(repeating: UInt8(ascii: "b"), count: 200)
            var properties = MessageProperties(
                contentType: "application/json", type: "weir.intent.submit.v1", deliveryMode: 2)
            func change(_ settings: inout Publisher.Settings) {
                settings.mailboxLimit = count
                settings.confirmTimeoutSeconds = 120
            }
            try await withPublisher(url, change) { publisher in
                for headers in [
                    FieldTable(), ["x-weir-partition": 1, "x-weir-seq": 2, "cloudEvents_id": "1-2"],
                ] {
                    properties.headers = headers
                    let messages = (0..<count).map { number in
                        properties.messageID = "token-number-\(number)"
                        return OutgoingMessage(
                            exchange: "", routingKey: "q", properties: properties, body: body)
                    }
                    let ledger = Ledger(count)
                    let start = now()
                    for first in stride(from: 0, to: count, by: 500) {
                        publisher.publish(Array(messages[first..<first + 500])) {
                            ledger.note(first + $0, $1)
                        }
                    }
                    let outcomes = try await ledger.settled(within: .seconds(120))
                    report("publish, \(headers.count) headers", count, start)
                    #expect(outcomes.allSatisfy { $0 == .confirmed })
                    let start2 = now()
                    #expect(try await drain(url, "q", count).count == count)
                    report("consume, \(headers.count) headers", count, start2)
                }
                let start = now()
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<64 {
                        group.addTask { for _ in 0..<500 { _ = await publisher.publish(toQueue("q", body)) } }
                    }
                }
                report("64 tasks, one by one", 32_000, start)
            }
        }

        /// Of the wall clock, which the broker shares; and what this process took of the processors for it.
        private func report(_ what: String, _ count: Int, _ start: (ContinuousClock.Instant, Double)) {
            let rate = Double(count) / ((ContinuousClock.now - start.0) / .seconds(1))
            let own = (now().1 - start.1) * 1_000_000 / Double(count)
            print("SPEED \(what): \(Int(rate)) messages/s, own CPU \((own * 10).rounded() / 10) µs each")
        }

        private func now() -> (ContinuousClock.Instant, Double) {
            (.now, Double(clock()) / Double(CLOCKS_PER_SEC))
        }
    }
}
