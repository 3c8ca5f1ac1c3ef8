import AMQPClient
import Logging
import ServiceLifecycle
import Testing
import WeirCore
import WeirSandbox
import WeirTopology

@testable import WeirProducer

/// What a producer says when there is no outcome, and what it does about it.
@Suite struct ProducerFailureTests {
    @Test func withoutAWorkerItIsUndecidedAndALaterRetryGetsTheOutcome() async throws {
        try await ProducerRoom.with { room in
            try await room.define("tea", 5)
            let start = ContinuousClock.now
            let error = await failure { () async throws(ProducerError) in
                try await room.producer.submit(wish("a"), timeout: .milliseconds(500))
            }
            #expect(error == .undecided && error?.isRetriable == true)
            #expect(error?.description.contains("see whether workers run") == true)
            #expect(ContinuousClock.now - start < .seconds(5))
            try await room.withWorkers {
                let outcome = try await room.producer.submit(wish("a"))
                #expect(outcome.status == .reserved)
                #expect(try room.count("select held::int from sku where sku = 'tea'") == 1)
            }
        }
    }

    @Test func aWaitOutlivesTheLossOfItsConnections() async throws {
        try await ProducerRoom.with { room in
            try await room.define("tea", 5)
            let waited = Task { try await room.producer.submit(wish("a")) }
            try await room.untilWaiting(1)
            let sandbox = try await SharedSandbox.get()
            let before = room.producer.core.publisher.reconnects
            try await sandbox.runRabbitmqctl([
                "close_all_connections", "--vhost", room.room.vhost, "test",
            ])
            try await eventually("it has reconnected") {
                room.producer.core.publisher.reconnects > before && room.producer.isReady
            }
            try await room.withWorkers {
                let outcome = try await waited.value
                #expect(outcome.status == .reserved)
                #expect(try room.count("select held::int from sku where sku = 'tea'") == 1)
            }
        }
    }

    @Test func aFullQueueAndAMissingOneSaySo() async throws {
        let room = try await SharedSandbox.room()
        let url = room.amqpURL
        try await offAsyncThreads {
            Result {
                let connection = try Connection(AMQPSettings(url: url, connectionName: "test"))
                defer { connection.close() }
                try connection.declareExchange(name: BrokerTopology.intents, type: "direct")
                try connection.declareExchange(name: BrokerTopology.events, type: "topic")
                try connection.declareQueue(
                    name: BrokerTopology.intentsQueue(0),
                    arguments: ["x-queue-type": "quorum", "x-max-length": 5, "x-overflow": "reject-publish"])
                try connection.bindQueue(
                    queue: BrokerTopology.intentsQueue(0), exchange: BrokerTopology.intents, routingKey: "0")
            }
        }.get()
        // Two partitions, and a queue for one of them.
        let producer = try Producer(ProducerSettings(amqpURL: url), partitions: 2, logger: .quiet)
        let partitioning = producer.core.partitioning
        func sku(in partition: Int) -> String {
            (0...).lazy.map { "sku-\($0)" }.first {
                partitioning.partition(of: SKU(unchecked: $0)) == partition
            }!
        }
        var refused: ProducerError?
        for number in 0..<200 where refused == nil {
            do throws(ProducerError) {
                try await producer.enqueue(wish("t\(number)", sku(in: 0)))
            } catch {
                refused = error
            }
        }
        #expect(refused == .queueFull)
        let missing = await failure { () async throws(ProducerError) in
            try await producer.submit(wish("m", sku(in: 1)))
        }
        guard case .unroutable = missing else { throw TestFailure("\(String(describing: missing))") }
        #expect(missing?.description.contains("weir topology apply") == true)
        await producer.close()
    }

    @Test func aBrokerWithoutTopologyOrWithoutItselfOrWithBadSettingsIsNamedWhenConnecting() async throws {
        func error(_ settings: ProducerSettings) async -> ProducerError? {
            do throws(ProducerError) {
                await (try Producer.connect(settings, logger: .quiet)).close()
                return nil
            } catch {
                return error
            }
        }
        let url = try await SharedSandbox.room().amqpURL
        guard case .unroutable = await error(ProducerSettings(amqpURL: url)) else {
            throw TestFailure("an empty broker has no topology")
        }
        guard case .disconnected = await error(ProducerSettings(amqpURL: "amqp://127.0.0.1:1")) else {
            throw TestFailure("nobody listens there")
        }
        var settings = ProducerSettings(amqpURL: "http://somewhere")
        guard case .invalid(let wrong) = await error(settings) else { throw TestFailure("no AMQP URL") }
        #expect(wrong.map(\.field) == ["amqpURL"])
        settings.name = "with.dot"
        settings.confirmSeconds = 1
        guard case .invalid(let flaws) = await error(settings) else { throw TestFailure("bad settings") }
        #expect(flaws.map(\.field) == ["name", "confirmSeconds"])
        #expect(throws: ProducerError.self) {
            try Producer(ProducerSettings(amqpURL: url), partitions: 0, logger: .quiet)
        }
    }

    // MARK: Its end

    @Test func aCancelledTaskDoesNotWaitOn() async throws {
        try await ProducerRoom.with { room in
            try await room.define("tea", 5)
            let task = Task {
                await failure { () async throws(ProducerError) in try await room.producer.submit(wish("a")) }
            }
            try await room.untilWaiting(1)
            let start = ContinuousClock.now
            task.cancel()
            #expect(await task.value == .cancelled)
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(room.producer.core.desk.count == 0)
        }
    }

    @Test func aCloseWaitsForWhatIsUnderWayAndTakesNothingMoreIn() async throws {
        try await ProducerRoom.with { room in
            try await room.define("tea", 5)
            let waited = Task { try await room.producer.submit(wish("a")) }
            try await room.untilWaiting(1)
            let closed = Task { await room.producer.close(grace: .seconds(60)) }
            try await eventually("it closes") { room.producer.isClosed }
            let late = await failure { () async throws(ProducerError) in
                try await room.producer.submit(wish("b"))
            }
            #expect(late == .closed)
            try await room.withWorkers {
                let outcome = try await waited.value
                #expect(outcome.status == .reserved)
            }
            await closed.value
            #expect(room.producer.core.publisher.state == .stopped)
            #expect(try room.count("select count(*)::int from intent") == 1)
        }
    }

    @Test func aCloseEndsTheWaitWhenItsGraceIsOver() async throws {
        try await ProducerRoom.with { room in
            try await room.define("tea", 5)
            let waited = Task {
                await failure { () async throws(ProducerError) in try await room.producer.submit(wish("a")) }
            }
            try await room.untilWaiting(1)
            await room.producer.close(grace: .milliseconds(100))
            let error = await waited.value
            #expect(error == .undecided)
        }
    }

    @Test func asAServiceItClosesWhenTheGroupShutsDown() async throws {
        try await ProducerRoom.with { room in
            let group = ServiceGroup(services: [room.producer], logger: .quiet)
            let running = Task { try await group.run() }
            try await room.producer.enqueue(wish("a"))
            await group.triggerGracefulShutdown()
            try await running.value
            #expect(room.producer.core.publisher.state == .stopped)
            await #expect(throws: ProducerError.closed) { try await room.producer.enqueue(wish("b")) }
        }
    }

    @Test func oneThatNobodyHoldsAnyMoreEndsItsThreads() async throws {
        let url = try await SharedSandbox.room().amqpURL
        var producer: Producer? = try Producer(ProducerSettings(amqpURL: url), partitions: 1, logger: .quiet)
        weak let core = producer?.core
        weak let listener = producer?.core.listener
        try await eventually("it is connected") { producer?.core.publisher.state == .ready }
        producer = nil
        try await eventually("it is gone") { core == nil && listener == nil }
    }
}
