import Testing
import WeirLive

@testable import WeirIngress

/// Orders over HTTP, on real servers and with a worker for each partition.
@Suite struct OrderRouteTests {
    @Test func anOrderAcrossPartitionsIsReservedConfirmedAndCancelled() async throws {
        try await IngressRoom.with { room in
            let (a, b) = (room.sku(in: 0), room.sku(in: 1))
            try await room.define(a, 5)
            try await room.define(b, 5)
            let reserved = try await room.order("o1", [(a, 2), (b, 1)], buyer: "ann")
            #expect(reserved.status == 200 && reserved.text("status") == "reserved", "\(reserved.bodyText)")
            #expect(reserved.headers.first(name: "location") == "/v1/orders/o1")
            #expect(reserved.headers.first(name: "preference-applied") == "wait=20")
            #expect(reserved.text("buyer") == "ann" && reserved.text("hold_until") != nil)
            #expect(reserved.lines == [ShownLine(a, 2, "reserved"), ShownLine(b, 1, "reserved")])
            #expect(try await room.get("/v1/orders/o1").bodyText == reserved.bodyText)
            try await room.expectStock(a, held: 2, sold: 0, available: 3)
            try await room.expectStock(b, held: 1, sold: 0, available: 4)

            let confirmed = try await room.change("o1", "confirm")
            #expect(confirmed.status == 200 && confirmed.text("status") == "confirmed")
            #expect(confirmed.text("hold_until") == nil)
            #expect(confirmed.lines.allSatisfy { $0.status == "confirmed" })
            try await room.expectStock(a, held: 0, sold: 2, available: 3)
            try await room.expectStock(b, held: 0, sold: 1, available: 4)

            let key = [("Idempotency-Key", "c1")]
            let cancelled = try await room.change("o1", "cancel", headers: key)
            #expect(cancelled.status == 200 && cancelled.text("status") == "cancelled")
            let repeated = try await room.change("o1", "cancel", headers: key)
            #expect(repeated.status == 200 && repeated.text("status") == "cancelled")
            #expect(repeated.headers.first(name: "idempotent-replayed") == "true")
            try await room.expectStock(a, held: 0, sold: 0, available: 5)
            try await room.expectStock(b, held: 0, sold: 0, available: 5)
            try await room.expectHeld()
        }
    }

    @Test func oneShortLineLeavesNothingReserved() async throws {
        try await IngressRoom.with { room in
            let (a, b, c) = (room.sku(in: 0), room.sku(in: 1), room.sku(in: 1, "none"))
            try await room.define(a, 5)
            try await room.define(b, 1)
            let rejected = try await room.order("o1", [(a, 2), (b, 2), (c, 1)])
            #expect(rejected.status == 200 && rejected.text("status") == "rejected")
            #expect(rejected.text("reason") == "order_incomplete")
            #expect(rejected.lines.map(\.reason) == [nil, "sold_out", "unknown_sku"], "\(rejected.bodyText)")
            #expect(rejected.lines.map(\.status) == ["cancelled", "rejected", "rejected"])
            try await room.expectStock(a, held: 0, sold: 0, available: 5)
            try await room.expectStock(b, held: 0, sold: 0, available: 1)
            for verb in ["confirm", "cancel"] {
                let refused = try await room.change("o1", verb)
                #expect(refused.status == 409 && refused.problem == "wrong-state", "\(refused.bodyText)")
                #expect(refused.value("order", "status") == .text("rejected"))
            }
            try await room.expectHeld()
        }
    }

    @Test func anOrderOfOnePartitionIsDecidedInOneBatchWithoutAMessage() async throws {
        try await IngressRoom.with { room in
            for partition in 0...1 {
                let (a, b) = (room.sku(in: partition, "a"), room.sku(in: partition, "b"))
                try await room.define(a, 5)
                try await room.define(b, 5)
                // Tokens of either partition: it is the lines that decide who coordinates.
                for number in 0..<4 {
                    let reply = try await room.order("o\(partition)\(number)", [(a, 1), (b, 1)])
                    #expect(reply.text("status") == "reserved" && reply.number("version") == 1)
                    #expect(reply.number("partition") == Int64(partition))
                }
                #expect(try await room.change("o\(partition)0", "confirm").text("status") == "confirmed")
            }
            #expect(try room.count("select count(*) from event_address") == 0)
            #expect(try room.count("select count(*) from order_part") == 0)
            // Each order and its lines stand in the log behind one another: one batch, one moment.
            let moments = "select count(distinct at) from event where token like 'o01%'"
            #expect(try room.count(moments) == 1)
            try await room.expectHeld()
        }
    }

    @Test func linesOfOneSKUAreMerged() async throws {
        try await IngressRoom.with { room in
            let (a, b) = (room.sku(in: 0), room.sku(in: 1))
            try await room.define(a, 5)
            try await room.define(b, 5)
            let reply = try await room.order("o1", [(a, 1), (b, 1), (a, 2), (b, 3)])
            #expect(reply.lines == [ShownLine(a, 3, "reserved"), ShownLine(b, 4, "reserved")])
            // The merged form is the payload: who sends it so repeats the order.
            let again = try await room.order("o1", [(a, 3), (b, 4)])
            #expect(again.status == 200 && again.headers.first(name: "idempotent-replayed") == "true")
            let tooMany = try await room.order("o2", [(a, 2_000_000_000), (b, 1), (a, 2_000_000_000)])
            #expect(tooMany.status == 422 && tooMany.place == "/lines", "\(tooMany.bodyText)")
        }
    }

    @Test func everyWrongFieldOfTheLinesHasAPointerOfItsOwn() async throws {
        try await IngressRoom.with(workers: false) { room in
            let refused = try await room.order("o1", [("a b", 0), ("tea", 1), ("pot", -1)])
            #expect(refused.status == 422 && refused.problem == "invalid-body")
            #expect(
                refused.pointers == ["/lines/0/sku", "/lines/0/quantity", "/lines/2/quantity"],
                "\(refused.bodyText)")
        }
    }

    @Test func fiveHundredLinesAreTakenAndOneMoreIsRefused() async throws {
        try await IngressRoom.with { room in
            let skus = (0..<500).map { "many-\($0)" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        for position in stride(from: worker, to: skus.count, by: 8) {
                            let created = try await room.define(skus[position], 1)
                            #expect(created.status == 201)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let reply = try await room.order("o1", skus.map { ($0, 1) })
            #expect(reply.status == 200 && reply.text("status") == "reserved")
            #expect(reply.lines == skus.map { ShownLine($0, 1, "reserved") })
            let more = try await room.order("o2", skus.map { ($0, 1) } + [("more", 1)])
            #expect(more.status == 422 && more.problem == "invalid-body" && more.place == "/lines")
            #expect(more.text("detail")?.contains("501 lines") == true, "\(more.bodyText)")
            let second = try await room.order("o3", skus.map { ($0, 1) })
            #expect(second.text("reason") == "order_incomplete")
            #expect(second.lines.contains { $0.reason == "sold_out" })
            #expect(try await room.change("o1", "confirm").text("status") == "confirmed")
            try await eventually("every line is sold") {
                try room.count("select sum(sold)::int from sku where held = 0") == 500
            }
            try await room.expectHeld()
        }
    }

    @Test func anOrderThatMayNotBeHeldIsSoldAtOnce() async throws {
        try await IngressRoom.with { room in
            let (a, b) = (room.sku(in: 0), room.sku(in: 1))
            try await room.define(a, 5, holdSeconds: 0)
            try await room.define(b, 5)
            let sold = try await room.order("o1", [(a, 1), (b, 1)])
            #expect(sold.text("status") == "confirmed", "\(sold.bodyText)")
            try await room.expectStock(a, held: 0, sold: 1, available: 4)
            try await room.expectStock(b, held: 0, sold: 1, available: 4)
            try await room.expectHeld()
        }
    }

    @Test func theSameOrderHasTheSameOutcomeAndAnotherIsAConflict() async throws {
        for door in [true, false] {
            try await IngressRoom.with {
                $0.lookUpAtTheDoor = door
            } _: { room in
                let (a, b) = (room.sku(in: 0), room.sku(in: 1))
                try await room.define(a, 5)
                try await room.define(b, 5)
                let first = try await room.order("o1", [(a, 1), (b, 1)])
                let again = try await room.order("o1", [(a, 1), (b, 1)])
                #expect(again.status == 200 && again.bodyText == first.bodyText)
                #expect(again.headers.first(name: "idempotent-replayed") == "true")
                // Another order may have another coordinator.
                for (lines, buyer) in [
                    ([(a, 2), (b, 1)], "b"), ([(b, 1), (a, 1)], "b"), ([(a, 1)], "b"), ([(b, 1)], "b"),
                    ([(a, 1), (b, 1)], "c"),
                ] {
                    let conflict = try await room.order("o1", lines, buyer: buyer)
                    #expect(
                        conflict.status == 422 && conflict.problem == "token-conflict",
                        "door \(door) \(lines) \(buyer): \(conflict.bodyText)")
                }
                // An intent of the same name is another thing.
                #expect(try await room.submit("o1", a, wait: 10).text("status") == "reserved")
                try await room.expectStock(a, held: 2, sold: 0, available: 3)
                try await room.expectStock(b, held: 1, sold: 0, available: 4)
                try await room.expectHeld()
            }
        }
    }

    @Test func whoDoesNotWaitIsToldWhereToLook() async throws {
        try await IngressRoom.with { room in
            let (a, b) = (room.sku(in: 0), room.sku(in: 1))
            try await room.define(a, 5)
            try await room.define(b, 5)
            let queued = try await room.order("o1", [(a, 1), (b, 1)], wait: nil)
            #expect(queued.status == 202 && queued.text("status") == "queued")
            #expect(queued.headers.first(name: "location") == "/v1/orders/o1")
            #expect(queued.lines == [ShownLine(a, 1, "queued"), ShownLine(b, 1, "queued")])
            let decided = try await room.get("/v1/orders/o1?wait=20")
            #expect(decided.status == 200 && decided.text("status") == "reserved")
            let none = try await room.get("/v1/orders/nobody")
            #expect(none.status == 404 && none.problem == "unknown-token")
            #expect(none.headers.first(name: "retry-after") == "1")
            #expect(none.text("detail")?.hasSuffix("an intent is not here but at /v1/intents/nobody") == true)
            #expect(none.text("title")?.contains("intent") == false)
            for verb in ["confirm", "cancel"] {
                #expect(try await room.change("nobody", verb).status == 404)
            }
            let background = try await room.change("o1", "confirm", headers: [("Prefer", "respond-async")])
            #expect(background.status == 202 && background.text("command") == "weir.order.confirm.v1")
            try await eventually("it is confirmed") {
                try await room.get("/v1/orders/o1").text("status") == "confirmed"
            }
        }
    }

    @Test func anOrderThatIsOnlyQueuedIsShownByWhoTookItIn() async throws {
        try await IngressRoom.with(workers: false) { room in
            #expect(try await room.order("o1", [("tea", 1), ("pot", 2)], wait: nil).status == 202)
            let shown = try await room.get("/v1/orders/o1")
            #expect(shown.status == 200 && shown.text("status") == "queued")
            #expect(shown.lines == [ShownLine("tea", 1, "queued"), ShownLine("pot", 2, "queued")])
            // An intent of that name is not there.
            for intent in [
                try await room.get("/v1/intents/o1"), try await room.command("o1", "cancel"),
            ] {
                #expect(intent.status == 404)
                #expect(intent.text("detail")?.hasSuffix("an order is not here but at /v1/orders/o1") == true)
            }
        }
    }
}

extension IngressRoom {
    /// What `weir audit` says of everything, once every message has arrived.
    func expectHeld(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await ordersSettle()
        let report = try LiveAudit(databaseURL: room.databaseURL).run()
        #expect(report.holds, "\(report.lines)", sourceLocation: sourceLocation)
        #expect(report.lines.count == 5, sourceLocation: sourceLocation)
    }
}
