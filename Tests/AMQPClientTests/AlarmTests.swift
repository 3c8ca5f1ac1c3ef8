import AMQPClient
import Testing

extension WithBroker {
    @Suite struct Alarms {
        private func withAlarm(_ body: () async throws -> Void) async throws {
            try await rabbitmqctl(["set_vm_memory_high_watermark", "0.0001"])
            do {
                try await body()
            } catch {
                try await rabbitmqctl(["set_vm_memory_high_watermark", "absolute", "2GB"])
                throw error
            }
            try await rabbitmqctl(["set_vm_memory_high_watermark", "absolute", "2GB"])
        }

        @Test func anAlarmBlocksAndPassesAway() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await withPublisher(url, { $0.confirmTimeoutSeconds = 2 }) { publisher in
                #expect(await publisher.publish(toQueue("q", [1])) == .confirmed)
                try await withAlarm {
                    try await eventually("not confirmed any more") {
                        let outcome = await publisher.publish(toQueue("q", [2]))
                        return outcome == .timedOut || outcome.isUnavailable
                    }
                    try await eventually("blocked") {
                        if case .blocked = publisher.state { true } else { false }
                    }
                    let start = ContinuousClock.now
                    #expect(await publisher.publish(toQueue("q", [3])).isUnavailable)
                    #expect(ContinuousClock.now - start < .milliseconds(500))
                }
                try await eventually("ready again", within: .seconds(30)) { publisher.state == .ready }
                #expect(await publisher.publish(toQueue("q", [4])) == .confirmed)
                #expect(publisher.reconnects == 0)
            }
        }

        /// More than the socket's buffers hold: the thread hangs in C until the watchdog cuts it free.
        @Test func theWatchdogEndsAPublishThatHangs() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            func settings(_ settings: inout Publisher.Settings) {
                settings.confirmTimeoutSeconds = 3
                settings.stallLimitSeconds = 2
            }
            try await withPublisher(url, settings) { publisher in
                #expect(await publisher.publish(toQueue("q", [1])) == .confirmed)
                try await withAlarm {
                    let body = Array(repeating: UInt8(1), count: 4 << 20)
                    let ledger = Ledger(20)
                    publisher.publish((0..<20).map { _ in toQueue("q", body) }) { ledger.note($0, $1) }
                    let outcomes = try await ledger.settled(within: .seconds(15))
                    #expect(outcomes.last?.isUnavailable == true || outcomes.last == .timedOut)
                    try await eventually("cut") { publisher.reconnects >= 1 }
                }
                try await eventually("works again", within: .seconds(60)) {
                    await publisher.publish(toQueue("q", [4])) == .confirmed
                }
            }
        }
    }
}
