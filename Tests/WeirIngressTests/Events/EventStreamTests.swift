import Glibc
import Testing
import WeirCore
import WeirLive

@testable import WeirIngress
@testable import WeirWire

/// `GET /v1/events`: the log, from any place, without a gap and nothing twice.
@Suite struct EventStreamTests {
    @Test func aStreamThatIsInterruptedGoesOnWithoutAGap() async throws {
        try await IngressRoom.with { room in
            try await room.define("before", 1)
            let first = try await EventSource.open(room)
            for number in 0..<20 { try await room.define("a\(number)", 1) }
            try await eventually("the first stream shows them") { first.events.count == 20 }
            // Nothing of what was before it, and every block tells a place.
            #expect(first.events.allSatisfy { $0["subject"]?.string != "before" && $0.id != nil })
            first.close()
            // Cut in the middle of what it had seen, as a browser that lost the rest would come back.
            let seen = Array(first.events.prefix(13))
            for number in 0..<20 { try await room.define("b\(number)", 1) }
            let second = try await EventSource.open(room, lastEventID: seen.last?.id)
            try await eventually("the second stream shows the rest") { second.events.count == 27 }
            for number in 0..<5 { try await room.define("c\(number)", 1) }
            try await eventually("and what comes then") { second.events.count == 32 }
            second.close()

            let places = (seen + second.events).map(\.place)
            #expect(Set(places).count == 45)
            for partition in Int64(0)..<2 {
                let seqs = places.filter { $0[0] == partition }.map { $0[1] }
                #expect(seqs == Array((seqs.first ?? 1)..<((seqs.first ?? 1) + Int64(seqs.count))))
            }
            // From the beginning it is the whole log.
            let whole = try await EventSource.open(room, "?after=start")
            try await eventually("the whole log") { whole.events.count == 46 }
            whole.close()
        }
    }

    @Test func anEventIsACloudEventWithWhatWasPublished() async throws {
        try await IngressRoom.with { room in
            try await room.define("tea", 5)
            let stream = try await EventSource.open(room, "?sku=tea")
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            _ = try await room.send(
                "POST", "/v1/intents",
                headers: [
                    ("Idempotency-Key", "t1"), ("Content-Type", "application/json"), ("Prefer", "wait=10"),
                    ("traceparent", trace),
                ], body: #"{"sku":"tea","quantity":2,"buyer":"ann"}"#)
            try await eventually("the event") { stream.events.count == 1 }
            stream.close()
            let event = try #require(stream.events.first)
            #expect(event["specversion"]?.string == "1.0")
            #expect(event["type"]?.string == "weir.intent.reserved.v1")
            #expect(event["subject"]?.string == "tea" && event["traceparent"]?.string == trace)
            #expect(event["datacontenttype"]?.string == "application/json")
            let (partition, seq) = (event["partition"]?.number ?? -1, event["seq"]?.number ?? -1)
            #expect(event["id"]?.string == "\(partition)-\(seq)")
            #expect(event["source"]?.string == "/weir/partitions/\(partition)")
            #expect(event["time"]?.string.flatMap(Timestamp.init(rfc3339:)) != nil)
            #expect(event["data"]?["token"]?.string == "t1" && event["data"]?["quantity"]?.number == 2)
        }
    }

    /// CloudEvents 1.0 permits no empty subject.
    @Test func theSubjectIsTheSKUOrTheOrderAsOnTheBroker() async throws {
        try await IngressRoom.with { room in
            let (a, b) = (room.sku(in: 0), room.sku(in: 1))
            for sku in [a, b] { try await room.define(sku, 5) }
            let stream = try await EventSource.open(room, "?after=start")
            #expect(try await room.order("o1", [(a, 1), (b, 1)]).text("status") == "reserved")
            try await room.ordersSettle()
            let all = try room.count("select count(*)::int from event")
            try await eventually("the stream shows all") { stream.events.count == all }
            stream.close()
            var subjects: [String: Set<String?>] = [:]
            for event in stream.events {
                subjects[event["type"]?.string ?? "", default: []].insert(event["subject"]?.string)
            }
            #expect(subjects["weir.order.reserved.v1"] == ["o1"] && subjects["weir.order.part.v1"] == ["o1"])
            for type in ["weir.sku.defined.v1", "weir.intent.reserved.v1"] {
                #expect(subjects[type] == [a, b])
            }
        }
        #expect(EventSubject.text(sku: "", token: nil) == nil && EventSubject.text(sku: "", token: "") == nil)
    }

    @Test func aFilterHidesOthersAndTheHeartbeatGoesPastThem() async throws {
        try await IngressRoom.with {
            $0.streamHeartbeatSeconds = 1
        } _: { room in
            for sku in ["tea", "cup"] { try await room.define(sku, 50) }
            let byBuyer = try await EventSource.open(room, "?buyer=ann")
            let bySKU = try await EventSource.open(room, "?sku=cup")
            let byBoth = try await EventSource.open(room, "?sku=tea&buyer=b%C3%B6b")
            for (number, buyer) in ["ann", "böb", "ann", "Ann"].enumerated() {
                for sku in ["tea", "cup"] {
                    _ = try await room.submit("\(sku)\(number)", sku, buyer: buyer, wait: 10)
                }
            }
            // An answer that changes nothing tells of an intent inside.
            _ = try await room.submit("tea0", "tea", buyer: "ann", wait: 10)
            _ = try await room.command("tea1", "confirm")
            _ = try await room.command("tea1", "confirm")
            try await eventually("all are seen") {
                byBuyer.events.count >= 4 && bySKU.events.count == 4 && byBoth.events.count == 3
            }
            func tokens(_ source: EventSource) -> [String] {
                source.events.compactMap { $0["data"]?["token"]?.string }.sorted()
            }
            #expect(tokens(byBuyer) == ["cup0", "cup2", "tea0", "tea2"])
            #expect(tokens(bySKU) == ["cup0", "cup1", "cup2", "cup3"])
            #expect(tokens(byBoth) == ["tea1", "tea1"])
            #expect(byBoth.events.last?["type"]?.string == "weir.command.answered.v1")
            // The place that a heartbeat tells lies behind everything: nothing is left to be read from there.
            try await eventually("heartbeats") { bySKU.heartbeats >= 3 && byBuyer.heartbeats >= 3 }
            for source in [byBuyer, bySKU, byBoth] {
                let again = try await EventSource.open(room, lastEventID: source.lastID)
                try await eventually("a heartbeat") { again.heartbeats >= 2 }
                #expect(again.events.isEmpty)
                again.close()
                source.close()
            }
        }
    }

    @Test func aPlaceBehindWhichEventsWerePrunedIsGone() async throws {
        try await IngressRoom.with { room in
            for number in 0..<6 { try await room.define("a\(number)", 1) }
            let whole = try await EventSource.open(room, "?after=start")
            try await eventually("the whole log") { whole.events.count == 6 }
            try await eventually("all is published") {
                try room.count("select count(*)::int from partition where published < head") == 0
            }
            let first = try #require(whole.events.first?.id)
            let last = try #require(whole.lastID)
            // Older than this second, until all of them are.
            let url = room.room.databaseURL
            try await eventually("all of them are pruned") {
                let report = await offAsyncThreads {
                    let now = Timestamp(microseconds: Int64(time(nil)) * 1_000_000)
                    return Result { try Prune(databaseURL: url).perform(PruneOrder(before: now)) }
                }
                return try report.get().isWhole && room.count("select count(*)::int from event") == 0
            }
            for place in [first, "0.0"] {
                let reply = try await room.send("GET", "/v1/events", headers: [("Last-Event-ID", place)])
                #expect(reply.status == 410 && reply.problem == "events-pruned", "\(reply.bodyText)")
                #expect(reply.place == "Last-Event-ID")
            }
            // Where nothing is missing the stream goes on, and one from the beginning begins with what is left.
            let rest = try await EventSource.open(room, "?after=start")
            let later = try await EventSource.open(room, lastEventID: last)
            try await room.define("b", 1)
            try await eventually("what is new") { rest.events.count == 1 && later.events.count == 1 }
            [whole, rest, later].forEach { $0.close() }
        }
    }

    @Test func aMadeUpPlaceIsRefused() async throws {
        try await IngressRoom.with(partitions: 3) { room in
            for text in [
                "x", "1", "1.2", "1.2.3.4", "-1.0.0", "01.0.0", "1..0", "0.0.+1", "0.0.9223372036854775808",
                "0,0,0", String(repeating: "1.", count: 10_000), "0.0.1000000", "٣.0.0",
            ] {
                let reply = try await room.send("GET", "/v1/events", headers: [("Last-Event-ID", text)])
                #expect(
                    reply.status == 400 && reply.problem == "invalid-header", "\(text): \(reply.bodyText)")
                #expect(reply.place == "Last-Event-ID")
            }
            for query in ["after=x", "after=", "after=0.0.1000000", "after=1.2", "after=Start"] {
                let reply = try await room.get("/v1/events?\(query)")
                #expect(
                    reply.status == 400 && reply.problem == "invalid-query", "\(query): \(reply.bodyText)")
                #expect(reply.place == "after")
            }
            for (query, place) in [("sku=a%20b", "sku"), ("buyer=a%00", "buyer"), ("type=x", "type")] {
                let reply = try await room.get("/v1/events?\(query)")
                #expect(reply.status == 400 && reply.place == place, "\(query): \(reply.bodyText)")
            }
            #expect(try await room.send("HEAD", "/v1/events").status == 200)
        }
    }

    @Test func theNumberOfStreamsIsBoundedAndAPlaceComesFree() async throws {
        try await IngressRoom.with {
            $0.streamLimit = 2
            $0.streamHeartbeatSeconds = 1
        } _: { room in
            let first = try await EventSource.open(room)
            let second = try await EventSource.open(room)
            let third = try await room.get("/v1/events")
            #expect(third.status == 503 && third.problem == "overloaded")
            #expect(third.headers.first(name: "retry-after") == "5")
            first.close()
            let tail = room.ingress.handler.tail
            try await eventually("a place is free") { tail.streams.value == 1 }
            let fourth = try await EventSource.open(room)
            try await room.define("a", 1)
            try await eventually("both see it") { second.events.count == 1 && fourth.events.count == 1 }
            second.close()
            fourth.close()
        }
    }

    @Test func aShutdownEndsStreamsAtOnce() async throws {
        try await IngressRoom.with(workers: false) { room in
            let stream = try await EventSource.open(room)
            let start = ContinuousClock.now
            await room.shutDown()
            try await eventually("the stream ends") { stream.hasEnded }
            #expect(ContinuousClock.now - start < .seconds(2))
            try await room.ended()
        }
    }

    @Test func aLogThatLostItsEndEndsItsStreams() async throws {
        try await IngressRoom.with { room in
            for number in 0..<10 { try await room.define("a\(number)", 1) }
            let stream = try await EventSource.open(room, "?after=start")
            try await eventually("all are seen") { stream.events.count == 10 }
            let place = try #require(stream.lastID)
            // As a restore from a backup does: some of what was seen was never there.
            _ = try room.count(
                "with gone as (delete from event where seq > 2 returning 1) select count(*)::int from gone")
            _ = try room.count(
                "with moved as (update partition set head = 2, published = 2 returning 1) select count(*)::int from moved"
            )
            _ = try room.count(
                """
                select count(pg_terminate_backend(pid))::int from pg_stat_activity
                where datname = current_database() and application_name like '% events'
                """)
            try await eventually("the stream ends") { stream.hasEnded }
            let reply = try await room.send("GET", "/v1/events", headers: [("Last-Event-ID", place)])
            #expect(reply.status == 400 && reply.text("detail")?.contains("ahead of the log") == true)
        }
    }

    /// Its client keeps the place; the server keeps a window of the log, and no more for a slow client.
    @Test func aClientThatReadsLateMissesNothing() async throws {
        try await IngressRoom.with { room in
            try await room.define("tea", 100_000, holdSeconds: 0)
            let count = 24_000
            let port = room.port
            let slow = try #require(
                await offAsyncThreads { () -> RawConnection? in
                    let connection = RawConnection(port: port, seconds: 60)
                    connection?.send("GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = connection?.receive(until: "\n\n")
                    return connection
                })
            let padding = String(repeating: "b", count: 120)
            for start in stride(from: 0, to: count, by: 1000) {
                let lines = (start..<start + 1000).map {
                    #"{"token":"t\#($0)","sku":"tea","quantity":1,"buyer":"\#(padding)"}"#
                }
                let reply = try await room.send(
                    "POST", "/v1/intents/batch", headers: [("Content-Type", "application/x-ndjson")],
                    body: lines.joined(separator: "\n"))
                #expect(reply.status == 200)
            }
            try await eventually("all are decided", within: .seconds(60)) {
                try room.count("select count(*)::int from intent") == count
            }
            let tail = room.ingress.handler.tail
            try await eventually("the window has moved on") {
                tail.state.withLock { $0.window.map { $0.end.seqs.max() ?? 0 } ?? 0 } >= Int64(count)
            }
            let start = tail.state.withLock { $0.window?.start.seqs.max() ?? 0 }
            #expect(start > 1, "the window holds everything: the test proves nothing")
            let seqs = await offAsyncThreads { () -> [Int] in
                // A chunk of HTTP holds whole events, so the lines with data are whole too.
                var (seqs, rest) = ([Int](), [UInt8]())
                while seqs.count < count, let bytes = slow.receive(), !bytes.isEmpty {
                    var lines = (rest + bytes).split(
                        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                    rest = Array(lines.removeLast())
                    for line in lines where line.starts(with: "data: ".utf8) {
                        let event = JSONValue.object((try? JSONFields(line.dropFirst(6))) ?? JSONFields())
                        seqs.append(Int(event["seq"]?.number ?? -1))
                    }
                }
                return seqs
            }
            #expect(seqs.count == count && seqs == Array(seqs.first!..<(seqs.first! + count)))
        }
    }
}
