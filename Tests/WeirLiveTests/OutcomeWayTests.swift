import AMQPClient
import Testing
import WeirCore
import WeirLive
import WeirPipeline
import WeirTopology
import WeirWire

/// Outcomes for those who wait have a publisher of their own, and reach them by that of events where theirs is shut.
@Suite struct OutcomeWayTests {
    private static let queue = BrokerTopology.ingressQueuePrefix + "way"

    private func events(correlation: (Int) -> String) -> [LoggedEvent] {
        (1...3).map {
            LoggedEvent(
                seq: Int64($0), at: Timestamp(microseconds: 0), type: "weir.intent.confirmed.v1", sku: "s",
                token: "t\($0)", replyTo: Self.queue, correlationID: correlation($0), body: Array("{}".utf8))
        }
    }

    private enum Way: CaseIterable { case open, never, ended }

    /// What an ingress's queue gets of a batch, and the receipts for its events.
    private func send(
        _ way: Way = .open, correlation: @escaping @Sendable (Int) -> String
    ) async throws -> (arrived: [AMQPClient.Delivery], receipts: Set<Int64>) {
        let room = try await LiveRoom.make()
        let (publisher, own) = (room.publisher(), way == .never ? nil : room.publisher())
        #expect(await publisher.waitUntilReady(timeout: .seconds(60)))
        if let own { #expect(await own.waitUntilReady(timeout: .seconds(60))) }
        let nowhere = Publisher(
            settings: .init(amqp: AMQPSettings(url: "amqp://127.0.0.1:1", connectionName: "nowhere")),
            logger: .quiet)
        let events = events(correlation: correlation)
        let result = try await onThread { () throws -> ([AMQPClient.Delivery], Set<Int64>) in
            defer {
                for publisher in [publisher, own, nowhere] { publisher?.stop(drain: .seconds(1)) }
            }
            let connection = try room.connection()
            defer { connection.close() }
            try connection.declareQueue(name: Self.queue, durable: false, exclusive: true, autoDelete: true)
            try connection.bindQueue(
                queue: Self.queue, exchange: BrokerTopology.events, routingKey: Self.queue)
            try connection.consume(queue: Self.queue, noAck: true, exclusive: true)
            if way == .ended { own?.stop(drain: .zero) }
            let sink = LiveEventSink(publisher, outcomes: own ?? nowhere, partition: 0)
            sink.send(events, epoch: 1)
            var (arrived, receipts) = ([AMQPClient.Delivery](), Set<Int64>())
            let deadline = ContinuousClock.now + .seconds(60)
            while receipts.count < 3 || arrived.isEmpty, ContinuousClock.now < deadline {
                receipts.formUnion(sink.takeReceipts().filter(\.confirmed).map(\.seq))
                if let next = try connection.nextDelivery(wait: .milliseconds(50)) { arrived.append(next) }
            }
            while let next = try connection.nextDelivery(wait: .milliseconds(200)) { arrived.append(next) }
            return (arrived, receipts)
        }
        return (arrived: result.0, receipts: result.1)
    }

    @Test(.timeLimit(.minutes(2)), arguments: Way.allCases)
    private func outcomesArriveInOneMessageWhetherTheirWayIsOpenOrShut(_ way: Way) async throws {
        let (arrived, receipts) = try await send(way) { "\($0)" }
        #expect(receipts == [1, 2, 3])
        #expect(arrived.map(\.properties.type) == [Bundle.outcomes])
        #expect(arrived.first?.properties.headers[Bundle.correlationHeader] == .string("1,2,3"))
    }

    /// Five hundred of them would not fit into a frame, and the broker would get none.
    @Test(.timeLimit(.minutes(2))) func anOutcomeWithALongCorrelationIDTravelsAlone() async throws {
        let long = String(repeating: "x", count: 65)
        let (arrived, receipts) = try await send { "\($0)" + long }
        #expect(receipts == [1, 2, 3])
        #expect(arrived.compactMap(\.properties.correlationID).sorted() == (1...3).map { "\($0)" + long })
    }
}
