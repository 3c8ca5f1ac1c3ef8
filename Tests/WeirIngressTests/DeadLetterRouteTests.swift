import Testing
import WeirLive

@testable import WeirIngress

/// Dead letters over HTTP: the same as on the command line.
@Suite struct DeadLetterRouteTests {
    private let json = [("Content-Type", "application/json")]

    private func line(_ token: String, quantity: Int, sku: String = "tea") -> String {
        #"{"reason":"invalid_field","detail":"d","type":"weir.intent.submit.v1","body":"#
            + #""{\"token\":\"\#(token)\",\"sku\":\"\#(sku)\",\"quantity\":\#(quantity),\"buyer\":\"b\"}"}"#
    }

    private func load(_ room: IngressRoom, _ lines: [String]) async throws -> Reply {
        try await room.send(
            "POST", "/v1/dead-letters/import", headers: [("Content-Type", "application/x-ndjson")],
            body: lines.joined(separator: "\n"))
    }

    private func post(_ room: IngressRoom, _ path: String, _ body: String) async throws -> Reply {
        try await room.send("POST", path, headers: json, body: body)
    }

    @Test func lettersAreLookedAtMendedReplayedAndGivenUp() async throws {
        try await IngressRoom.with { room in
            try await room.define("tea", 10, holdSeconds: 0)
            let imported = try await load(
                room, [line("a", quantity: 1), "{", line("b", quantity: 0), line("c", quantity: 1)])
            #expect(
                imported.status == 200 && imported.bodyText.contains(#""imported":3"#), "\(imported.bodyText)"
            )
            #expect(imported.bodyText.contains(#""line":2"#))
            #expect(try await room.get("/v1/intents/a").text("status") == "undecidable")

            #expect(try await room.get("/v1/dead-letters?limit=2").bodyText.contains(#""next":2"#))
            #expect(
                try await room.get("/v1/dead-letters?token=b&text=quantity").bodyText.contains(#""id":2"#))
            #expect(try await room.get("/v1/dead-letters/groups").bodyText.contains(#""count":3"#))
            #expect(try await room.get("/v1/dead-letters/1").bodyText.contains(#""action":"imported""#))
            let export = try await room.get("/v1/dead-letters/export?after=1")
            #expect(export.bodyText.split(separator: "\n").count == 2)

            let edited = try await room.send(
                "PATCH", "/v1/dead-letters/2", headers: json, body: #"{"set":{"quantity":2},"why":"typo"}"#)
            #expect(
                edited.status == 200 && edited.bodyText.contains(#"\"quantity\":2"#), "\(edited.bodyText)")
            let bad = try await room.send(
                "PATCH", "/v1/dead-letters/2", headers: json, body: #"{"set":{"token":"other"}}"#)
            #expect(bad.status == 422 && bad.bodyText.contains("the token cannot change"))

            // The third one is given up: whoever waits for its intent is told.
            async let waiting = room.get("/v1/intents/c?wait=20")
            let discarded = try await post(
                room, "/v1/dead-letters/discard", #"{"where":{"token":"c"},"why":"sold elsewhere"}"#)
            #expect(discarded.bodyText == #"{"letters":1,"intents_rejected":1}"#, "\(discarded.bodyText)")
            try await eventually("the intent is rejected") {
                try await room.get("/v1/intents/c").text("reason") == "discarded"
            }
            _ = try await waiting
            let restored = try await post(
                room, "/v1/dead-letters/restore", #"{"where":{"token":"c","state":"any"}}"#)
            #expect(restored.bodyText == #"{"letters":0,"refused":1}"#)

            // A dry run is a job like any other.
            let dry = try await post(room, "/v1/replays", #"{"where":{},"dry_run":true}"#)
            #expect(dry.status == 202 && dry.headers.first(name: "location") == "/v1/replays/1")
            try await eventually("the prediction is there") {
                try await room.get("/v1/replays/1").text("prediction") == "2 would be confirmed"
            }
            let begun = try await post(
                room, "/v1/replays", #"{"where":{"sku":"tea"},"rate":50,"why":"mended"}"#)
            #expect(begun.status == 202)
            try await eventually("it is done") {
                let replay = try await room.get("/v1/replays/2")
                return replay.text("state") == "done" && replay.bodyText.contains(#""published":2"#)
            }
            try await eventually("the intents are decided") {
                try await room.get("/v1/intents/b").text("status") == "confirmed"
            }
            #expect(try await room.get("/v1/dead-letters").bodyText == #"{"dead_letters":[]}"#)
            #expect(try await room.get("/v1/replays").bodyText.contains(#""id":1"#))
        }
    }

    @Test func aReplayIsStoppedAndGoesOnAndAShutdownLosesNone() async throws {
        try await IngressRoom.with(workers: false) { room in
            _ = try await load(room, (0..<200).map { line("t\($0)", quantity: 1) })
            _ = try await post(room, "/v1/replays", #"{"where":{},"rate":20}"#)
            try await eventually("it runs") {
                try await room.get("/v1/replays/1").bodyText.contains(#""published":20"#)
            }
            #expect(try await room.get("/v1/replays/1").text("state") == "running")
            #expect(try await post(room, "/v1/replays/1/resume", "").status == 409)
            #expect(try await post(room, "/v1/replays/1/stop", "").status == 200)
            try await eventually("it has stopped") {
                try await room.get("/v1/replays/1").text("state") == "stopped"
            }
            #expect(try await post(room, "/v1/replays/1/resume", "").status == 202)
            #expect(try await room.get("/v1/replays/1").text("state") == "running")
            await room.shutDown()
            try await room.ended()
            // Stopped in order: what was confirmed is marked, and the rest can be gone on with.
            #expect(
                try room.count("select count(*)::int from replay where ended_at is not null and stop_asked")
                    == 1)
            #expect(
                try room.count("select published::int from replay")
                    == room.count("select count(*)::int from dead_letter where state = 'replayed'"))
        }
    }

    /// Each body is refused with a pointer to every place that is wrong.
    private func nameEveryPlace(_ room: IngressRoom) async throws {
        for (method, path, body, pointers) in [
            (
                "POST", "/v1/replays",
                #"{"where":{"sku":"","colour":"red","ids":[1,"2",3.5],"since":"soon","partition":true},"limit":0,"#
                    + #""rate":"fast","as_new":1,"why":7,"wher":1}"#,
                [
                    "/where/sku", "/where/colour", "/where/ids/1", "/where/ids/2", "/where/since",
                    "/where/partition", "/limit", "/why", "/as_new", "/rate", "/wher",
                ]
            ),
            ("POST", "/v1/replays", #"{"where":[],"limit":1.5}"#, ["/where", "/limit"]),
            ("POST", "/v1/replays", #"{"where":{"ids":"1 x"}}"#, ["/where/ids"]),
            ("POST", "/v1/dead-letters/discard", #"{"limit":-1,"x":1}"#, ["/where", "/limit", "/why", "/x"]),
            ("POST", "/v1/dead-letters/discard", #"{"where":{},"why":7}"#, ["/why"]),
            ("POST", "/v1/dead-letters/restore", #"{"where":{"state":"gone"},"why":""}"#, ["/where/state"]),
            (
                "PATCH", "/v1/dead-letters/1", #"{"set":3,"body":4,"type":5,"x":6}"#,
                ["/type", "/body", "/set", "/x"]
            ),
            (
                "PATCH", "/v1/dead-letters/1", #"{"set":{"quantity":0,"buyer":null}}"#,
                ["/set/quantity", "/set/buyer"]
            ),
            ("PATCH", "/v1/dead-letters/1", #"{"set":{"token":"b"}}"#, ["/set/token"]),
            ("PATCH", "/v1/dead-letters/1", #"{"body":{"token":"a"}}"#, ["/body", "/body", "/body"]),
            ("PATCH", "/v1/dead-letters/1", #"{"type":"weir.nonsense.v1"}"#, ["/type"]),
        ] as [(String, String, String, [String])] {
            let reply = try await room.send(method, path, headers: json, body: body)
            #expect(reply.status == 422 && reply.pointers == pointers, "\(path) \(body): \(reply.bodyText)")
        }
    }

    @Test func wrongInputIsNamedAndChangesNothing() async throws {
        try await IngressRoom.with(workers: false) { room in
            _ = try await load(room, [line("a", quantity: 1)])
            for (method, path, body, status) in [
                ("GET", "/v1/dead-letters?colour=red", "", 400),
                ("GET", "/v1/dead-letters?since=soon", "", 400),
                ("GET", "/v1/dead-letters?limit=0", "", 400), ("GET", "/v1/dead-letters?text=%00", "", 400),
                ("GET", "/v1/dead-letters/x", "", 400), ("GET", "/v1/dead-letters/-1", "", 400),
                ("GET", "/v1/dead-letters/9999999999999999999", "", 400),
                ("GET", "/v1/dead-letters/99", "", 404),
                ("GET", "/v1/replays/99", "", 404), ("POST", "/v1/replays/99/stop", "", 404),
                ("POST", "/v1/replays/99/resume", "", 404), ("DELETE", "/v1/dead-letters/1", "", 405),
                ("POST", "/v1/dead-letters/discard", #"{"where":{}}"#, 422),
                ("POST", "/v1/dead-letters/discard", #"{"why":"w"}"#, 422),
                ("POST", "/v1/dead-letters/discard", #"{"where":{"colour":"red"},"why":"w"}"#, 422),
                ("POST", "/v1/dead-letters/discard", #"{"where":{},"why":"a\u0000b"}"#, 422),
                ("POST", "/v1/dead-letters/restore", "[]", 400),
                ("POST", "/v1/replays", #"{"where":{},"rate":0}"#, 422),
                ("POST", "/v1/replays", #"{"where":{},"dry_run":"yes"}"#, 422),
                ("POST", "/v1/replays", #"{"where":{},"nonsense":1}"#, 422),
                ("POST", "/v1/replays", #"{"where":{"ids":["1"]}}"#, 422),
                ("PATCH", "/v1/dead-letters/99", #"{"set":{"quantity":2}}"#, 404),
                ("PATCH", "/v1/dead-letters/1", #"{"body":"{"}"#, 422),
                ("PATCH", "/v1/dead-letters/1", #"{"set":3}"#, 422),
                ("POST", "/v1/dead-letters/import", "x", 415),
            ] {
                let reply = try await room.send(method, path, headers: json, body: body.isEmpty ? nil : body)
                #expect(
                    reply.status == status, "\(method) \(path) \(body): \(reply.status) \(reply.bodyText)")
            }
            try await nameEveryPlace(room)
            #expect(try room.count("select count(*)::int from dead_letter where state = 'open'") == 1)
            #expect(
                try room.count("select count(*)::int from dead_letter_history where action <> 'imported'")
                    == 0)
            #expect(try room.count("select count(*)::int from replay") == 0)
        }
    }

    /// Reading needs the scope too, and who acts for one buyer gets nowhere with it.
    @Test func onlyTheScopeOfDeadLettersOpensThem() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            let good = try issuer.token(["scope": #""dead:write""#, "sub": #""ops""#])
            let others = ScopeSet.all.text.replacing("dead:write", with: "")
            let wrong = try issuer.token(["scope": #""\#(others)""#, "sub": #""shop""#])
            let buyer = try issuer.token(["scope": #""buyer dead:write""#, "sub": #""ann""#])
            let routes = [
                ("GET", "/v1/dead-letters"), ("GET", "/v1/dead-letters/groups"),
                ("GET", "/v1/dead-letters/export"),
                ("GET", "/v1/dead-letters/1"), ("PATCH", "/v1/dead-letters/1"),
                ("POST", "/v1/dead-letters/import"),
                ("POST", "/v1/dead-letters/discard"), ("POST", "/v1/dead-letters/restore"),
                ("GET", "/v1/replays"),
                ("POST", "/v1/replays"), ("GET", "/v1/replays/1"), ("POST", "/v1/replays/1/stop"),
                ("POST", "/v1/replays/1/resume"),
            ]
            for (method, path) in routes {
                #expect(try await room.send(method, path).status == 401, "\(method) \(path)")
                for token in [wrong, buyer] {
                    let reply = try await room.send(method, path, headers: [bearer(token)])
                    #expect(reply.status == 403 && reply.problem == "missing-scope", "\(method) \(path)")
                }
                let reply = try await room.send(method, path, headers: [bearer(good)])
                #expect(reply.status != 401 && reply.status != 403, "\(method) \(path): \(reply.bodyText)")
            }
            // The history names the credential, not a stranger's word for himself.
            let imported = try await room.send(
                "POST", "/v1/dead-letters/import",
                headers: [bearer(good), ("Content-Type", "application/x-ndjson")],
                body: line("a", quantity: 1))
            #expect(imported.status == 200)
            let shown = try await room.send("GET", "/v1/dead-letters/1", headers: [bearer(good)])
            #expect(shown.bodyText.contains("ops") && !shown.bodyText.contains(#""who":"http""#))
        }
    }
}
