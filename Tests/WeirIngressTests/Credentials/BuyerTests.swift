import Testing
import WeirLive

@testable import WeirIngress

/// FAULTS.md 'Bad input, HTTP', another buyer's token: a JWT with the scope `buyer` acts for its own subject only.
@Suite struct BuyerTests {
    /// A room with an intent of Ann's, one of Bob's, and a token of each.
    private func with(
        _ body: (IngressRoom, _ ann: String, _ bob: String, _ shop: String, Issuer) async throws -> Void
    ) async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            let ann = try issuer.token(["scope": #""buyer""#, "sub": #""ann""#])
            let bob = try issuer.token(["scope": #""buyer""#, "sub": #""bob""#])
            let shop = try issuer.token(
                ["scope": #""\#(ScopeSet.all.text)""#, "sub": #""shop""#])
            #expect(try await room.define("shoe", 10, as: shop).status == 201)
            #expect(try await room.submit("anns", "shoe", buyer: "ann", as: ann, wait: 10).status == 200)
            #expect(try await room.submit("bobs", "shoe", buyer: "bob", as: bob, wait: 10).status == 200)
            try await body(room, ann, bob, shop, issuer)
        }
    }

    @Test func anotherBuyersTokenIs404() async throws {
        try await with { room, ann, bob, shop, _ in
            for path in ["/v1/intents/bobs", "/v1/intents/bobs?sku=shoe", "/v1/intents/bobs?wait=1"] {
                let reply = try await room.send("GET", path, headers: [bearer(ann)])
                #expect(reply.status == 404 && reply.problem == "unknown-token", "\(path) \(reply.bodyText)")
                // It says of Bob's intent what it says of one that is not there.
                let none = try await room.send(
                    "GET", path.replacing("bobs", with: "none"), headers: [bearer(ann)])
                #expect(reply.bodyText == none.bodyText.replacing("none", with: "bobs"))
            }
            for verb in ["confirm", "cancel"] {
                for query in ["", "?sku=shoe"] {
                    let reply = try await room.command("bobs", verb, query: query, headers: [bearer(ann)])
                    #expect(
                        reply.status == 404 && reply.problem == "unknown-token",
                        "\(verb)\(query) \(reply.bodyText)")
                }
            }
            let bobs = try await room.send("GET", "/v1/intents/bobs", headers: [bearer(bob)])
            #expect(bobs.status == 200 && bobs.text("status") == "reserved")
            // A shop's own credential sees both.
            for token in ["anns", "bobs"] {
                #expect(
                    try await room.send("GET", "/v1/intents/\(token)", headers: [bearer(shop)]).status == 200)
            }
            #expect(
                try room.count("select count(*) from event where type::text like 'weir.intent.%'") == 2)
        }
    }

    @Test func anotherBuyersTokenIs404WhileItIsQueuedToo() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings, workers: false) { room in
            let ann = try issuer.token(["scope": #""buyer""#, "sub": #""ann""#])
            let bob = try issuer.token(["scope": #""buyer""#, "sub": #""bob""#])
            #expect(try await room.submit("bobs", "shoe", buyer: "bob", as: bob).status == 202)
            let seen = try await room.send("GET", "/v1/intents/bobs", headers: [bearer(bob)])
            #expect(seen.status == 200 && seen.text("status") == "queued")
            #expect(try await room.send("GET", "/v1/intents/bobs", headers: [bearer(ann)]).status == 404)
            // Whose it is is certain once it is decided: until then nobody changes it as a buyer.
            for credential in [ann, bob] {
                let reply = try await room.command(
                    "bobs", "cancel", query: "?sku=shoe", headers: [bearer(credential)])
                #expect(reply.status == 404 && reply.headers.first(name: "retry-after") != nil)
            }
        }
    }

    @Test func aSubmitForAnotherBuyerIs403AndNamesTheField() async throws {
        try await with { room, ann, _, shop, _ in
            for buyer in ["bob", "Ann", "ann ", "a\u{0301}nn"] {
                let reply = try await room.submit("new", "shoe", buyer: buyer, as: ann, wait: 1)
                #expect(reply.status == 403 && reply.problem == "other-buyer", "\(buyer) \(reply.bodyText)")
                #expect(reply.place == "/buyer")
            }
            #expect(try await room.send("GET", "/v1/intents/new", headers: [bearer(shop)]).status == 404)
            #expect(try await room.submit("new", "shoe", buyer: "bob", as: shop, wait: 10).status == 200)
            // Under a token of Bob's Ann gets the conflict that anybody gets, and nothing of his.
            let conflict = try await room.submit("bobs", "shoe", buyer: "ann", as: ann, wait: 5)
            #expect(conflict.status == 422 && !conflict.bodyText.contains("bob\""))
        }
    }

    @Test func aBuyerDoesEverythingWithHisOwn() async throws {
        try await with { room, ann, _, _, _ in
            let headers = [bearer(ann)]
            #expect(try await room.send("GET", "/v1/intents/anns", headers: headers).status == 200)
            #expect(try await room.submit("anns", "shoe", buyer: "ann", as: ann, wait: 5).status == 200)
            let confirmed = try await room.command("anns", "confirm", headers: headers)
            #expect(confirmed.status == 200 && confirmed.text("status") == "confirmed")
            let cancelled = try await room.command("anns", "cancel", query: "?sku=shoe", headers: headers)
            #expect(cancelled.status == 200 && cancelled.text("status") == "cancelled")
        }
    }

    @Test func aBuyersTokenNeverChangesStock() async throws {
        try await with { room, _, _, _, issuer in
            let greedy = try issuer.token(
                ["scope": #""buyer \#(ScopeSet.all.text)""#, "sub": #""ann""#])
            #expect(try await room.define("hat", 1, as: greedy).problem == "missing-scope")
            #expect(try await room.send("GET", "/v1/skus/shoe", headers: [bearer(greedy)]).status == 200)
            #expect(try await room.send("GET", "/v1/intents/bobs", headers: [bearer(greedy)]).status == 404)
            let plain = try issuer.token(["scope": #""buyer""#, "sub": #""ann""#])
            #expect(try await room.send("GET", "/v1/skus/shoe", headers: [bearer(plain)]).status == 403)
        }
    }

    @Test func aBatchRefusesTheLinesOfAnotherBuyerAndNoOthers() async throws {
        try await with { room, ann, _, shop, _ in
            let reply = try await room.send(
                "POST", "/v1/intents/batch",
                headers: [bearer(ann), ("Content-Type", "application/x-ndjson"), ("Prefer", "wait=10")],
                body: ["ann", "bob", "ann"].enumerated().map {
                    #"{"token":"line\#($0)","sku":"shoe","quantity":1,"buyer":"\#($1)"}"#
                }.joined(separator: "\n"))
            let lines = reply.bodyText.split(separator: "\n")
            #expect(reply.status == 200 && lines.count == 3)
            #expect(lines[0].contains("reserved") && lines[2].contains("reserved"), "\(lines)")
            #expect(lines[1].contains("/problems/other-buyer") && lines[1].contains("/buyer"), "\(lines)")
            let none = try await room.send("GET", "/v1/intents/line1", headers: [bearer(shop)])
            #expect(none.status == 404)
        }
    }

    @Test func aBuyersStreamShowsHisOwnEventsAndNoOthers() async throws {
        try await with { room, ann, _, shop, _ in
            let refused = try await room.send("GET", "/v1/events?buyer=bob", headers: [bearer(ann)])
            #expect(refused.status == 403 && refused.problem == "other-buyer" && refused.place == "buyer")
            let own = try await EventSource.open(room, "?after=start", credential: ann)
            let all = try await EventSource.open(room, "?after=start", credential: shop)
            #expect(try await room.submit("anns2", "shoe", buyer: "ann", as: ann, wait: 10).status == 200)
            // The definition, one intent of each and one more: seen by all, so long after Ann has seen hers.
            try await eventually("everything is shown to the shop") { all.events.count == 4 }
            try await eventually("Ann sees hers") { own.events.count == 2 }
            #expect(own.events.allSatisfy { $0["data"]?["buyer"]?.string == "ann" })
            own.close()
            all.close()
        }
    }
}
