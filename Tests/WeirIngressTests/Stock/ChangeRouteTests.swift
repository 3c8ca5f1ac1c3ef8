import Foundation
import Testing
import WeirCore

@testable import WeirIngress
@testable import WeirWire

/// Extensions, returns and replacements over HTTP, wrong input included.
@Suite struct ChangeRouteTests {
    /// A moment so many seconds from now, on a clock that is the database's as well.
    private func moment(_ seconds: Double) -> String {
        Timestamp(microseconds: Int64((Date.now.timeIntervalSince1970 + seconds) * 1_000_000)).rfc3339
    }

    private func extend(_ room: IngressRoom, _ token: String, _ until: String) async throws -> Reply {
        try await room.post("/v1/intents/\(token)/extend", #"{"hold_until":"\#(until)"}"#)
    }

    @Test func aHoldIsExtendedUpToWhatThePolicyPermits() async throws {
        try await IngressRoom.with { room in
            try await room.put("tea", #""stocked":3,"hold_seconds":60,"max_hold_seconds":600"#)
            _ = try await room.submit("t1", "tea", wait: 10)
            let until = moment(300)
            let extended = try await extend(room, "t1", until)
            #expect(extended.status == 200 && extended.text("hold_until") == until)
            #expect(try await room.get("/v1/intents/t1").text("hold_until") == until)
            let shorter = try await extend(room, "t1", moment(100))
            #expect(shorter.status == 200 && shorter.text("hold_until") == until)
            let tooLong = try await extend(room, "t1", moment(700))
            #expect(tooLong.status == 409 && tooLong.problem == "hold-limit")
            #expect(tooLong.value("intent", "hold_until") == .text(until))
            try await room.put("none", #""stocked":3,"hold_seconds":60"#)
            _ = try await room.submit("t2", "none", wait: 10)
            #expect(try await extend(room, "t2", moment(61)).problem == "hold-limit")
            #expect(try await room.command("t1", "confirm").status == 200)
            #expect(try await extend(room, "t1", moment(400)).problem == "wrong-state")
            #expect(try await extend(room, "nobody", moment(400)).status == 404)
            let key = [("Idempotency-Key", "once"), ("Content-Type", "application/json")]
            _ = try await room.submit("t3", "tea", wait: 10)
            for isReplayed in [false, true] {
                let reply = try await room.send(
                    "POST", "/v1/intents/t3/extend?sku=tea", headers: key,
                    body: #"{"hold_until":"\#(until)"}"#)
                #expect(reply.status == 200)
                #expect((reply.headers.first(name: "idempotent-replayed") == "true") == isReplayed)
            }
        }
    }

    @Test func anExtensionThatIsWrongIsRefusedByName() async throws {
        try await IngressRoom.with(workers: false) { room in
            for (body, status, pointers) in [
                (#"{"hold_until":"tomorrow"}"#, 422, ["/hold_until"]), ("{}", 422, ["/hold_until"]),
                (#"{"hold_until":1}"#, 422, ["/hold_until"]),
                (#"{"hold_until":"2026-02-30T00:00:00Z"}"#, 422, ["/hold_until"]),
                (#"{"hold_until":"2026-02-20T00:00:00Z","until":1}"#, 422, ["/until"]),
                (#"{"hold_until":"soon","until":1,"x":2}"#, 422, ["/hold_until", "/until", "/x"]),
                ("", 400, []),
                ("[]", 400, []),
            ] as [(String, Int, [String])] {
                let reply = try await room.post("/v1/intents/t/extend?sku=tea", body)
                #expect(reply.status == status && reply.pointers == pointers, "\(body)")
            }
        }
    }

    @Test func unitsOfASaleAreGivenBackInParts() async throws {
        try await IngressRoom.with { room in
            try await room.put("tea", #""stocked":5,"hold_seconds":0"#)
            _ = try await room.submit("t1", "tea", 5, wait: 10)
            let back = try await room.post("/v1/intents/t1/cancel", #"{"quantity":2}"#, key: "r1")
            #expect(back.status == 200 && back.text("status") == "confirmed" && back.number("returned") == 2)
            let again = try await room.post("/v1/intents/t1/cancel", #"{"quantity":2}"#, key: "r1")
            #expect(again.number("returned") == 2)
            #expect(again.headers.first(name: "idempotent-replayed") == "true")
            #expect(try await room.get("/v1/skus/tea").number("available") == 2)
            let other = try await room.post("/v1/intents/t1/cancel", #"{"quantity":1}"#, key: "r1")
            #expect(other.status == 422 && other.problem == "command-conflict")
            let tooMany = try await room.post("/v1/intents/t1/cancel", #"{"quantity":4}"#, key: "r2")
            #expect(tooMany.status == 409 && tooMany.problem == "too-many")
            #expect(tooMany.pointers == ["/quantity"])
            let all = try await room.post("/v1/intents/t1/cancel", #"{"quantity":3}"#, key: "r3")
            #expect(all.text("status") == "cancelled")
            #expect(try await room.get("/v1/skus/tea").number("available") == 5)
            #expect(try await room.post("/v1/intents/t1/cancel", #"{"quantity":1}"#, key: "r4").status == 409)
        }
    }

    @Test func aReturnThatIsWrongIsRefused() async throws {
        try await IngressRoom.with { room in
            try await room.put("tea", #""stocked":5,"hold_seconds":60"#)
            _ = try await room.submit("held", "tea", 2, wait: 10)
            let keyless = try await room.post("/v1/intents/held/cancel", #"{"quantity":1}"#)
            #expect(keyless.status == 400 && keyless.place == "Idempotency-Key")
            let held = try await room.post("/v1/intents/held/cancel", #"{"quantity":1}"#, key: "k")
            #expect(held.status == 409 && held.problem == "wrong-state")
            for (body, pointers) in [
                (#"{"quantity":0}"#, ["/quantity"]), (#"{"quantity":"1"}"#, ["/quantity"]),
                (#"{"quantity":1.5}"#, ["/quantity"]), (#"{"units":1}"#, ["/units"]),
                (#"{"quantity":0,"units":1,"x":2}"#, ["/quantity", "/units", "/x"]),
            ] {
                let wrong = try await room.post("/v1/intents/held/cancel", body, key: "k2")
                #expect(wrong.status == 422 && wrong.pointers == pointers, "\(body): \(wrong.bodyText)")
            }
            #expect(try await room.post("/v1/intents/held/confirm", #"{"quantity":1}"#).status == 422)
            #expect(try await room.get("/v1/skus/tea").number("held") == 2)
        }
    }

    @Test func anIntentTakesThePlaceOfAnother() async throws {
        try await IngressRoom.with { room in
            func replace(_ token: String, _ older: String, _ quantity: Int = 1, buyer: String = "b")
                async throws
                -> Reply
            {
                try await room.post(
                    "/v1/intents",
                    #"{"sku":"tea","quantity":\#(quantity),"buyer":"\#(buyer)","replaces":"\#(older)"}"#,
                    key: token)
            }
            try await room.put("tea", #""stocked":3,"hold_seconds":60"#)
            _ = try await room.submit("t1", "tea", 3, wait: 10)
            let newer = try await replace("t2", "t1", 2)
            #expect(newer.text("status") == "reserved" && newer.text("replaces") == "t1")
            #expect(try await room.get("/v1/intents/t1").text("status") == "cancelled")
            #expect(try await room.command("t1", "confirm").problem == "wrong-state")
            #expect(try await room.get("/v1/skus/tea").number("held") == 2)
            #expect(try await replace("t2", "t1", 2).headers.first(name: "idempotent-replayed") == "true")
            #expect(try await replace("t3", "t2", buyer: "stranger").text("reason") == "not_replaceable")
            #expect(try await replace("t4", "nobody").text("reason") == "not_replaceable")
            #expect(try await room.command("t2", "confirm").status == 200)
            #expect(try await replace("t5", "t2").text("reason") == "not_replaceable")
            let wrong = try await replace("t6", "a b")
            #expect(wrong.status == 422 && wrong.pointers == ["/replaces"])
        }
    }
}
