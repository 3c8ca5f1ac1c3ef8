import AMQPClient
import Testing
import WeirCore
import WeirLive
import WeirPipeline
import WeirTopology
import WeirWire

/// How a batch's events and the outcomes for an ingress leave together.
@Suite struct EventSinkTests {
    private static let queue = BrokerTopology.ingressQueuePrefix + "way"

    private func events(correlation: (Int) -> String) -> [LoggedEvent] {
        (1...3).map {
            LoggedEvent(
                seq: Int64($0), at: Timestamp(microseconds: 0), type: "weir.intent.confirmed.v1", sku: "s",
                token: "t\($0)", replyTo: Self.queue, correlationID: correlation($0), body: Array("{}".utf8))
        }
    }

    /// What an ingress's queue gets of a batch, so many messages, and the receipts for its events.
    private func send(
        expecting count: Int, correlation: (Int) -> String
    ) async throws -> (arrived: [AMQPClient.Delivery], receipts: Set<Receipt>) {
        let room = try await LiveRoom.make()
        let publisher = room.publisher()
        defer { publisher.stop(drain: .seconds(1)) }
        try #require(await publisher.waitUntilReady(timeout: .seconds(60)))
        let events = events(correlation: correlation)
        let result = try await onThread { () throws -> ([AMQPClient.Delivery], Set<Receipt>) in
            let connection = try room.connection()
            defer { connection.close() }
            try connection.declareQueue(name: Self.queue, durable: false, exclusive: true, autoDelete: true)
            try connection.bindQueue(
                queue: Self.queue, exchange: BrokerTopology.events, routingKey: Self.queue)
            try connection.consume(queue: Self.queue, noAck: true, exclusive: true)
            let sink = LiveEventSink(publisher, partition: 0)
            sink.send(events, epoch: 1)
            var (arrived, receipts) = ([AMQPClient.Delivery](), Set<Receipt>())
            let deadline = ContinuousClock.now + .seconds(60)
            while receipts.count < 3 || arrived.count < count, ContinuousClock.now < deadline {
                receipts.formUnion(sink.takeReceipts())
                if let next = try connection.nextDelivery(wait: .milliseconds(50)) { arrived.append(next) }
            }
            while let next = try connection.nextDelivery(wait: .milliseconds(200)) { arrived.append(next) }
            return (arrived, receipts)
        }
        return (arrived: result.0, receipts: result.1)
    }

    private func receipts(confirmed: Bool) -> Set<Receipt> {
        Set((1...3).map { Receipt(epoch: 1, seq: $0, confirmed: confirmed) })
    }

    @Test func outcomesOfABatchArriveOnceInOneMessage() async throws {
        let (arrived, receipts) = try await send(expecting: 1) { "\($0)" }
        #expect(receipts == self.receipts(confirmed: true))
        #expect(arrived.map(\.properties.type) == [Bundle.outcomes])
        #expect(arrived.first?.properties.headers[Bundle.correlationHeader] == .string("1,2,3"))
    }

    /// Five hundred of them would not fit into a frame, and the broker would get none.
    @Test func anOutcomeWithALongCorrelationIDTravelsAlone() async throws {
        let long = String(repeating: "x", count: 65)
        let (arrived, receipts) = try await send(expecting: 3) { "\($0)" + long }
        #expect(receipts == self.receipts(confirmed: true))
        #expect(arrived.compactMap(\.properties.correlationID).sorted() == (1...3).map { "\($0)" + long })
    }

    /// Then all of it is sent again, outcomes and events.
    @Test func whileNothingCanBePublishedEveryEventIsRefused() {
        let nowhere = Publisher(
            settings: .init(amqp: AMQPSettings(url: "amqp://127.0.0.1:1", connectionName: "nowhere")),
            logger: .quiet)
        defer { nowhere.stop(drain: .zero) }
        let sink = LiveEventSink(nowhere, partition: 0)
        sink.send(events { "\($0)" }, epoch: 1)
        #expect(Set(sink.takeReceipts()) == receipts(confirmed: false))
    }
}
