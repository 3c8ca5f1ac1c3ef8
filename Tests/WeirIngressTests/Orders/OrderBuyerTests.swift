import Testing
import WeirLive

@testable import WeirIngress

/// A JWT with the scope `buyer` acts for its subject's own orders: to others they do not exist.
@Suite struct OrderBuyerTests {
    @Test func anotherBuyersOrderIs404() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            let ann = try issuer.token(["scope": #""buyer""#, "sub": #""ann""#])
            let bob = try issuer.token(["scope": #""buyer""#, "sub": #""bob""#])
            let shop = try issuer.token(["scope": #""\#(ScopeSet.all.text)""#, "sub": #""shop""#])
            let lines = [(sku: room.sku(in: 0), quantity: 1), (sku: room.sku(in: 1), quantity: 1)]
            for line in lines { #expect(try await room.define(line.sku, 5, as: shop).status == 201) }
            let bobs = try await room.order("bobs", lines, buyer: "bob", headers: [bearer(bob)])
            #expect(bobs.status == 200 && bobs.text("status") == "reserved", "\(bobs.bodyText)")

            for path in ["/v1/orders/bobs", "/v1/orders/bobs?wait=1"] {
                let seen = try await room.send("GET", path, headers: [bearer(ann)])
                let none = try await room.send(
                    "GET", path.replacing("bobs", with: "none"), headers: [bearer(ann)])
                #expect(seen.status == 404 && seen.bodyText == none.bodyText.replacing("none", with: "bobs"))
                #expect(try await room.send("GET", path, headers: [bearer(shop)]).status == 200)
            }
            for (verb, body) in [
                ("confirm", nil), ("cancel", nil), ("cancel", #"{"lines":[1]}"#),
                ("extend", #"{"hold_until":"2030-01-01T00:00:00Z"}"#),
            ] {
                let reply = try await room.change("bobs", verb, body, headers: [bearer(ann)])
                #expect(reply.status == 404 && reply.problem == "unknown-token", "\(verb) \(reply.bodyText)")
            }
            let other = try await room.order("new", lines, buyer: "bob", headers: [bearer(ann)])
            #expect(other.status == 403 && other.problem == "other-buyer" && other.place == "/buyer")
            // Under Bob's token Ann gets the conflict that anybody gets, and nothing of his.
            let conflict = try await room.order("bobs", lines, buyer: "ann", headers: [bearer(ann)])
            #expect(conflict.status == 422 && !conflict.bodyText.contains("\"bob\""))

            #expect(
                try await room.send("GET", "/v1/orders/bobs", headers: [bearer(bob)]).text("status")
                    == "reserved")
            let confirmed = try await room.change("bobs", "confirm", headers: [bearer(bob)])
            #expect(confirmed.status == 200 && confirmed.text("status") == "confirmed")
        }
    }

    @Test func anotherBuyersOrderIs404WhileItIsQueuedToo() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings, workers: false) { room in
            let ann = try issuer.token(["scope": #""buyer""#, "sub": #""ann""#])
            let bob = try issuer.token(["scope": #""buyer""#, "sub": #""bob""#])
            let accepted = try await room.order(
                "bobs", [("tea", 1), ("pot", 1)], buyer: "bob", wait: nil, headers: [bearer(bob)])
            #expect(accepted.status == 202)
            let seen = try await room.send("GET", "/v1/orders/bobs", headers: [bearer(bob)])
            #expect(seen.status == 200 && seen.text("status") == "queued")
            #expect(try await room.send("GET", "/v1/orders/bobs", headers: [bearer(ann)]).status == 404)
            // Whose it is is certain once it is decided: until then nobody changes it as a buyer.
            for credential in [ann, bob] {
                let reply = try await room.change("bobs", "cancel", headers: [bearer(credential)])
                #expect(reply.status == 404 && reply.headers.first(name: "retry-after") != nil)
            }
        }
    }

    @Test func aBuyersStreamShowsHisOwnOrdersAndNoOthers() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            let ann = try issuer.token(["scope": #""buyer""#, "sub": #""ann""#])
            let bob = try issuer.token(["scope": #""buyer""#, "sub": #""bob""#])
            let shop = try issuer.token(["scope": #""\#(ScopeSet.all.text)""#, "sub": #""shop""#])
            let lines = [(sku: room.sku(in: 0), quantity: 1), (sku: room.sku(in: 1), quantity: 1)]
            for line in lines { #expect(try await room.define(line.sku, 5, as: shop).status == 201) }
            _ = try await room.order("bobs", lines, buyer: "bob", headers: [bearer(bob)])
            _ = try await room.order("anns", lines, buyer: "ann", headers: [bearer(ann)])
            let own = try await EventSource.open(room, "?after=start", credential: ann)
            // Gathering and outcome of the order, and a line in each partition.
            try await eventually("Ann sees hers") { own.events.count == 4 }
            #expect(own.events.allSatisfy { $0["data"]?["buyer"]?.string == "ann" })
            own.close()
        }
    }
}
