import AMQPClient
import Testing
import WeirSandbox

extension WithBroker {
    @Suite struct Faults {
        @Test func aMissingExchangeClosesTheChannelAndItReconnects() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await withPublisher(url) { publisher in
                let ledger = Ledger(1000)
                var messages = (0..<1000).map { toQueue("q", text($0)) }
                messages[500].exchange = "no such exchange"
                publisher.publish(messages) { ledger.note($0, $1) }
                let outcomes = try await ledger.settled()
                #expect(outcomes[500].isUnavailable && outcomes[999].isUnavailable)
                #expect(outcomes.allSatisfy { $0 == .confirmed || $0.isUnavailable })
                try await eventually("reconnected") { publisher.reconnects == 1 && publisher.state == .ready }
                #expect(await publisher.publish(toQueue("q", [1])) == .confirmed)
            }
        }

        @Test func cutsUnderLoadLoseNoCompletion() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let rounds = 8
            let each = 3000
            try await withPublisher(url) { publisher in
                let ledger = Ledger(rounds * each)
                for round in 0..<rounds {
                    #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
                    let messages = (0..<each).map { toQueue("q", text(round * each + $0)) }
                    publisher.publish(messages) { ledger.note(round * each + $0, $1) }
                    try await eventually("some sent") { ledger.count > round * each }
                    publisher.cutConnection()
                    try await eventually("noticed") { publisher.reconnects == round + 1 }
                }
                let outcomes = try await ledger.settled()
                #expect(outcomes.allSatisfy { $0 == .confirmed || $0.isUnavailable })
                let confirmed = Set(outcomes.indices.filter { outcomes[$0] == .confirmed })
                let count = try await onThread {
                    let connection = try Connection(AMQPSettings(url: url))
                    defer { connection.close() }
                    return try connection.checkQueue("q").messageCount
                }
                let arrived = try await drain(url, "q", count).map {
                    Int(String(decoding: $0.body, as: UTF8.self))
                }
                #expect(confirmed.isSubset(of: arrived.compactMap { $0 }))
            }
        }

        @Test func theBrokerClosesTheConnection() async throws {
            let room = try await SharedSandbox.room()
            try await declare(room.amqpURL, "q")
            try await withPublisher(room.amqpURL) { publisher in
                #expect(await publisher.publish(toQueue("q", [1])) == .confirmed)
                try await rabbitmqctl(["close_all_connections", "--vhost", room.vhost, "test"])
                try await eventually("reconnected") { publisher.reconnects == 1 && publisher.state == .ready }
                #expect(await publisher.publish(toQueue("q", [2])) == .confirmed)
            }
        }

        @Test func aKilledBrokerIsFoundAgain() async throws {
            let room = try await SharedSandbox.room()
            try await declare(room.amqpURL, "q")
            let sandbox = try await SharedSandbox.get()
            try await withPublisher(room.amqpURL) { publisher in
                let ledger = Ledger(20_000)
                publisher.publish((0..<20_000).map { toQueue("q", text($0)) }) { ledger.note($0, $1) }
                try await eventually("some sent") { ledger.count > 0 }
                await sandbox.rabbitmq.kill()
                let outcomes = try await ledger.settled()
                #expect(outcomes.allSatisfy { $0 == .confirmed || $0.isUnavailable })
                #expect(await publisher.publish(toQueue("q", [])).isUnavailable)
                try await sandbox.rabbitmq.restart()
                #expect(await publisher.waitUntilReady(timeout: .seconds(60)))
                #expect(await publisher.publish(toQueue("q", [1])) == .confirmed)
            }
        }

        /// Nothing closes the connection of a frozen broker: only the missing heartbeats tell.
        @Test func aFrozenBrokerIsNoticedByBothSides() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let broker = try await SharedSandbox.get().rabbitmq
            try await withPublisher(
                url,
                { settings in
                    settings.amqp.heartbeatSeconds = 1
                    settings.confirmTimeoutSeconds = 20
                }
            ) { publisher in
                let consuming = Mailbox<Bool>()
                async let consumer = onThread {
                    var settings = AMQPSettings(url: url)
                    settings.heartbeatSeconds = 1
                    let connection = try Connection(settings)
                    try connection.consume(queue: "q")
                    _ = consuming.put(true)
                    let error = #expect(throws: AMQPError.self) {
                        try connection.nextDelivery(wait: .seconds(60))
                    }
                    return error?.kind
                }
                let started = try await onThread { consuming.take(waiting: .seconds(30)).count }
                #expect(started == 1)
                await broker.freeze()
                let start = ContinuousClock.now
                let outcome = await publisher.publish(toQueue("q", [1]))
                #expect(outcome.isUnavailable)
                let kind = try await consumer
                #expect(kind == .away)
                #expect(ContinuousClock.now - start < .seconds(8))
                broker.thaw()
                #expect(await publisher.waitUntilReady(timeout: .seconds(60)))
                #expect(await publisher.publish(toQueue("q", [2])) == .confirmed)
            }
        }

        @Test func withoutABrokerItAnswersAtOnceAndStops() async throws {
            let publisher = makePublisher("amqp://127.0.0.1:9")
            #expect(await publisher.publish(toQueue("q", [])).isUnavailable)
            let ledger = Ledger(10)
            publisher.publish((0..<10).map { toQueue("q", text($0)) }) { ledger.note($0, $1) }
            #expect(ledger.count == 10)
            #expect(await publisher.waitUntilReady(timeout: .milliseconds(50)) == false)
            let start = ContinuousClock.now
            try await onThread {
                #expect(publisher.waitUntilReady(timeout: .milliseconds(50)) == false)
                publisher.stop(drain: .seconds(5))
                publisher.stop(drain: .seconds(5))
            }
            #expect(ContinuousClock.now - start < .seconds(2))
            #expect(publisher.state == .stopped)
            #expect(await publisher.publish(toQueue("q", [])).isUnavailable)
            #expect(await publisher.waitUntilReady(timeout: .seconds(9)) == false)
        }

        @Test func stopDrainsWhatWasAccepted() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let publisher = makePublisher(url)
            #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
            let ledger = Ledger(10_000)
            publisher.publish((0..<10_000).map { toQueue("q", text($0)) }) { ledger.note($0, $1) }
            try await onThread { publisher.stop(drain: .seconds(20)) }
            #expect(ledger.count == 10_000)
            let outcomes = try await ledger.settled()
            #expect(outcomes.allSatisfy { $0 == .confirmed })
        }

        @Test func stopWithoutDrainCompletesTheRest() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let publisher = makePublisher(url)
            #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
            let ledger = Ledger(20_000)
            publisher.publish((0..<20_000).map { toQueue("q", text($0)) }) { ledger.note($0, $1) }
            try await onThread { publisher.stop(drain: .zero) }
            #expect(ledger.count == 20_000)
            let outcomes = try await ledger.settled()
            #expect(outcomes.allSatisfy { $0 == .confirmed || $0.isUnavailable })
        }

        @Test func aCancelledTaskIsAnsweredAndTheOthersToo() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await withPublisher(url) { publisher in
                let tasks = (0..<200).map { number in
                    Task { await publisher.publish(toQueue("q", text(number))) }
                }
                for task in tasks[..<100] { task.cancel() }
                for task in tasks[..<100] {
                    let outcome = await task.value
                    #expect(outcome == .confirmed || outcome.isUnavailable)
                }
                for task in tasks[100...] { #expect(await task.value == .confirmed) }
            }
        }
    }
}
