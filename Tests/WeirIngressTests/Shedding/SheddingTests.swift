import Synchronization
import Testing
import WeirProducer

@testable import WeirIngress

/// What a server does that has more to do than it can, or believes so.
@Suite struct SheddingTests {
    /// Makes the ingress believe that its loop was a second late for half a second.
    private func shed(_ room: IngressRoom) {
        let shedding = room.ingress.handler.shedding
        shedding.setFewest(50)
        let now = monotonicNanoseconds()
        for step in (0..<60).reversed() {
            shedding.look(now: now - UInt64(step) * 10_000_000, late: 1_000_000_000)
        }
    }

    private func wish(_ token: String, _ sku: String = "shoe", _ fields: String = "") -> String {
        let body = #"{"sku":"\#(sku)","quantity":1,"buyer":"ann"}"#
        return "POST /v1/intents HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Idempotency-Key: \(token)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func status(_ text: String) -> String { String(text.dropFirst(9).prefix(3)) }

    @Test func someAreRefusedAtOnceAndNothingOfThemIsAccepted() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 1_000, holdSeconds: 0)
            shed(room)
            #expect(room.ingress.handler.shedding.isShedding)
            let port = room.port
            let answers = await offAsyncThreads { () -> [String] in
                guard let connection = RawConnection(port: port) else { return [] }
                return (0..<300).map { number in
                    connection.send(wish("w\(number)"))
                    return connection.receive(until: "}")
                }
            }
            let statuses = answers.map(status)
            let place = try #require(statuses.firstIndex(of: "503"))
            let refused = answers[place]
            #expect(
                refused.contains("/problems/overloaded") && refused.lowercased().contains("retry-after: "))
            #expect(refused.lowercased().contains("content-type: application/problem+json"))
            #expect(refused.lowercased().contains("\r\ndate: "))
            let accepted = statuses.count { $0 == "202" }
            let sentAway = statuses.count { $0 == "503" }
            #expect(accepted > 0 && sentAway > 0 && accepted + sentAway == 300)
            let metrics = try await room.get("/metrics").bodyText
            #expect(metrics.contains(#"weir_requests_refused_total{cause="overloaded"} \#(sentAway)"#))
            try await eventually("all that was accepted is decided, and nothing else") {
                try room.count("select count(*) from intent where sku = 'shoe'") == accepted
            }
        }
    }

    @Test func everythingElseIsAnsweredAsBefore() async throws {
        try await IngressRoom.with { room in
            try await room.define("gone", 0)
            try await room.define("shoe", 1_000)
            try await eventually("the gate is closed") {
                try await room.submit("knock", "gone").problem == "sold-out"
            }
            shed(room)
            let port = room.port
            let answers = await offAsyncThreads { () -> [String] in
                guard let connection = RawConnection(port: port) else { return [] }
                return (0..<100).flatMap { number in
                    ["gone", "shoe"].map { sku in
                        connection.send(wish("\(sku)\(number)", sku))
                        return connection.receive(until: "}")
                    }
                }
            }
            for (number, answer) in answers.enumerated() {
                // What is sold out is told so, since nobody need come back for it.
                #expect(
                    number % 2 == 0 ? status(answer) == "409" : ["202", "503"].contains(status(answer)),
                    "\(answer)")
            }
            #expect(answers.contains { status($0) == "503" })
            #expect(room.ingress.handler.shedding.isShedding)
            #expect(try await room.get("/livez").status == 200)
            #expect(try await room.get("/v1/skus/shoe").status == 200)
        }
    }

    /// What the keeper of the door does not know at a glance is refused behind it.
    @Test func thereIsNoOtherWayIn() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 100_000)
            shed(room)
            func batch(_ name: String) async throws -> Reply {
                try await room.send(
                    "POST", "/v1/intents/batch", headers: [("Content-Type", "application/x-ndjson")],
                    body: (0..<100).map {
                        #"{"token":"\#(name)-\#($0)","sku":"shoe","quantity":1,"buyer":"ann"}"#
                    }.joined(separator: "\n"))
            }
            // The first one is let in as a whole; for the next one there is no room until that is made good.
            let first = try await batch("first")
            #expect(first.status == 200 && !first.bodyText.contains("/problems/"))
            let second = try await batch("second")
            #expect(second.status == 503 && second.problem == "overloaded")
        }
    }

    @Test func pipelinedRequestsAreRefusedInTheirTurn() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 100_000)
            shed(room)
            let pipelined = try await room.raw(
                (0..<300).map { wish("p\($0)") }.joined() + wish("last", "shoe", "Connection: close\r\n"))
            let statuses = pipelined.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
            #expect(statuses.count == 301 && statuses.contains("503"))
            #expect(Set(statuses).isSubset(of: ["202", "503"]))
        }
    }

    @Test func whenThereIsTimeAgainEverybodyIsLetIn() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 1_000)
            shed(room)
            try await eventually("nobody is refused any more") {
                !room.ingress.handler.shedding.isShedding
            }
            #expect(try await room.submit("late", "shoe").status == 202)
        }
    }

    /// Hundreds of jobs at once must not keep the loop from its connections.
    @Test func theLoopLooksAtItsConnectionsBetweenJobs() async {
        let executor = EventLoopExecutor()
        let order = Order()
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) {
                // On the loop: nothing of what is added here runs before this is over.
                executor.group.next().scheduleTask(in: .nanoseconds(1)) { order.note("connections") }
                await withTaskGroup(of: Void.self) { jobs in
                    for _ in 0..<1_000 { jobs.addTask { order.note("job") } }
                }
            }
        }
        let notes = order.all
        #expect(notes.count == 1_001)
        let place = notes.firstIndex(of: "connections")
        #expect((place ?? 1_001) < 500, "\(String(describing: place))")
        try? await executor.group.shutdownGracefully()
    }
}

/// What happened, in its order.
private final class Order: Sendable {
    private let notes = Mutex<[String]>([])
    func note(_ text: String) { notes.withLock { $0.append(text) } }
    var all: [String] { notes.withLock { $0 } }
}
