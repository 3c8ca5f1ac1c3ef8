import Testing
import WeirLive

@testable import WeirIngress

/// A plain request is answered by a handler of its connection, whether the HTTP decoder has read it or not, and any
/// other one by a task. Nobody can tell by the answer.
@Suite struct EveryWayTests {
    /// Is too unusual to be read without the decoder.
    private static let decoded = "X!: rare\r\n"
    /// Is no wish for a connection that the short way would take.
    private static let long = "Connection: keep-alive, x\r\n"

    /// What is the same whenever it was said, and under whichever key of this length.
    private func lasting(_ answer: String, key: String) -> String {
        var text = answer.replacing(key, with: "KEY")
        for (mark, end) in [
            ("Date: ", ""), ("\"decided_at\":\"", "\""), ("\"hold_until\":\"", "\""), (";r=", ";"),
            (";t=", ","),
        ] {
            var parts = text.split(separator: mark, omittingEmptySubsequences: false)
            for place in parts.indices.dropFirst() {
                parts[place] = parts[place].drop { !end.contains($0) && $0 != "\r\n" }
            }
            text = parts.joined(separator: mark)
        }
        return text
    }

    private func requests(_ way: String) -> [(name: String, wish: Wish)] {
        func named(_ name: String, _ change: (inout Wish) -> Void = { _ in }) -> (String, Wish) {
            var wish = Wish(key: "\(way)-\(name.replacing(" ", with: "-"))")
            change(&wish)
            return (name, wish)
        }
        func body(_ name: String, _ body: String) -> (String, Wish) { named(name) { $0.body = body } }
        func field(_ name: String, _ line: String) -> (String, Wish) {
            named(name) { $0.fields = line + "\r\n" }
        }
        let trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        return [
            named("plain"), field("outcome", "Prefer: wait=20"), field("again", "Prefer: wait=20"),
            field("asynchronous", "Prefer: respond-async"), field("bad wait", "Prefer: wait=x"),
            field("trace", trace), field("gzip", "Content-Encoding: gzip"),
            named("quoted") { $0.key = "\"\($0.key ?? "")\"" }, named("no key") { $0.key = nil },
            named("bad key") { $0.key = "-" }, named("no type") { $0.type = nil },
            field("two keys", "Idempotency-Key: other"),
            named("bad type") { $0.type = "text/plain" },
            named("charset") { $0.type = "application/json; charset=utf-8" },
            body("order", #"{"buyer":"ann","quantity":1,"sku":"shoe"}"#),
            body("twice", #"{"sku":"shoe","sku":"shoe","quantity":1,"buyer":"ann"}"#),
            body("token inside", #"{"token":"t","sku":"shoe","quantity":1,"buyer":"ann"}"#),
            body("too many", #"{"sku":"shoe","quantity":9999999999,"buyer":"ann"}"#),
            body("escaped", #"{"sku":"sho\u0065","quantity":1,"buyer":"ann"}"#),
            body("cut", #"{"sku":"shoe","quantity":1,"buyer":"ann""#),
            body("more", #"{"sku":"shoe","quantity":1,"buyer":"ann"}x"#),
            named("unknown SKU") {
                $0.fields = "Prefer: wait=20\r\n"
                $0.body = #"{"sku":"nothing","quantity":1,"buyer":"ann"}"#
            },
        ]
    }

    /// Every answer of one way, in a room of its own.
    private func answers(_ way: String, _ fields: String, _ book: LogBook) async throws -> [String] {
        var all: [String] = []
        try await IngressRoom.with(logger: book.logger) {
            $0.rateOverall = RateLimit(requests: 100_000, seconds: 86_400)
            $0.ratePerBuyer = RateLimit(requests: 1_000, seconds: 86_400)
        } _: { room in
            try await room.define("shoe", 1_000)
            try await room.define("gone", 0)
            try await eventually("the gate is closed") {
                try await room.submit("knock", "gone", buyer: "bob").problem == "sold-out"
            }
            let port = room.port
            var wishes = requests(way)
            // What is known is said again, and what is another wish is told so.
            wishes += [("repeated", wishes[1].wish), ("conflict", wishes[1].wish)]
            wishes[wishes.count - 1].wish.body = #"{"sku":"shoe","quantity":2,"buyer":"ann"}"#
            for (name, wish) in wishes {
                var wish = wish
                wish.fields += fields
                all.append("\(name): " + lasting(await ask(wish, port), key: "\(way)-"))
            }
            // The gate may let one pass when what it knows has grown old.
            var refusal = ""
            try await eventually("the gate refuses") {
                var wish = Wish.of("gone", "\(way)-gone", fields: "Prefer: wait=20\r\n" + fields)
                wish.body = wish.body.replacing("ann", with: "bob")
                refusal = await ask(wish, port)
                return refusal.contains("/problems/sold-out")
            }
            all.append(lasting(refusal, key: "\(way)-"))
        }
        return all
    }

    private func ask(_ wish: Wish, _ port: Int) async -> String {
        await offAsyncThreads {
            guard let connection = RawConnection(port: port) else { return "no connection" }
            connection.send(wish.text)
            connection.endSending()
            return connection.receiveAll()
        }
    }

    @Test func theAnswersAreTheSame() async throws {
        let books = [LogBook(), LogBook(), LogBook()]
        let quick = try await answers("quick", "", books[0])
        let read = try await answers("coded", Self.decoded, books[1])
        let long = try await answers("longs", Self.long, books[2])
        for place in quick.indices {
            #expect(quick[place] == long[place])
            #expect(read[place] == long[place])
        }
        #expect(quick.count == long.count && read.count == long.count)
        let codes = quick.map { statuses($0).joined() }
        #expect(codes.count { $0.contains("202") } == 7, "\(codes)")
        #expect(codes.count { $0.contains("200") } == 4, "\(codes)")
        #expect(codes.count { $0.contains("409") } == 1, "\(codes)")
        #expect(quick.count { $0.contains("Idempotent-Replayed: true") } == 1)
        #expect(quick.count { $0.contains("RateLimit: ") } >= 10)
        // Every request leaves its line.
        for book in books {
            let lines = book.all.filter { $0.contains("request answered") && $0.contains("/v1/intents") }
            #expect(lines.count >= quick.count)
            #expect(lines.contains { $0.contains("0af7651916cd43dd8448eb211c80319c") })
        }
    }
}
