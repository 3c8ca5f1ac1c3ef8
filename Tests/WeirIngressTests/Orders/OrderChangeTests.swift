import Foundation
import Testing

@testable import WeirIngress
@testable import WeirWire

/// What can be done with an order that is decided: single lines, deadlines, payments that come late.
@Suite struct OrderChangeTests {
    @Test func singleLinesAreGivenUpAndTheOthersStay() async throws {
        try await IngressRoom.with { room in
            let (a, b, c) = (room.sku(in: 0), room.sku(in: 1), room.sku(in: 1, "c"))
            for sku in [a, b, c] { try await room.define(sku, 5) }
            _ = try await room.order("o1", [(a, 1), (b, 2), (c, 3)])
            let less = try await room.change("o1", "cancel", #"{"lines":[2]}"#)
            #expect(less.status == 200 && less.text("status") == "reserved", "\(less.bodyText)")
            #expect(less.lines.map(\.status) == ["reserved", "cancelled", "reserved"])
            try await room.expectStock(b, held: 0, sold: 0, available: 5)
            try await room.expectStock(c, held: 3, sold: 0, available: 2)
            let same = try await room.change("o1", "cancel", #"{"lines":[2,2]}"#)
            #expect(same.status == 200 && same.number("version") == less.number("version"))

            let confirmed = try await room.change("o1", "confirm")
            #expect(confirmed.lines.map(\.status) == ["confirmed", "cancelled", "confirmed"])
            try await room.expectStock(a, held: 0, sold: 1, available: 4)
            try await room.expectStock(b, held: 0, sold: 0, available: 5)
            let returned = try await room.change("o1", "cancel", #"{"lines":[3]}"#)
            #expect(returned.text("status") == "confirmed")
            try await room.expectStock(c, held: 0, sold: 0, available: 5)
            let last = try await room.change("o1", "cancel", #"{"lines":[1]}"#)
            #expect(last.text("status") == "cancelled" && last.lines.allSatisfy { $0.status == "cancelled" })
            try await room.expectStock(a, held: 0, sold: 0, available: 5)
            try await room.expectHeld()
        }
    }

    @Test func aLineThatIsNotThereIsRefused() async throws {
        try await IngressRoom.with { room in
            let (a, b) = (room.sku(in: 0), room.sku(in: 1))
            for sku in [a, b] { try await room.define(sku, 5) }
            _ = try await room.order("o1", [(a, 1), (b, 2)])
            let unknown = try await room.change("o1", "cancel", #"{"lines":[1,3]}"#)
            #expect(unknown.status == 422 && unknown.problem == "unknown-line", "\(unknown.bodyText)")
            #expect(unknown.pointers == ["/lines/1"], "\(unknown.bodyText)")
            #expect(unknown.value("order", "status") == .text("reserved"))
            for (verb, body, pointers) in [
                ("cancel", #"{"lines":[]}"#, ["/lines"]), ("cancel", #"{"lines":1}"#, ["/lines"]),
                ("cancel", #"{"lines":[0]}"#, ["/lines/0"]), ("cancel", #"{"lines":[501]}"#, ["/lines/0"]),
                (
                    "cancel", #"{"lines":["1",1,1.5,2,-1],"line":1,"x":2}"#,
                    ["/lines/0", "/lines/2", "/lines/4", "/line", "/x"]
                ),
                ("confirm", #"{"lines":[1],"x":2}"#, ["/lines", "/x"]), ("extend", "{}", ["/hold_until"]),
                ("extend", #"{"hold_until":7,"until":7}"#, ["/hold_until", "/until"]),
            ] as [(String, String, [String])] {
                let refused = try await room.change("o1", verb, body)
                #expect(refused.status == 422 && refused.problem == "invalid-body", "\(verb) \(body)")
                #expect(refused.pointers == pointers, "\(verb) \(body): \(refused.bodyText)")
            }
            try await room.expectStock(a, held: 1, sold: 0, available: 4)
            try await room.expectStock(b, held: 2, sold: 0, available: 3)
        }
    }

    @Test func theShortestHoldEndsTheOrderAndEveryLineFollows() async throws {
        try await IngressRoom.with { room in
            let (a, b) = (room.sku(in: 0), room.sku(in: 1))
            try await room.define(a, 5, holdSeconds: 900)
            try await room.define(b, 5, holdSeconds: 1)
            #expect(try await room.order("o1", [(a, 2), (b, 1)]).text("status") == "reserved")
            try await eventually("it expires") {
                try await room.get("/v1/orders/o1").text("status") == "expired"
            }
            try await room.expectStock(a, held: 0, sold: 0, available: 5)
            try await room.expectStock(b, held: 0, sold: 0, available: 5)
            #expect(try await room.change("o1", "cancel").problem == "wrong-state")
            // A payment that comes late finds everything there still.
            let late = try await room.change("o1", "confirm", headers: [("Idempotency-Key", "pay")])
            #expect(late.status == 200 && late.text("status") == "confirmed", "\(late.bodyText)")
            let again = try await room.change("o1", "confirm", headers: [("Idempotency-Key", "pay")])
            #expect(again.status == 200 && again.headers.first(name: "idempotent-replayed") == "true")
            try await room.expectStock(a, held: 0, sold: 2, available: 3)
            try await room.expectStock(b, held: 0, sold: 1, available: 4)
            try await room.expectHeld()
        }
    }

    @Test func aLatePaymentForLinesThatAreGoneIsAShortfall() async throws {
        try await IngressRoom.with { room in
            // The coordinator may be either, and so may be the partition that is short.
            let skus = [room.sku(in: 0), room.sku(in: 1)]
            for sku in skus { try await room.define(sku, 2, holdSeconds: 1) }
            for (number, short) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
                let order = "o\(number)"
                #expect(
                    try await room.order(order, skus.map { ($0, 2) }).text("status") == "reserved")
                try await eventually("it expires") {
                    try await room.get("/v1/orders/\(order)").text("status") == "expired"
                }
                for sku in skus { try await room.expectStock(sku, held: 0, sold: 0, available: 2) }
                let rival = "rival\(number)"
                // The gate may hear of the units that came back a little later than the row shows them.
                try await eventually("the rival has its unit") {
                    try await room.submit(rival, skus[short], wait: 10).status == 200
                }
                #expect(try await room.command(rival, "confirm").text("status") == "confirmed")
                let key = [("Idempotency-Key", "pay\(number)")]
                let late = try await room.change(order, "confirm", headers: key)
                #expect(late.status == 409 && late.problem == "shortfall", "\(number): \(late.bodyText)")
                #expect(late.value("order", "status") == .text("expired"))
                let again = try await room.change(order, "confirm", headers: key)
                #expect(again.problem == "shortfall")
                #expect(again.headers.first(name: "idempotent-replayed") == "true")
                try await room.expectStock(skus[1 - short], held: 0, sold: 0, available: 2)
                try await room.expectStock(skus[short], held: 0, sold: 1, available: 1)
                #expect(
                    try room.count(
                        "select count(*)::int from event where type = 'weir.order.shortfall.v1' and token = '\(order)'"
                    ) == 1)
                _ = try await room.command(rival, "cancel")
                try await room.expectStock(skus[short], held: 0, sold: 0, available: 2)
            }
            try await room.expectHeld()
        }
    }

    @Test func aHoldIsExtendedAsFarAsEveryLinePermits() async throws {
        try await IngressRoom.with { room in
            let (a, b) = (room.sku(in: 0), room.sku(in: 1))
            for (sku, most) in [(a, 600), (b, 300)] {
                _ = try await room.send(
                    "PUT", "/v1/skus/\(sku)", headers: [("Content-Type", "application/json")],
                    body: #"{"stocked":5,"hold_seconds":60,"max_hold_seconds":\#(most)}"#)
            }
            let held = try await room.order("o1", [(a, 1), (b, 1)])
            func extend(_ seconds: Double) async throws -> Reply {
                let until = Date(timeIntervalSinceNow: seconds).ISO8601Format()
                return try await room.change("o1", "extend", #"{"hold_until":"\#(until)"}"#)
            }
            let later = try await extend(200)
            #expect(later.status == 200 && later.text("status") == "reserved", "\(later.bodyText)")
            let (before, after) = (held.text("hold_until") ?? "", later.text("hold_until") ?? "")
            #expect(before < after)
            #expect(try await extend(100).text("hold_until") == after)
            let tooLong = try await extend(400)
            #expect(tooLong.status == 409 && tooLong.problem == "hold-limit", "\(tooLong.bodyText)")
            #expect(tooLong.pointers == ["/hold_until"])
            #expect(try await room.get("/v1/orders/o1").text("hold_until") == after)
            #expect(try await room.change("o1", "cancel").text("status") == "cancelled")
            #expect(try await extend(200).problem == "wrong-state")
            try await room.expectHeld()
        }
    }

    @Test func anOrderThatCannotBeReadIsRefusedAndNamesTheField() async throws {
        try await IngressRoom.with(workers: false) { room in
            func refuse(_ body: String, _ place: String) async throws {
                let reply = try await room.send(
                    "POST", "/v1/orders",
                    headers: [("Idempotency-Key", "o1"), ("Content-Type", "application/json")], body: body)
                #expect(reply.status == 422 && reply.problem == "invalid-body", "\(body): \(reply.bodyText)")
                #expect(reply.pointers.contains(place), "\(body): \(reply.bodyText)")
            }
            let line = #"{"sku":"tea","quantity":1}"#
            try await refuse(#"{"buyer":"b"}"#, "/lines")
            try await refuse(#"{"buyer":"b","lines":[]}"#, "/lines")
            try await refuse(#"{"buyer":"b","lines":{}}"#, "/lines")
            try await refuse(#"{"buyer":"b","lines":[1]}"#, "/lines/0")
            try await refuse(#"{"lines":[\#(line)]}"#, "/buyer")
            try await refuse(#"{"buyer":"b","lines":[\#(line)],"sku":"tea"}"#, "/sku")
            for (bad, field) in [
                (#"{"sku":"tea"}"#, "quantity"), (#"{"quantity":1}"#, "sku"),
                (#"{"sku":"tea","quantity":0}"#, "quantity"), (#"{"sku":"tea","quantity":1.5}"#, "quantity"),
                (#"{"sku":"tea","quantity":3000000000}"#, "quantity"),
                (#"{"sku":"t/a","quantity":1}"#, "sku"),
                (#"{"sku":"tea","quantity":1,"on_shortage":"waitlist"}"#, "on_shortage"),
            ] {
                try await refuse(#"{"buyer":"b","lines":[\#(line),\#(bad)]}"#, "/lines/1/\(field)")
            }
            let keyless = try await room.send(
                "POST", "/v1/orders", headers: [("Content-Type", "application/json")],
                body: #"{"buyer":"b","lines":[\#(line)]}"#)
            #expect(keyless.status == 400 && keyless.place == "Idempotency-Key")
            for path in ["/v1/orders/a%2F1", "/v1/orders/.a", "/v1/orders/o1/sell"] {
                #expect([400, 404].contains(try await room.get(path).status), "\(path)")
            }
            #expect(try await room.send("GET", "/v1/orders").status == 405)
            #expect(room.ingress.handler.orderMemory.count == 0)
        }
    }
}
