import AMQPClient
import AsyncHTTPClient
import Foundation
import PostgresClient
import Synchronization
import Testing
import WeirMetrics
import WeirSandbox

/// `/metrics`, `/readyz` and the log of a running `weir serve`.
@Suite struct MetricsTests {
    private struct Shop {
        let room: Room
        let servers: [String: String]
        let port = Int.random(in: 20_000..<26_000)
        let operations = Int.random(in: 26_000..<32_000)

        static func make() async throws -> Shop {
            let room = try await SharedSandbox.room()
            let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
            #expect(try Run(["migrate", "--partitions", "2"], servers).code == 0)
            #expect(try Run(["topology", "apply"], servers).code == 0)
            return Shop(room: room, servers: servers)
        }

        func serve(_ arguments: String...) throws -> Served {
            try Served(["--port", "\(port)", "--metrics-port", "\(operations)"] + arguments, servers)
        }

        func get(_ path: String, at port: Int? = nil) async throws -> (status: UInt, body: String) {
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(port ?? operations)\(path)")
            request.headers.add(name: "connection", value: "close")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            let body = try await response.body.collect(upTo: 1 << 20)
            return (response.status.code, String(buffer: body))
        }

        /// Publishes messages that become dead letters.
        func publish(_ partition: Int, type: String = "test", body: [UInt8]) async throws {
            try await publish(1, to: partition, type: type, body: body)
        }

        func publish(_ count: Int, to partition: Int, type: String = "test", body: [UInt8]) async throws {
            let publisher = Publisher(
                settings: .init(amqp: AMQPSettings(url: room.amqpURL, connectionName: "test")),
                logger: .init(label: "test"))
            for number in 0..<count {
                let message = OutgoingMessage(
                    exchange: "weir.intents", routingKey: String(partition),
                    properties: MessageProperties(type: type),
                    body: body + [UInt8(number)], mandatory: true)
                #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
                #expect(await publisher.publish(message) == .confirmed)
            }
            await withCheckedContinuation { continuation in
                _ = DedicatedThread(name: "test") {
                    publisher.stop(drain: .zero)
                    continuation.resume()
                }
            }
        }

        /// The messages that are ready in partition 1.
        func ready() async throws -> Int {
            try await withCheckedThrowingContinuation { continuation in
                _ = DedicatedThread(name: "test") { [url = room.amqpURL] in
                    continuation.resume(
                        with: Result {
                            let connection = try Connection(AMQPSettings(url: url, connectionName: "test"))
                            defer { connection.close() }
                            return try connection.checkQueue("weir.intents.p01").messageCount
                        })
                }
            }
        }

        func untilReady(_ served: Served) async throws {
            try await eventually("both are ready") {
                guard served.isRunning else { throw TestFailure(served.log) }
                guard let ready = try? await get("/readyz"), let metrics = try? await get("/metrics") else {
                    return false
                }
                return ready.status == 200 && metrics.body.contains("weir_partitions_owned 2\n")
            }
        }
    }

    /// Sums up the series of a metric whose labels hold all of these.
    private func value(_ text: String, _ name: String, _ labels: String...) -> Double {
        text.split(separator: "\n").filter { line in
            (line.hasPrefix(name + "{") || line.hasPrefix(name + " "))
                && labels.allSatisfy { line.contains($0) }
        }.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    @Test func everythingThatHappensIsCountedAndNothingNamesABuyer() async throws {
        let shop = try await Shop.make()
        let served = try shop.serve()
        defer { served.stop() }
        try await shop.untilReady(served)
        let url = ["--url", "http://127.0.0.1:\(shop.port)"]
        for (sku, stocked, seconds) in [("tea-7", "2", "3600"), ("mug-7", "1", "1")] {
            let put = try Run(["sku", "put", sku, "--stocked", stocked, "--hold-seconds", seconds] + url)
            #expect(put.code == 0, "\(put.errors)")
        }
        for (token, sku) in [("tok-a", "tea-7"), ("tok-b", "tea-7"), ("tok-f", "mug-7")] {
            let made = try Run(["intent", "submit", sku, "--buyer", "ann-9", "--token", token] + url)
            #expect(made.output.contains("reserved"), "\(made.output)\(made.errors)")
        }
        #expect(try Run(["intent", "confirm", "tok-a"] + url).output.contains("confirmed"))
        // The worker rejects them until the gate knows that nothing is left: both are counted.
        var late = 0
        try await eventually("the gate refuses") {
            late += 1
            let token = "tok-g\(late)"
            return try Run(["intent", "submit", "tea-7", "--buyer", "ann-9", "--token", token] + url).code
                != 0
        }
        let unknown = try Run(["intent", "submit", "zzz-9", "--buyer", "ann-9", "--token", "tok-e"] + url)
        #expect(unknown.output.contains("unknown_sku"), "\(unknown.output)\(unknown.errors)")
        #expect(try await shop.get("/v1/intents/tok-none", at: shop.port).status == 404)
        try await shop.publish(0, type: "tok-x\n{\"level\":\"forged\"}", body: [0, 1, 2])
        try await eventually("everything was counted") {
            let text = try await shop.get("/metrics").body
            return value(text, "weir_dead_letters_open") == 1
                && value(text, "weir_intents_changed_total", #"outcome="expired""#) == 1
                && value(text, "weir_cursor_lag") == 0 && value(text, "weir_holds_due") == 0
        }
        let text = try await shop.get("/metrics").body
        let rejected = value(text, "weir_intents_decided_total", #"outcome="rejected""#)
        let gated = value(text, "weir_gate_rejections_total")
        #expect(gated >= 1 && rejected + gated == Double(late + 1), "\(text)")
        #expect(value(text, "weir_requests_refused_total", #"cause="sold-out""#) == gated)
        #expect(value(text, "weir_requests_refused_total", #"cause="unknown-token""#) == 1)
        #expect(value(text, "weir_intents_accepted_total") == 3 + rejected)
        #expect(value(text, "weir_intents_rejected_total", #"cause="unknown_sku""#) == 1)
        #expect(value(text, "weir_intents_decided_total", #"outcome="reserved""#) == 3)
        #expect(value(text, "weir_intents_changed_total", #"outcome="confirmed""#) == 1)
        #expect(value(text, "weir_commands_accepted_total") == 3)
        #expect(value(text, "weir_outcome_seconds_count") == 3 + rejected)
        #expect(value(text, "weir_outcome_seconds_sum") > 0)
        #expect(value(text, "weir_batch_size_sum") == 6 + rejected)
        #expect(value(text, "weir_commit_seconds_count") >= 4)
        #expect(value(text, "weir_events_total") >= 7)
        #expect(value(text, "weir_dead_letters_total") == 1)
        #expect(value(text, "weir_partitions_owned") == 2)
        #expect(value(text, "weir_reconnects_total") == 0)
        for metric in MetricName.all {
            #expect(text.contains("# TYPE \(metric.name) \(metric.kind.rawValue)\n"))
        }
        for word in ["tea-7", "mug-7", "zzz-9", "ann-9", "tok-"] { #expect(!text.contains(word), "\(word)") }
        // The API's own port shows the same, to whoever may read the stock.
        let open = try await shop.get("/metrics", at: shop.port)
        #expect(open.status == 200 && value(open.body, "weir_intents_decided_total") == 3 + rejected)
        #expect(
            try Run(["keys", "create", "--name", "n", "--scope", "intents:read"], shop.servers).code == 0)
        try await eventually("it asks for a key") {
            try await shop.get("/metrics", at: shop.port).status == 401
        }
    }

    /// A partition whose thread hangs in a transaction shows itself, and is well again when that is over.
    @Test func aPartitionWhoseThreadHangsIsSeen() async throws {
        let shop = try await Shop.make()
        let served = try shop.serve("--role", "worker")
        defer { served.stop() }
        try await shop.untilReady(served)
        #expect(try await shop.get("/livez").body == #"{"status":"alive"}"#)
        _ = DedicatedThread(name: "blocker") { [url = shop.room.databaseURL] in
            var settings = SessionSettings(url: url, applicationName: "blocker")
            (settings.statementTimeoutSeconds, settings.answerTimeoutSeconds) = (0, 200)
            let session = try? Session(settings)
            try? session?.execute(
                script: "begin; select from partition where partition = 1 for update; select pg_sleep(180)")
        }
        try await eventually("the row is locked") {
            try shop.room.holds(
                "select count(*) from pg_stat_activity where application_name = 'blocker' and wait_event = 'PgSleep'"
            ) == 1
        }
        try await shop.publish(1, body: [0])
        try await eventually("it is seen") {
            let (status, body) = try await shop.get("/readyz")
            return status == 503
                && body.contains(#""name":"partition_1","ok":false,"detail":"it is stuck: its thread"#)
        }
        _ = try shop.room.holds(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'blocker'"
        )
        try await eventually("it is well again") { try await shop.get("/readyz").status == 200 }
    }

    /// A broker that delivers nothing to the owner is seen by what waits in the queue.
    @Test func messagesThatNobodyIsGivenAreSeen() async throws {
        let shop = try await Shop.make()
        let isReleased = Released()
        // Somebody else is the single active consumer.
        let holder = Task {
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
                _ = DedicatedThread(name: "holder") { [url = shop.room.amqpURL] in
                    done.resume(
                        with: Result {
                            let connection = try Connection(AMQPSettings(url: url, connectionName: "holder"))
                            defer { connection.close() }
                            try connection.qos(prefetch: 1)
                            try connection.consume(queue: "weir.intents.p01")
                            while !isReleased.flag.load(ordering: .relaxed) {
                                _ = try connection.nextDelivery(wait: .milliseconds(200))
                            }
                        })
                }
            }
        }
        defer { isReleased.flag.store(true, ordering: .relaxed) }
        try await shop.publish(3, to: 1, body: [0])
        try await eventually("one is held") { try await shop.ready() == 2 }
        let served = try shop.serve("--role", "worker")
        defer { served.stop() }
        try await eventually("it is seen") {
            guard let (status, body) = try? await shop.get("/readyz") else { return false }
            return status == 503 && body.contains("partition_1")
                && body.contains("it is stuck: messages are ready, and none was decided")
        }
        #expect(try await shop.get("/metrics").body.contains("weir_queue_depth{partition=\"1\"} 2\n"))
        // It tries with a new consumer (rabbitmq-server#17317), and goes on owning the partition.
        try await eventually("it is given back and taken again", within: .seconds(60)) {
            served.log.components(separatedBy: "partition owned").count >= 4
                && served.log.contains("the partition is given back and taken again")
        }
        // What it opens again is counted.
        let links = ["partition_session", "partition_consumer"]
        try await eventually("both are counted") {
            let text = try await shop.get("/metrics").body
            return links.allSatisfy { value(text, "weir_reconnects_total", $0, #"partition="1""#) >= 1 }
        }
        isReleased.flag.store(true, ordering: .relaxed)
        try await holder.value
        try await eventually("it is well again") { try await shop.get("/readyz").status == 200 }
        try await eventually("the dead letters are counted") {
            try await shop.get("/metrics").body.contains("weir_dead_letters_open 3\n")
        }
    }

    @Test func aJSONLogIsOneObjectALineWithoutSecretsOrForgedLines() async throws {
        let shop = try await Shop.make()
        let served = try shop.serve("--log-format", "json", "--log-level", "debug")
        defer { served.stop() }
        try await shop.untilReady(served)
        _ = try await shop.get("/v1/intents/%0A%7B%22level%22%3A%22forged%22%7D", at: shop.port)
        try await shop.publish(
            0, type: "bad\n{\"level\":\"forged\"}", body: Array("raw bytes of a client".utf8))
        try await eventually("the dead letter is told of") {
            served.log.contains(#""message":"dead letter""#)
        }
        let log = served.log
        let password = try #require(URLComponents(string: shop.room.databaseURL)?.password)
        let broker = try #require(URLComponents(string: shop.room.amqpURL)?.password)
        for secret in [password, broker, "raw bytes of a client"] { #expect(!log.contains(secret)) }
        for line in log.split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object?["time"] is String && object?["message"] is String, "\(line)")
            #expect(["debug", "info", "notice", "warning"].contains(object?["level"] as? String), "\(line)")
        }
    }

    @Test func wrongSettingsAreNamed() async throws {
        let shop = try await Shop.make()
        for (arguments, environment, words) in [
            (["--metrics-port", "70000"], [:], "weir.metrics.port"),
            ([], ["WEIR_LOG_FORMAT": "xml"], "weir.log.format"),
            (["--log-format", "xml"], [:], "xml"),
        ] as [([String], [String: String], String)] {
            let run = try Run(["serve", "--port", "0"] + arguments, shop.servers.merging(environment) { $1 })
            #expect(run.code == 64 && run.errors.contains(words), "\(run.code) \(run.errors)")
        }
        let busy = try shop.serve()
        defer { busy.stop() }
        try await shop.untilReady(busy)
        let run = try Run(["serve", "--port", "0", "--metrics-port", "\(shop.operations)"], shop.servers)
        #expect(run.code == 1 && run.errors.contains("choose another --metrics-port"), "\(run.errors)")
    }
}

private final class Released: Sendable { let flag = Atomic(false) }
