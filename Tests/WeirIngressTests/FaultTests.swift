import Testing
import WeirLive
import WeirProducer
import WeirSandbox

@testable import WeirIngress
@testable import WeirWire

/// Servers that die, hang or refuse, each test on servers of its own.
@Suite(.serialized) struct FaultTests {
    private func withSandbox(_ body: (Sandbox) async throws -> Void) async throws {
        let sandbox = try await Sandbox.start()
        do {
            try await body(sandbox)
        } catch {
            await sandbox.stop()
            throw error
        }
        await sandbox.stop()
    }

    /// Sends a token until it has an outcome; returns how many attempts it took and the slowest of them.
    private func insist(
        _ room: IngressRoom, _ token: String, _ seen: inout Set<String>
    ) async throws -> (attempts: Int, slowest: Duration) {
        var (attempts, slowest) = (0, Duration.zero)
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            let start = ContinuousClock.now
            let reply = try await room.submit(token, "shoe", wait: 2)
            slowest = max(slowest, ContinuousClock.now - start)
            attempts += 1
            seen.insert(reply.problem ?? "\(reply.status)")
            if reply.status == 200 { return (attempts, slowest) }
            #expect(reply.status == 202 || reply.status == 503, "\(reply.bodyText)")
            if reply.status == 503 {
                #expect(reply.headers.first(name: "retry-after") != nil)
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        throw TestFailure("\(token) has no outcome")
    }

    @Test func aBrokerThatIsKilledUnderLoadCosts503AndNoOutcome() async throws {
        try await withSandbox { sandbox in
            // Every token shall have its outcome, those of the unlucky too: the gate would accept none of them.
            try await IngressRoom.with(sandbox) {
                $0.soldOutGate = false
            } _: { room in
                try await room.define("shoe", 100, holdSeconds: 0)
                let results = try await withThrowingTaskGroup(
                    of: (Int, Duration, Set<String>).self
                ) { group in
                    for client in 0..<16 {
                        group.addTask {
                            var seen: Set<String> = []
                            var (most, slowest) = (0, Duration.zero)
                            for number in 0..<20 {
                                let one = try await insist(room, "c\(client)-\(number)", &seen)
                                (most, slowest) = (max(most, one.attempts), max(slowest, one.slowest))
                            }
                            return (most, slowest, seen)
                        }
                    }
                    try await eventually("some are decided") {
                        try room.count("select count(*)::int from intent") > 30
                    }
                    await sandbox.rabbitmq.kill()
                    let reply = try await room.submit("while-away", "shoe")
                    #expect(reply.status == 503 && reply.problem == "broker-unavailable", "\(reply.bodyText)")
                    #expect(try await room.get("/readyz").status == 503)
                    #expect(try await room.get("/v1/skus/shoe").status == 200)
                    try await sandbox.rabbitmq.restart()
                    return try await group.reduce(into: [(Int, Duration, Set<String>)]()) { $0.append($1) }
                }
                let seen = results.reduce(into: Set<String>()) { $0.formUnion($1.2) }
                print("broker killed: saw \(seen.sorted()), slowest \(results.map(\.1).max() ?? .zero)")
                #expect(seen.isSubset(of: ["200", "202", "broker-unavailable", "publish-timeout"]))
                #expect(results.allSatisfy { $0.1 < .seconds(12) })
                #expect(try room.count("select count(*)::int from intent") == 320)
                #expect(try room.count("select count(*)::int from intent where status = 'confirmed'") == 100)
                let report = try LiveAudit(databaseURL: room.room.databaseURL).run()
                #expect(report.holds, "\(report.lines)")
            }
        }
    }

    @Test func aStreamOutlivesARestartOfItsDatabaseWithoutAGap() async throws {
        try await withSandbox { sandbox in
            try await IngressRoom.with(sandbox) { room in
                let stream = try await EventSource.open(room)
                for number in 0..<10 { try await room.define("a\(number)", 1) }
                try await eventually("the first ones") { stream.events.count == 10 }
                await sandbox.postgres.kill()
                let refused = try await room.get("/v1/events")
                #expect(refused.status == 503 && refused.problem == "database-unavailable")
                try await sandbox.postgres.restart()
                try await room.untilReady()
                for number in 0..<10 {
                    try await eventually("it is defined") {
                        (200..<202).contains(try await room.define("b\(number)", 1).status)
                    }
                }
                try await eventually("the others") {
                    Set(stream.events.compactMap { $0["subject"]?.string }).count == 20
                }
                stream.close()
                let places = stream.events.map(\.place)
                #expect(Set(places).count == places.count)
                for partition in Int64(0)..<2 {
                    let seqs = places.filter { $0[0] == partition }.map { $0[1] }
                    #expect(seqs == Array(1..<Int64(seqs.count + 1)))
                }
            }
        }
    }

    @Test("Fault 16: under a memory or a disk alarm it is 503 by the deadline, and that passes")
    func anAlarmIs503ByTheDeadlineAndPasses() async throws {
        try await withSandbox { sandbox in
            try await IngressRoom.with(sandbox) { room in
                try await room.define("shoe", 10)
                for (alarm, raise, clear) in [
                    (
                        "memory", ["set_vm_memory_high_watermark", "0.0001"],
                        ["set_vm_memory_high_watermark", "absolute", "2GB"]
                    ), ("disk", ["set_disk_free_limit", "900000GB"], ["set_disk_free_limit", "50MB"]),
                ] {
                    try await sandbox.runRabbitmqctl(raise)
                    try await expectBlocked(room, alarm)
                    try await sandbox.runRabbitmqctl(clear)
                    try await room.untilReady()
                    #expect(try await room.submit("\(alarm)-after", "shoe", wait: 10).status == 200)
                }
            }
        }
    }

    private func expectBlocked(_ room: IngressRoom, _ alarm: String) async throws {
        var slowest = Duration.zero
        var kinds: Set<String> = []
        try await eventually("blocked by the \(alarm) alarm") {
            let start = ContinuousClock.now
            let reply = try await room.submit("\(alarm)-t", "shoe")
            slowest = max(slowest, ContinuousClock.now - start)
            if reply.status != 202 {
                #expect(reply.status == 503)
                kinds.insert(reply.problem ?? "")
            }
            return kinds.contains("broker-unavailable")
        }
        print("\(alarm) alarm: slowest \(slowest), \(kinds)")
        #expect(slowest < .seconds(6))
        let start = ContinuousClock.now
        #expect(try await room.submit("\(alarm)-after", "shoe").status == 503)
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(try await room.get("/readyz").bodyText.contains("blocked"))
    }

    @Test func aFrozenBrokerIs503ByTheDeadline() async throws {
        try await withSandbox { sandbox in
            try await IngressRoom.with(sandbox) { room in
                try await room.define("shoe", 10)
                await sandbox.rabbitmq.freeze()
                let start = ContinuousClock.now
                let reply = try await room.submit("t", "shoe", wait: 10)
                let took = ContinuousClock.now - start
                print("frozen broker: \(reply.problem ?? "") after \(took)")
                #expect(reply.status == 503 && reply.problem == "publish-timeout")
                #expect(took < .seconds(6))
                sandbox.rabbitmq.thaw()
                var seen: Set<String> = []
                _ = try await insist(room, "t", &seen)
                #expect(try await room.get("/v1/skus/shoe").number("held") == 1)
            }
        }
    }

    /// A batch fills a partition's door: who comes then is told at once, and not when his deadline is over.
    @Test func whileNobodyComesThroughTheDoorNewcomersAreRefusedAtOnce() async throws {
        try await withSandbox { sandbox in
            try await IngressRoom.with(sandbox) {
                $0.doorMilliseconds = 100
            } _: { room in
                try await room.define("shoe", 10_000)
                await sandbox.rabbitmq.freeze()
                let lines = (0..<1_000).map { #"{"token":"a\#($0)","sku":"shoe","quantity":1,"buyer":"b"}"# }
                async let batch = room.send(
                    "POST", "/v1/intents/batch", headers: [("Content-Type", "application/x-ndjson")],
                    body: lines.joined(separator: "\n"))
                let producer = room.ingress.handler.producer
                try await eventually("the door is full") { producer.publishing >= 1_000 }
                let refused = try await withThrowingTaskGroup(of: (String?, Duration).self) { group in
                    for number in 0..<30 {
                        group.addTask {
                            try await Task.sleep(for: .milliseconds(100 * number))
                            let start = ContinuousClock.now
                            let reply = try await room.submit("n\(number)", "shoe")
                            return (reply.problem, ContinuousClock.now - start)
                        }
                    }
                    return try await group.reduce(into: [Duration]()) { refused, probe in
                        if probe.0 == "overloaded" { refused.append(probe.1) }
                    }
                }
                #expect(refused.count >= 10)
                #expect(refused.allSatisfy { $0 < .seconds(1) }, "\(refused)")
                sandbox.rabbitmq.thaw()
                #expect(try await batch.status == 200)
                try await eventually("newcomers are let in again", within: .seconds(60)) {
                    try await room.submit("later", "shoe").status == 202
                }
            }
        }
    }

    @Test func withoutTheDatabaseIntentsAreAcceptedAndDecidedLater() async throws {
        try await withSandbox { sandbox in
            try await IngressRoom.with(sandbox) { room in
                try await room.define("shoe", 10)
                await sandbox.postgres.kill()
                let accepted = try await room.submit("t", "shoe")
                #expect(accepted.status == 202)
                for path in ["/v1/intents/t", "/v1/skus/shoe", "/v1/skus", "/v1/intents/t?wait=1"] {
                    let reply = try await room.get(path)
                    #expect(reply.status == 503 && reply.problem == "database-unavailable", "\(path)")
                    #expect(reply.headers.first(name: "retry-after") == "1")
                }
                #expect(try await room.get("/readyz").bodyText.contains("PostgreSQL"))
                // The memory knows the SKU of what was accepted; of anything else the client has to say it.
                let known = try await room.command("t", "confirm", headers: [("Prefer", "respond-async")])
                #expect(known.status == 202)
                let other = try await room.command("other", "confirm", headers: [("Prefer", "respond-async")])
                #expect(other.status == 503 && other.problem == "database-unavailable")
                try await sandbox.postgres.restart()
                try await eventually("decided and confirmed", within: .seconds(60)) {
                    try await room.get("/v1/intents/t").text("status") == "confirmed"
                }
            }
        }
    }

    @Test func aFrozenDatabaseDelaysAcceptanceByAMomentOnly() async throws {
        try await withSandbox { sandbox in
            try await IngressRoom.with(sandbox) { room in
                try await room.define("shoe", 100)
                await sandbox.postgres.freeze()
                let start = ContinuousClock.now
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<20 {
                        group.addTask { try await room.submit("t\(number)", "shoe").status }
                    }
                    return try await group.reduce(into: [Int]()) { $0.append($1) }
                }
                let took = ContinuousClock.now - start
                print("frozen database: 20 submits after \(took)")
                #expect(statuses == Array(repeating: 202, count: 20))
                #expect(took < .seconds(6))
                let shown = try await room.get("/v1/intents/t1")
                #expect(shown.status == 503)
                sandbox.postgres.thaw()
                try await eventually("all are decided", within: .seconds(60)) {
                    try room.count("select count(*)::int from intent where status = 'reserved'") == 20
                }
            }
        }
    }

    @Test func aWaitOutlivesTheLossOfItsOutcomeQueue() async throws {
        try await withSandbox { sandbox in
            try await IngressRoom.with(sandbox, workers: false) { room in
                async let waited = room.submit("t", "shoe", wait: 30)
                let desk = room.ingress.deskForTests
                try await eventually("it is accepted and waits") {
                    try await room.get("/v1/intents/t").text("status") == "queued" && desk.count == 1
                }
                try await sandbox.runRabbitmqctl(["close_all_connections", "test"])
                let pool = WorkerPool(
                    WorkerSettings(databaseURL: room.room.databaseURL, amqpURL: room.room.amqpURL),
                    partitioning: room.partitioning, logger: .quiet)
                pool.start()
                let reply = try await waited
                await offAsyncThreads { pool.stop() }
                #expect(reply.status == 200 && reply.text("reason") == "unknown_sku", "\(reply.bodyText)")
            }
        }
    }
}

extension Ingress {
    var deskForTests: OutcomeDesk { handler.desk }
}
