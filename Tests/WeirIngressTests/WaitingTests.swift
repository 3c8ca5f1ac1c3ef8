import Testing
import WeirLive

/// One token, many requests; waits that end without an outcome.
@Suite struct WaitingTests {
    @Test func theSameTokenAHundredTimesAtOnceIsDecidedOnce() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 50)
            let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
                for _ in 0..<100 { group.addTask { try await room.submit("same", "shoe", 2, wait: 20) } }
                return try await group.reduce(into: [Reply]()) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.status == 200 })
            #expect(Set(replies.map(\.bodyText)).count == 1)
            #expect(replies.filter { $0.headers.first(name: "idempotent-replayed") == nil }.count == 1)
            #expect(try await room.get("/v1/skus/shoe").number("held") == 2)
            #expect(try room.count("select count(*) from intent") == 1)
        }
    }

    @Test func aTokenWithTwoPayloadsInFlightIsDecidedOnceAndTheOtherIsTold() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 50)
            let start = ContinuousClock.now
            let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
                for number in 0..<40 {
                    group.addTask { try await room.submit("same", "shoe", 1 + number % 2, wait: 20) }
                }
                return try await group.reduce(into: [Reply]()) { $0.append($1) }
            }
            // Everybody is told, and nobody waits until his time is over.
            #expect(ContinuousClock.now - start < .seconds(18))
            let decided = replies.filter { $0.status == 200 }
            let conflicts = replies.filter { $0.status == 422 }
            #expect(decided.count == 20 && conflicts.count == 20)
            #expect(Set(decided.map(\.bodyText)).count == 1)
            #expect(conflicts.allSatisfy { $0.problem == "token-conflict" && $0.place == "Idempotency-Key" })
            let known = try await room.submit("same", "shoe", 9)
            #expect(known.status == 422)
        }
    }

    @Test func aWaitThatRunsOutIs202AndTheOutcomeComesLater() async throws {
        try await IngressRoom.with(workers: false) { room in
            let start = ContinuousClock.now
            let waited = try await room.submit("t", "shoe", 3, buyer: "ann", wait: 1)
            #expect(waited.status == 202 && waited.text("status") == "queued")
            #expect(waited.headers.first(name: "preference-applied") == "wait=1")
            #expect(ContinuousClock.now - start < .seconds(5))

            let queued = try await room.get("/v1/intents/t")
            #expect(
                queued.status == 200 && queued.text("status") == "queued" && queued.number("quantity") == 3)
            #expect(try await room.get("/v1/intents/t?sku=other").status == 404)
            let unknown = try await room.get("/v1/intents/never")
            #expect(unknown.status == 404 && unknown.headers.first(name: "retry-after") == "1")
            #expect(unknown.problem == "unknown-token")
            let command = try await room.command("t", "confirm", headers: [("Prefer", "wait=1")])
            #expect(command.status == 202 && command.text("command") == "weir.intent.confirm.v1")
            #expect(command.headers.first(name: "location") == "/v1/intents/t?sku=shoe")

            // Whoever asks again before it is decided waits for the same outcome.
            async let later = room.get("/v1/intents/t?wait=20")
            async let again = room.submit("t", "shoe", 3, buyer: "ann", wait: 20)
            let pool = WorkerPool(
                WorkerSettings(databaseURL: room.room.databaseURL, amqpURL: room.room.amqpURL),
                partitioning: room.partitioning, logger: .quiet)
            pool.start()
            let (shown, repeated) = try await (later, again)
            await offAsyncThreads { pool.stop() }
            #expect(shown.status == 200 && shown.text("status") == "rejected")
            #expect(repeated.status == 200 && repeated.text("reason") == "unknown_sku")
        }
    }

    @Test func aDeadLetterIsUndecidable() async throws {
        try await IngressRoom.with(workers: false) { room in
            _ = try await room.submit("dead", "shoe")
            _ = try room.count(
                """
                with made as (insert into dead_letter (partition, reason, detail, token, exchange, routing_key,
                    properties, headers, body, digest)
                values (0, 'suspect', 'd', 'dead', '', '', '{}', '{}', '', 'x') returning 1)
                select count(*)::int from made
                """)
            let shown = try await room.get("/v1/intents/dead")
            #expect(
                shown.status == 200 && shown.text("status") == "undecidable" && shown.text("sku") == "shoe")
        }
    }

    @Test func limitsAreTold() async throws {
        try await IngressRoom.with(workers: false) {
            $0.waiterLimit = 1
        } _: { room in
            async let first = room.submit("a", "shoe", wait: 3)
            try await eventually("the first one waits") {
                try await room.get("/v1/intents/a").text("status") == "queued"
            }
            let second = try await room.submit("b", "shoe", wait: 3)
            #expect(second.status == 503 && second.problem == "overloaded")
            #expect(second.headers.first(name: "retry-after") != nil)
            #expect(try await room.submit("b", "shoe").status == 202)
            let waited = try await first
            #expect(waited.status == 202)
        }
        try await IngressRoom.with(workers: false) {
            $0.inFlightLimit = 0
        } _: { room in
            let refused = try await room.submit("a", "shoe")
            #expect(refused.status == 503 && refused.problem == "overloaded")
            #expect(try await room.get("/v1/intents/a").status == 404)
        }
    }
}
