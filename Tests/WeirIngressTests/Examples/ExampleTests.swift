import AMQPClient
import Foundation
import Logging
import Synchronization
import Testing
import WeirTopology

@testable import WeirWire

/// The examples of the README, taken from it and run against real servers.
@Suite struct ExampleTests {
    /// The code that stands in the README between ``` and ```, and holds this text.
    private func example(_ language: String, holding text: String) throws -> String {
        let readme = try String(contentsOfFile: Python.file("README.md"), encoding: .utf8)
        let blocks = readme.components(separatedBy: "```\(language)\n").dropFirst()
        let found = blocks.compactMap { $0.components(separatedBy: "\n```").first }.first {
            $0.contains(text)
        }
        return try #require(found, "the README has no such example")
    }

    @Test func thePythonExamplesPublishAnIntentHearItsOutcomeNoticeAGapAndDropADuplicate() async throws {
        // The example computes the partition for the number that an installation has unless it chose another.
        try await IngressRoom.with(partitions: 8) { room in
            try await room.define("tea", 5)
            let environment = ["AMQP_URL": room.room.amqpURL]
            let tap = try await Tap.on(room, exchange: BrokerTopology.events, routingKeys: ["#"])
            let subscriber = try Python.start(
                "python", ["-u", "-c", try example("python", holding: "x-weir-")], environment: environment)
            defer { subscriber.process.terminate() }
            // Not bound yet, it would miss what is published now.
            try await eventually("the subscriber is bound") {
                try await room.define("probe-\(Int.random(in: 0..<1_000_000))", 1)
                return subscriber.output.contains("weir.sku.defined.v1")
            }

            let (status, output) = try await Python.run(
                "python", ["-c", try example("python", holding: "reply_to")], environment: environment)
            #expect(status == 0 && output.hasPrefix("weir.intent.reserved.v1"), "\(output)")
            #expect(output.contains(#""token": "order-7""#) || output.contains("'token': 'order-7'"))
            try await eventually("the subscriber hears of it") { subscriber.output.contains("order-7") }

            // The same event again, as after a crash of its worker; then one from further on.
            let event = try #require(
                await tap.take().last { $0.properties.type == "weir.intent.reserved.v1" })
            try await republish(event, seq: nil, room)
            let seq = try #require(event.properties.headers["x-weir-seq"]?.intValue)
            try await republish(event, seq: seq + 3, room)
            let gap = "events \(seq + 1) to \(seq + 2) "
            try await eventually("the gap is noticed") { subscriber.output.contains(gap) }
            let lines = subscriber.lines.filter { $0.hasPrefix("weir.intent.reserved.v1") }
            #expect(lines.count == 1, "\(subscriber.output)")
        }
    }

    @Test func theSwiftExampleIsTheOneThatIsTestedAndHearsEachEventOnce() async throws {
        let source = try String(
            contentsOfFile: Python.file("Tests/WeirIngressTests/Examples/Subscriber.swift"), encoding: .utf8)
        let shown = try example("swift", holding: "func subscribe(")
        #expect(source.trimmingCharacters(in: .whitespacesAndNewlines) == shown)
        try await IngressRoom.with(partitions: 1) { room in
            let tap = try await Tap.on(room, exchange: BrokerTopology.events, routingKeys: ["#"])
            let heard = Mutex<[String]>([])
            let amqpURL = room.room.amqpURL
            let thread = DedicatedThread(name: "subscriber") {
                try? subscribe(amqpURL) { type, body in
                    let sku = (try? JSONFields(body)).flatMap { JSONValue.object($0)["sku"]?.string } ?? ""
                    heard.withLock { $0.append(sku) }
                    if sku == "last" { throw TestFailure("enough") }
                }
            }
            try await eventually("the subscriber is bound") {
                try await room.define("probe-\(Int.random(in: 0..<1_000_000))", 1)
                return heard.withLock { !$0.isEmpty }
            }
            try await room.define("tea", 5)
            var event: Delivery?
            try await eventually("it is published") {
                event =
                    await tap.take().last { $0.properties.headers["cloudEvents_subject"] == "tea" } ?? event
                return event != nil
            }
            try await republish(try #require(event), seq: nil, room)
            try await room.define("last", 5)
            try await eventually("the last one is heard") { heard.withLock { $0.last == "last" } }
            await offAsyncThreads { thread.join() }
            #expect(heard.withLock { $0.count { $0 == "tea" } } == 1)
        }
    }

    /// Publishes an event once more, under another number if one is given.
    private func republish(_ event: Delivery, seq: Int64?, _ room: IngressRoom) async throws {
        var properties = event.properties
        if let seq {
            properties.headers.fields.removeAll { $0.name == "x-weir-seq" }
            properties.headers.append("x-weir-seq", .int(seq))
        }
        let message = OutgoingMessage(
            exchange: BrokerTopology.events, routingKey: event.routingKey, properties: properties,
            body: event.body, mandatory: false)
        let settings = AMQPSettings(url: room.room.amqpURL, connectionName: "test publisher")
        let outcome = await offAsyncThreads { () -> Publisher.Outcome in
            let publisher = Publisher(settings: Publisher.Settings(amqp: settings), logger: .quiet)
            defer { publisher.stop(drain: .seconds(1)) }
            _ = publisher.waitUntilReady(timeout: .seconds(10))
            return publisher.publishAndWait(message)
        }
        #expect(outcome == .confirmed)
    }
}
