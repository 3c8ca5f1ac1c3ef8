import Glibc
import Logging
import Testing
import WeirLive
import WeirProducer

@testable import WeirIngress

/// Refusals that a connection gives by itself: the same ones as behind it, in their turn, and never to be had for
/// nothing.
@Suite struct QuickRefusalTests {
    private func wish(
        _ token: String, _ sku: String, _ fields: String = "", body: String? = nil
    ) -> (head: String, body: String) {
        let body = body ?? #"{"sku":"\#(sku)","quantity":1,"buyer":"ann"}"#
        let head =
            "POST /v1/intents HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Idempotency-Key: \(token)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n"
        return (head, body)
    }

    /// Waits until the gate refuses intents for a SKU of which there was nothing from the start.
    private func close(_ room: IngressRoom, _ sku: String) async throws {
        try await eventually("the gate is closed") {
            try await room.submit("knock", sku).problem == "sold-out"
        }
    }

    private func statuses(_ text: String) -> [String] {
        text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
    }

    @Test func refusalsKeepTheirPlaceAmongOtherAnswers() async throws {
        try await IngressRoom.with { room in
            try await room.define("gone", 0)
            try await room.define("shoe", 100, holdSeconds: 0)
            try await close(room, "gone")
            let refused = try #require(room.ingress.gateKeeper).gate.counts.refused
            var text = ""
            for number in 0..<20 {
                for (token, sku) in [("a", "gone"), ("b", "shoe"), ("c", "gone")] {
                    let one = wish("\(token)\(number)", sku, "Prefer: wait=10\r\n")
                    text += one.head + one.body
                }
            }
            let last = wish("last", "gone", "Connection: close\r\n")
            let answer = try await room.raw(text + last.head + last.body)
            let expected = (0..<20).flatMap { _ in ["409", "200", "409"] } + ["409"]
            #expect(statuses(answer) == expected)
            #expect(try #require(room.ingress.gateKeeper).gate.counts.refused == refused + 41)
            #expect(try room.count("select count(*) from intent where sku = 'gone'") == 0)
        }
    }

    @Test func whatArrivesInPiecesIsAnsweredAllTheSame() async throws {
        try await IngressRoom.with { room in
            try await room.define("gone", 0)
            try await room.define("shoe", 9, holdSeconds: 0)
            try await close(room, "gone")
            let port = room.port
            let pieces = [
                wish("p1", "gone"), wish("p2", "shoe", "Prefer: wait=10\r\n"), wish("p3", "gone"),
            ]
            let answers = await offAsyncThreads { () -> [String] in
                guard let connection = RawConnection(port: port) else { return [] }
                return pieces.flatMap { piece in
                    [4, piece.body.count].map { cut in
                        connection.send(piece.head)
                        var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
                        nanosleep(&pause, nil)
                        connection.send(String(piece.body.prefix(cut)))
                        nanosleep(&pause, nil)
                        connection.send(String(piece.body.dropFirst(cut)))
                        return connection.receive(until: "}")
                    }
                }
            }
            #expect(answers.map { statuses($0) } == ["409", "409", "200", "200", "409", "409"].map { [$0] })
        }
    }

    @Test func aRequestThatIsNeverWholeIsEndedWithAProblem() async throws {
        try await IngressRoom.with {
            $0.readTimeoutSeconds = 1
        } _: { room in
            try await room.define("gone", 0)
            try await close(room, "gone")
            let one = wish("t", "gone")
            for part in [one.head, one.head + one.body.dropLast()] {
                let late = try await room.raw(part)
                #expect(late.hasPrefix("HTTP/1.1 408 ") && late.contains("/problems/request-timeout"))
            }
            let port = room.port
            let cut = await offAsyncThreads { () -> String in
                guard let connection = RawConnection(port: port) else { return "no connection" }
                connection.send(one.head + one.body.dropLast())
                connection.endSending()
                return connection.receiveAll()
            }
            #expect(cut.hasPrefix("HTTP/1.1 400 ") && cut.contains("/problems/malformed"), "\(cut)")
            #expect(try await room.get("/livez").status == 200)
        }
    }

    @Test func whoMayNotAskIsToldThatAndNotWhatIsSoldOut() async throws {
        try await IngressRoom.guarded {
            $0.ratePerCredential = RateLimit(requests: 100, seconds: 86_400)
            $0.ratePerBuyer = RateLimit(requests: 3, seconds: 86_400)
        } _: { room in
            let shop = try await room.key(.stockWrite, .stockRead, .intentsWrite)
            let reader = try await room.key(.stockRead)
            _ = try await room.define("gone", 0, as: shop.text)
            try await eventually("the gate is closed") {
                try await room.submit(
                    "k", "gone", buyer: "knock\(Int.random(in: 0...999_999))", as: shop.text
                )
                .problem == "sold-out"
            }
            #expect(try await room.submit("t", "gone").problem == "missing-credential")
            #expect(try await room.submit("t", "gone", buyer: "a", as: "weir_x").status == 401)
            #expect(try await room.submit("t", "gone", buyer: "a", as: reader.text).status == 403)
            // Nobody's quota was touched by these; each refusal takes one.
            for left in [2, 1, 0] {
                let reply = try await room.submit("t\(left)", "gone", buyer: "ann", as: shop.text)
                #expect(reply.status == 409)
                #expect(reply.headers.first(name: "ratelimit")?.contains(#""credential";r="#) == true)
            }
            let beyond = try await room.submit("t", "gone", buyer: "ann", as: shop.text)
            #expect(beyond.status == 429 && beyond.problem == "rate-limited")
            #expect(try await room.submit("t", "gone", buyer: "bob", as: shop.text).status == 409)
            try await eventually("the credential's quota is used up") {
                try await room.submit(
                    "t", "gone", buyer: "b\(Int.random(in: 0...999_999))", as: shop.text
                ).status == 429
            }
        }
    }

    @Test func aClientThatNeverReadsItsRefusalsIsCut() async throws {
        try await IngressRoom.with {
            $0.waitLimitSeconds = 0
            $0.commandWaitSeconds = 1
            $0.publishDeadlineSeconds = 2
            $0.lookUpTimeoutSeconds = 1
            $0.writeTimeoutSeconds = 1
        } _: { room in
            try await room.define("gone", 0)
            try await close(room, "gone")
            let one = wish("t", "gone")
            let port = room.port
            let (sent, isCut) = await offAsyncThreads { () -> (Int, Bool) in
                guard let connection = RawConnection(port: port, seconds: 3) else { return (0, false) }
                let requests = Array(String(repeating: one.head + one.body, count: 200).utf8)
                var sent = 0
                while sent < 2_000, connection.send(requests) { sent += 1 }
                return (sent, connection.isCut(within: 20))
            }
            // Its answers do not pile up: it is not read any more.
            #expect(sent < 2_000)
            #expect(isCut)
            #expect(try await room.get("/livez").status == 200)
        }
    }

    @Test func atADoorThatIsShutItSaysSoAndNothingIsPublished() async throws {
        try await IngressRoom.with(workers: false) {
            $0.inFlightLimit = 0
        } _: { room in
            for number in 0..<3 {
                let reply = try await room.submit("t\(number)", "shoe", wait: 5)
                #expect(reply.status == 503 && reply.problem == "overloaded")
                #expect(reply.headers.first(name: "retry-after") == "1")
                #expect(try await room.get("/v1/intents/t\(number)").status == 404)
            }
            #expect(room.ingress.handler.producer.refusals.load(ordering: .relaxed) == 3)
        }
    }
}
