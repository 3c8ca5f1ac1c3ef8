import AMQPClient
import Logging
import Synchronization
import Testing
import WeirTopology

@testable import WeirIngress
@testable import WeirWire

/// A client's trace goes with its request into commands, events and the log.
@Suite struct TraceTests {
    private static func trace(_ number: Int) -> String {
        "00-" + hexadecimal(UInt64(number), digits: 32) + "-00f067aa0ba902b7-01"
    }

    @Test func aTraceGoesIntoEveryEventThatItsRequestCauses() async throws {
        try await IngressRoom.with(partitions: 1) { room in
            let tap = try await Tap.on(room, exchange: BrokerTopology.events, routingKeys: ["#"])
            func send(_ method: String, _ path: String, _ trace: String?, _ body: String? = nil) async throws
            {
                let reply = try await room.send(
                    method, path,
                    headers: [("Content-Type", "application/json"), ("Prefer", "wait=10")]
                        + (path == "/v1/intents" ? [("Idempotency-Key", "t1")] : [])
                        + (trace.map { [("traceparent", $0)] } ?? []), body: body)
                #expect((200..<300).contains(reply.status), "\(reply.bodyText)")
            }
            try await send("PUT", "/v1/skus/tea", Self.trace(1), #"{"stocked":5}"#)
            try await send(
                "POST", "/v1/intents", Self.trace(2), #"{"sku":"tea","quantity":1,"buyer":"ann"}"#)
            try await send("POST", "/v1/intents/t1/confirm", "not-a-trace", "{}")
            try await send("POST", "/v1/intents/t1/cancel", nil, "{}")
            var traces: [String?] = []
            try await eventually("four events") {
                for delivery in await tap.take() {
                    let headers = delivery.properties.headers
                    traces.append(headers["cloudEvents_traceparent"]?.stringValue)
                    #expect(headers["traceparent"] == headers["cloudEvents_traceparent"])
                }
                return traces.count == 4
            }
            #expect(traces == [Self.trace(1), Self.trace(2), nil, nil])
            #expect(try room.count("select count(*)::int from event where traceparent is null") == 2)
        }
    }

    /// Wishes that wait for the one before them travel together; each keeps its own trace.
    @Test func wishesThatTravelTogetherKeepTheirOwnTraces() async throws {
        try await IngressRoom.with(partitions: 1) { room in
            try await room.define("tea", 500)
            let tap = try await Tap.on(room, exchange: BrokerTopology.events, routingKeys: ["#"])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...100 {
                    group.addTask {
                        let reply = try await room.send(
                            "POST", "/v1/intents",
                            headers: [
                                ("Content-Type", "application/json"), ("Prefer", "wait=10"),
                                ("Idempotency-Key", "t\(number)"),
                            ] + (number.isMultiple(of: 3) ? [] : [("traceparent", Self.trace(number))]),
                            body: #"{"sku":"tea","quantity":1,"buyer":"ann"}"#)
                        #expect(reply.status == 200)
                    }
                }
                try await group.waitForAll()
            }
            var traces: [String: String] = [:]
            var seen = 0
            try await eventually("all events") {
                for delivery in await tap.take() {
                    seen += 1
                    guard let body = try? JSONFields(delivery.body),
                        let token = JSONValue.object(body)["token"]?.string
                    else { continue }
                    traces[token] = delivery.properties.headers["cloudEvents_traceparent"]?.stringValue
                }
                return seen == 100
            }
            let expected = (1...100).filter { !$0.isMultiple(of: 3) }
            #expect(traces == Dictionary(uniqueKeysWithValues: expected.map { ("t\($0)", Self.trace($0)) }))
        }
    }

    @Test func theLogNamesTheTrace() async throws {
        let lines = Mutex<[Logger.Metadata]>([])
        var logger = Logger(label: "test") { _ in Keeper { line in lines.withLock { $0.append(line) } } }
        logger.logLevel = .debug
        try await IngressRoom.with(workers: false, logger: logger) { room in
            _ = try await room.send("GET", "/v1/intents/nobody", headers: [("traceparent", Self.trace(7))])
            let line = try #require(lines.withLock { $0.last { $0["path"] == "/v1/intents/nobody" } })
            #expect(line["trace_id"] == .string(String(Self.trace(7).dropFirst(3).prefix(32))))
            #expect(line["status"] == "404" && line["method"] == "GET")
        }
    }
}

/// Keeps what is logged.
private struct Keeper: LogHandler {
    let keep: @Sendable (Logger.Metadata) -> Void
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    init(_ keep: @escaping @Sendable (Logger.Metadata) -> Void) { self.keep = keep }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { keep(event.metadata ?? [:]) }
}
