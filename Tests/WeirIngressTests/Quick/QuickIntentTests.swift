import Testing
import WeirLive
import WeirProducer

@testable import WeirIngress

/// Requests that wait at their connection: what comes behind them, and what ends them.
@Suite struct QuickIntentTests {
    /// The tokens of the answers, in their order.
    private func tokens(_ text: String) -> [String] {
        text.split(separator: "\"token\":\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }

    private func withWorkers(_ room: IngressRoom, _ body: () async throws -> Void) async throws {
        let pool = WorkerPool(
            WorkerSettings(databaseURL: room.room.databaseURL, amqpURL: room.room.amqpURL),
            partitioning: room.partitioning, logger: .quiet)
        pool.start()
        do {
            try await body()
        } catch {
            await offAsyncThreads { pool.stop() }
            throw error
        }
        await offAsyncThreads { pool.stop() }
    }

    @Test func whatIsPipelinedBehindOneThatWaitsIsAnsweredInItsTurn() async throws {
        try await IngressRoom.with(workers: false) { room in
            let port = room.port
            let desk = room.ingress.deskForTests
            let wait = "Prefer: wait=30\r\n"
            let other = "GET /v1/intents/.. HTTP/1.1\r\nHost: a\r\n\r\n"
            let behind = (0..<60).map { Wish.of("shoe", "b\($0)").text + other }.joined()
            let all = Task {
                await offAsyncThreads { () -> String in
                    guard let connection = RawConnection(port: port, seconds: 60) else {
                        return "no connection"
                    }
                    connection.send(Wish.of("shoe", "first", fields: wait).text + behind)
                    connection.send(Wish.of("shoe", "last", fields: wait).text + other)
                    connection.endSending()
                    return connection.receiveAll()
                }
            }
            try await eventually("the first one waits") { desk.count == 1 }
            // Its answer is the first of all, so none of those behind it can have been begun with.
            #expect(try await room.get("/v1/intents/b0").status == 404)
            try await withWorkers(room) {
                let answer = await all.value
                let expected = ["200"] + (0..<60).flatMap { _ in ["202", "400"] } + ["200", "400"]
                #expect(statuses(answer) == expected)
                #expect(tokens(answer) == ["first"] + (0..<60).map { "b\($0)" } + ["last"])
            }
        }
    }

    @Test func whileOneWaitsItsConnectionIsNotReadForEver() async throws {
        try await IngressRoom.with(workers: false) {
            $0.waitLimitSeconds = 300
        } _: { room in
            let port = room.port
            let desk = room.ingress.deskForTests
            let more = Array(
                String(repeating: "GET /v1/intents/.. HTTP/1.1\r\nHost: a\r\n\r\n", count: 500).utf8)
            let sent = await offAsyncThreads { () -> Int in
                guard let connection = RawConnection(port: port, seconds: 2) else { return -1 }
                connection.send(Wish.of("shoe", "t", fields: "Prefer: wait=300\r\n").text)
                var sent = 0
                while sent < 2_000, connection.send(more) { sent += 1 }
                connection.reset()
                return sent
            }
            // What the system keeps for a connection has its bounds, and here nothing is kept.
            #expect((1..<2_000).contains(sent))
            try await eventually("nobody waits any more") { desk.count == 0 }
        }
    }

    @Test func whoeverIsGoneWaitsNoLonger() async throws {
        try await IngressRoom.with(workers: false) {
            $0.waitLimitSeconds = 300
        } _: { room in
            let port = room.port
            let desk = room.ingress.deskForTests
            let wish = Wish.of("shoe", "t", fields: "Prefer: wait=300\r\n")
            let connection = try #require(RawConnection(port: port))
            await offAsyncThreads { [wish] in _ = connection.send(wish.text + wish.text) }
            try await eventually("it waits") { desk.count == 1 }
            await offAsyncThreads { connection.reset() }
            try await eventually("nobody waits any more") { desk.count == 0 }
            // What was accepted stays accepted.
            try await eventually("it is accepted") {
                try await room.get("/v1/intents/t").text("status") == "queued"
            }
        }
    }

    @Test func aStopAnswersWhoWaitsAndThenEndsItsConnection() async throws {
        try await IngressRoom.with(workers: false) {
            // Between the end of all waits and the end of all connections.
            $0.shutdownGraceSeconds = 8
        } _: { room in
            let port = room.port
            let desk = room.ingress.deskForTests
            let all = Task {
                await offAsyncThreads { () -> String in
                    guard let connection = RawConnection(port: port) else { return "no connection" }
                    connection.send(Wish.of("shoe", "t", fields: "Prefer: wait=30\r\n").text)
                    return connection.receiveAll()
                }
            }
            try await eventually("it waits") { desk.count == 1 }
            await room.shutDown()
            try await room.ended()
            let answer = await all.value
            #expect(
                statuses(answer) == ["202"] && answer.contains("Preference-Applied: wait=30"), "\(answer)")
            #expect(desk.count == 0)
        }
    }

    @Test func anInterruptedWaitGoesOn() async throws {
        try await IngressRoom.with(workers: false) { room in
            let desk = room.ingress.deskForTests
            let first = Task { try await room.submit("t", "shoe", wait: 30) }
            try await eventually("it is accepted and waits") {
                try await room.get("/v1/intents/t").text("status") == "queued" && desk.count == 1
            }
            desk.interrupt()
            try await eventually("it waits again") { desk.count == 1 }
            try await withWorkers(room) {
                let reply = try await first.value
                #expect(reply.status == 200 && reply.text("reason") == "unknown_sku", "\(reply.bodyText)")
            }
            #expect(desk.count == 0)
        }
    }

    @Test func aHundredWaitAtTheirConnectionsAndEachHearsItsOwn() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 1_000, holdSeconds: 0)
            let replies = try await withThrowingTaskGroup(of: (String, Reply).self) { group in
                for number in 0..<100 {
                    group.addTask {
                        ("w\(number)", try await room.submit("w\(number)", "shoe", wait: 20))
                    }
                }
                return try await group.reduce(into: [(String, Reply)]()) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.1.status == 200 && $0.1.text("token") == $0.0 })
            #expect(replies.count { $0.1.text("status") == "confirmed" } == 100)
            #expect(room.ingress.deskForTests.count == 0)
        }
    }
}
