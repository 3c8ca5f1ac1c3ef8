import Glibc
import Testing

/// What no HTTP client would send: in bounded time and memory, and without harm to anybody else.
@Suite struct ConnectionTests {
    @Test func bytesThatAreNotHTTPGetAProblem() async throws {
        try await IngressRoom.with(workers: false) { room in
            for (text, status, problem) in [
                ("nonsense\r\n\r\n", "400", "malformed-request"),
                ("GET /v1/skus/a\u{0}b HTTP/1.1\r\nHost: a\r\n\r\n", "400", "malformed-request"),
                (
                    "GET /v1/intents/%ff%fe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "400",
                    "invalid-path"
                ),
                ("GET /v1/intents/ü HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "400", ""),
                ("GET / HTTP/9.9\r\nHost: a\r\n\r\n", "400", "malformed-request"),
                (
                    "POST /v1/intents HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", "400",
                    "malformed-request"
                ),
                (
                    "POST /v1/intents HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                    "400",
                    "malformed-request"
                ),
                (
                    "GET /livez HTTP/1.1\r\nHost: a\r\nX-Large: \(String(repeating: "x", count: 40_000))\r\n\r\n",
                    "431",
                    "head-too-large"
                ),
                (
                    "GET /livez HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X-Many: 1\r\n", count: 200)
                        + "\r\n", "431",
                    "head-too-large"
                ),
                (
                    "GET /\(String(repeating: "p", count: 70_000)) HTTP/1.1\r\nHost: a\r\n\r\n", "431",
                    "head-too-large"
                ),
            ] {
                let reply = try await room.raw(text)
                #expect(reply.hasPrefix("HTTP/1.1 \(status) "), "\(text.prefix(60)): \(reply)")
                #expect(reply.contains("/problems/\(problem)"), "\(text.prefix(60)): \(reply)")
            }
            let alive = try await room.get("/livez")
            #expect(alive.status == 200)
        }
    }

    @Test func invalidUTF8InABodyIsNamed() async throws {
        try await IngressRoom.with(workers: false) { room in
            let port = room.port
            let reply = await offAsyncThreads { () -> String in
                guard let connection = RawConnection(port: port) else { return "no connection" }
                let body =
                    Array(#"{"sku":"shoe","quantity":1,"buyer":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
                connection.send(
                    "POST /v1/intents HTTP/1.1\r\nHost: a\r\nIdempotency-Key: t\r\nContent-Type: application/json\r\n"
                        + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n")
                connection.send(body)
                return connection.receive(until: "}")
            }
            #expect(reply.hasPrefix("HTTP/1.1 400 ") && reply.contains("not valid UTF-8"), "\(reply)")
        }
    }

    @Test func anEndlessBodyIsCutOff() async throws {
        try await IngressRoom.with(workers: false) { room in
            let port = room.port
            let start = ContinuousClock.now
            let (reply, sent) = await offAsyncThreads { () -> (String, Int) in
                guard let connection = RawConnection(port: port) else { return ("no connection", 0) }
                connection.send(
                    "POST /v1/intents HTTP/1.1\r\nHost: a\r\nIdempotency-Key: t\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n")
                let chunk =
                    Array("1000\r\n".utf8) + [UInt8](repeating: 0x20, count: 0x1000) + Array("\r\n".utf8)
                guard connection.send((0..<20).flatMap { _ in chunk }) else { return ("cut early", 0) }
                let reply = connection.receive(until: "}]}")
                var sent = 0
                while sent < 1_000_000, connection.send(chunk) { sent += 1 }
                return (reply, sent)
            }
            #expect(
                reply.hasPrefix("HTTP/1.1 413 ") && reply.contains("/problems/body-too-large"), "\(reply)")
            #expect(reply.lowercased().contains("connection: close"))
            #expect(sent < 1_000_000)
            #expect(ContinuousClock.now - start < .seconds(20))
            let alive = try await room.get("/livez")
            #expect(alive.status == 200)
        }
    }

    @Test func aClientThatNeverFinishesItsBodyIsToldAndCut() async throws {
        try await IngressRoom.with(workers: false) {
            $0.readTimeoutSeconds = 1
        } _: { room in
            let reply = try await room.raw(
                "POST /v1/intents HTTP/1.1\r\nHost: a\r\nIdempotency-Key: t\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 100\r\n\r\n{")
            #expect(
                reply.hasPrefix("HTTP/1.1 408 ") && reply.contains("/problems/request-timeout"), "\(reply)")
        }
    }

    @Test func aClientThatDripsItsHeadOrIsIdleIsCut() async throws {
        try await IngressRoom.with(workers: false, waitUntilReady: false) {
            $0.idleTimeoutSeconds = 1
        } _: { room in
            let port = room.port
            let start = ContinuousClock.now
            let received = await offAsyncThreads { () -> [UInt8]? in
                guard let connection = RawConnection(port: port, seconds: 20) else { return nil }
                connection.send("GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ")
                for _ in 0..<200 {
                    guard connection.send("x") else { break }
                    var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
                    nanosleep(&pause, nil)
                }
                return connection.receive() ?? []
            }
            #expect(received == [])
            #expect(ContinuousClock.now - start < .seconds(10))
            let silence = try await room.raw("")
            #expect(silence == "")
        }
    }

    @Test func tenThousandPipelinedRequestsAreAllAnswered() async throws {
        try await IngressRoom.with(workers: false) { room in
            let port = room.port
            let count = 10_000
            let answers = await offAsyncThreads { () -> Int in
                guard let connection = RawConnection(port: port, seconds: 60) else { return 0 }
                let writer = RawWriter(connection)
                let all = [UInt8]("GET /v1/intents/.. HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
                writer.start(all, times: count)
                var (seen, tail) = (0, [UInt8]())
                let mark = Array("HTTP/1.1 400".utf8)
                while seen < count, let bytes = connection.receive(), !bytes.isEmpty {
                    let window = tail + bytes
                    var position = 0
                    while position + mark.count <= window.count {
                        if window[position] == mark[0],
                            window[position..<position + mark.count].elementsEqual(mark)
                        {
                            seen += 1
                            position += mark.count
                        } else {
                            position += 1
                        }
                    }
                    tail = Array(window[max(position, window.count - mark.count + 1)...])
                }
                writer.join()
                return seen
            }
            #expect(answers == count)
            let alive = try await room.get("/livez")
            #expect(alive.status == 200)
        }
    }

    @Test func aClientThatNeverReadsItsAnswersIsCut() async throws {
        try await IngressRoom.with {
            $0.waitLimitSeconds = 0
            $0.commandWaitSeconds = 1
            $0.publishDeadlineSeconds = 2
            $0.lookUpTimeoutSeconds = 1
            $0.writeTimeoutSeconds = 1
        } _: { room in
            let port = room.port
            for number in 0..<20 { try await room.define("sku-\(number)", 1) }
            let stuck = await offAsyncThreads { () -> Bool in
                guard let connection = RawConnection(port: port, seconds: 3) else { return false }
                // Sends until nobody takes it any more, and never reads.
                let requests = Array(
                    String(repeating: "GET /v1/skus HTTP/1.1\r\nHost: a\r\n\r\n", count: 500).utf8)
                var sent = 0
                while sent < 2_000, connection.send(requests) { sent += 1 }
                return connection.isCut(within: 20)
            }
            #expect(stuck)
            let alive = try await room.get("/livez")
            #expect(alive.status == 200)
        }
    }

    @Test func manyConnectionsThatSayNothingHarmNobody() async throws {
        try await IngressRoom.with { room in
            let port = room.port
            let idle = await offAsyncThreads { (0..<300).compactMap { _ in RawConnection(port: port) } }
            for connection in idle { connection.send("POST /v1/intents HTTP/1.1\r\n") }
            try await room.define("shoe", 3)
            #expect(try await room.submit("t", "shoe", wait: 10).text("status") == "reserved")
            #expect(idle.count == 300)
        }
    }
}
