import Testing

@testable import AMQPClient

extension WithBroker {
    @Suite struct Opening {
        private func error(_ change: @Sendable (String) -> String) async throws -> AMQPError {
            let url = change(try await testBrokerURL())
            let start = ContinuousClock.now
            defer { #expect(ContinuousClock.now - start < .seconds(8)) }
            return try await onThread {
                do throws(AMQPError) {
                    _ = try Connection(AMQPSettings(url: url))
                } catch {
                    return error
                }
                throw TestFailure("connected to \(url)")
            }
        }

        @Test func wrongPasswordIsRefused() async throws {
            let error = try await error { url in
                let password = (try? AMQPAddress(url))?.password ?? ""
                return url.replacing(":\(password)@", with: ":hunter2@")
            }
            #expect(error.kind == .refused)
            #expect(error.message.contains("ACCESS_REFUSED") && !error.message.contains("hunter2"))
        }

        @Test func wrongVirtualHostIsRefused() async throws {
            let error = try await error { $0 + "-not-there" }
            #expect(error.kind == .refused)
            #expect(error.message.contains("vhost"))
        }

        @Test func closedPortAndUnknownHostAreAway() async throws {
            let closed = try await error { _ in "amqp://127.0.0.1:9" }
            #expect(closed.kind == .away && closed.message.contains("127.0.0.1:9"))
            #expect(try await error { _ in "amqp://no-such-host.invalid" }.kind == .away)
        }

        @Test func declaresLeaveTheConnectionUsable() async throws {
            let url = try await testBrokerURL()
            try await onThread {
                let connection = try Connection(AMQPSettings(url: url))
                let missing = #expect(throws: AMQPError.self) { try connection.checkQueue("nowhere") }
                #expect(missing?.kind == .missing)
                let noExchange = #expect(throws: AMQPError.self) { try connection.checkExchange("nowhere") }
                #expect(noExchange?.kind == .missing)
                try connection.declareQueue(name: "q", arguments: quorum)
                let mismatch = #expect(throws: AMQPError.self) { try connection.declareQueue(name: "q") }
                #expect(mismatch?.kind == .mismatch)
                let long = String(repeating: "q", count: 256)
                let invalid = #expect(throws: AMQPError.self) { try connection.checkQueue(long) }
                #expect(invalid?.kind == .invalid)
                try connection.declareExchange(name: "x", type: "topic")
                try connection.bindQueue(queue: "q", exchange: "x", routingKey: "#")
                try connection.unbindQueue(queue: "q", exchange: "x", routingKey: "#")
                let status = try connection.checkQueue("q")
                #expect(status == QueueStatus(name: "q", messageCount: 0, consumerCount: 0))
                let named = try connection.declareQueue(name: "", exclusive: true)
                #expect(named.name.hasPrefix("amq.gen"))
                #expect(try connection.purgeQueue("q") == 0)
                #expect(try connection.deleteQueue("q") == 0)
                try connection.deleteExchange("x")
                #expect(try connection.get(queue: named.name) == nil)
                connection.close()
                #expect(throws: AMQPError.self) { try connection.pump() }
            }
        }
    }
}
