import AMQPClient
import Testing
import WeirCore
import WeirLive
import WeirPipeline
import WeirSimulation

/// One suite for the queue in memory and the real one.
@Suite struct SourceConformance {
    @Test(arguments: Ports.allCases) func deliveriesComeInOrderAndNoMoreThanAsked(_ ports: Ports) async throws
    {
        try await QueueUnderTest.with(ports) { queue in
            try queue.publish(0..<10)
            let source = try queue.open()
            #expect(try source.fill(limit: 0, wait: .zero).isEmpty)
            let first = try source.take(4)
            #expect(first.map(\.number) == [0, 1, 2, 3])
            #expect(first.allSatisfy { !$0.redelivered && $0.deliveryCount == 0 })
            let rest = try source.take(6)
            #expect(rest.map(\.number) == [4, 5, 6, 7, 8, 9])
            #expect((first + rest).map(\.tag) == (first + rest).map(\.tag).sorted())
            #expect(try source.fill(limit: 10, wait: .milliseconds(20)).isEmpty)
            source.close()
        }
    }

    @Test(arguments: Ports.allCases) func noMoreThanThePrefetchIsOnItsWay(_ ports: Ports) async throws {
        try await QueueUnderTest.with(ports) { queue in
            try queue.publish(0..<2_100)
            let source = try queue.open()
            let filled = try source.take(2_000)
            #expect(filled.count == 2_000)
            #expect(try source.fill(limit: 100, wait: .milliseconds(50)).isEmpty)
            #expect(try !source.isDrained())
            try source.acknowledge(through: filled[49].tag)
            #expect(try source.take(50).map(\.number) == Array(2_000..<2_050))
            #expect(try source.fill(limit: 100, wait: .milliseconds(50)).isEmpty)
            source.close()
        }
    }

    @Test(arguments: Ports.allCases)
    func whatIsNotAcknowledgedComesBackInOrderAndIsCounted(_ ports: Ports) async throws {
        try await QueueUnderTest.with(ports) { queue in
            try queue.publish(0..<10)
            let first = try queue.open()
            let filled = try first.take(6)
            try first.acknowledge(through: filled[3].tag)
            first.close()
            // Those that were sent and not filled come back like the others.
            let second = try queue.open()
            let again = try second.take(6)
            #expect(again.map(\.number) == [4, 5, 6, 7, 8, 9])
            #expect(again.allSatisfy { $0.redelivered && $0.deliveryCount == 1 })
            second.close()
            let third = try queue.open()
            let last = try third.take(6)
            #expect(last.map(\.number) == [4, 5, 6, 7, 8, 9])
            #expect(last.allSatisfy { $0.redelivered && $0.deliveryCount == 2 })
            try third.acknowledge(through: last[5].tag)
            third.close()
            let fourth = try queue.open()
            #expect(try fourth.fill(limit: 10, wait: .milliseconds(50)).isEmpty)
            fourth.close()
        }
    }

    @Test(arguments: Ports.allCases) func aDrainedQueueHasNothingThatWasNotDelivered(_ ports: Ports)
        async throws
    {
        try await QueueUnderTest.with(ports) { queue in
            let source = try queue.open()
            #expect(try source.isDrained())
            try queue.publish(0..<5)
            let filled = try source.take(1)
            // The other four are delivered and not filled: they count as delivered.
            #expect(try source.isDrained())
            #expect(filled.map(\.number) == [0])
            #expect(try source.take(4).map(\.number) == [1, 2, 3, 4])
            source.close()
        }
    }

    @Test(arguments: Ports.allCases) func onlyOneConsumerIsActive(_ ports: Ports) async throws {
        try await QueueUnderTest.with(ports) { queue in
            let first = try queue.open()
            let second = try queue.open()
            try queue.publish(0..<3)
            #expect(try first.take(3).count == 3)
            #expect(try second.fill(limit: 3, wait: .milliseconds(50)).isEmpty)
            try second.pump()
            first.close()
            #expect(try second.take(3).map(\.number) == [0, 1, 2])
            second.close()
        }
    }
}

/// A partition's queue behind either port, for one thread.
private final class QueueUnderTest {
    private let broker: SimulatedBroker?
    private let room: LiveRoom?

    static func with(
        _ ports: Ports, _ body: @escaping @Sendable (QueueUnderTest) throws -> Void
    ) async throws {
        let room = ports == .real ? try await LiveRoom.make(partitions: 1) : nil
        try await onThread { try body(QueueUnderTest(room)) }
    }

    private init(_ room: LiveRoom?) {
        self.room = room
        broker = room == nil ? SimulatedBroker() : nil
    }

    /// Publishes numbers, and returns when the broker has confirmed all of them.
    func publish(_ numbers: Range<Int>) throws {
        if let broker {
            for number in numbers {
                broker.publish(Delivery(tag: 0, type: nil, body: Array(String(number).utf8)), to: 0)
            }
        }
        guard let room else { return }
        let publisher = room.publisher()
        guard publisher.waitUntilReady(timeout: .seconds(20)) else { throw TestTrouble("no broker") }
        let confirmed = Counter()
        let messages = numbers.map { number in
            var message = room.message(submit("t", "s"))
            message.body = Array(String(number).utf8)
            return message
        }
        publisher.publish(messages) { _, outcome in if outcome == .confirmed { _ = confirmed.next() } }
        publisher.stop(drain: .seconds(20))
        guard confirmed.count == numbers.count else { throw TestTrouble("not confirmed") }
    }

    func open() throws -> any DeliverySource {
        if let broker { return broker.openSource(partition: 0) }
        guard let room else { throw TestTrouble("no room") }
        return try LiveDeliverySource(AMQPSettings(url: room.amqpURL, connectionName: "test"), partition: 0)
    }
}

extension DeliverySource {
    /// Exactly so many deliveries, or as many as come within ten seconds.
    fileprivate func take(_ count: Int) throws -> [WeirPipeline.Delivery] {
        var taken: [WeirPipeline.Delivery] = []
        let deadline = ContinuousClock.now + .seconds(10)
        while taken.count < count, ContinuousClock.now < deadline {
            taken += try fill(limit: count - taken.count, wait: .milliseconds(50))
        }
        return taken
    }
}

extension WeirPipeline.Delivery {
    fileprivate var number: Int { Int(String(decoding: body, as: UTF8.self)) ?? -1 }
}
