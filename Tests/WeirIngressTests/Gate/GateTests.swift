import AMQPClient
import Testing
import WeirLive
import WeirSandbox
import WeirTopology

@testable import WeirIngress

/// The sold-out gate before real servers.
@Suite(.serialized) struct GateTests {
    /// Sells the only unit of a SKU, to the token `first`, and waits until the gate knows.
    private func sellOut(_ room: IngressRoom, _ sku: String = "shoe") async throws {
        try await room.define(sku, 1, holdSeconds: 0)
        #expect(try await room.submit("first-\(sku)", sku, wait: 10).text("status") == "confirmed")
        try await closed(room, sku)
    }

    private func closed(_ room: IngressRoom, _ sku: String) async throws {
        var number = 0
        try await eventually("the gate is closed", within: .seconds(5)) {
            number += 1
            return try await room.submit("knock-\(sku)-\(number)", sku, wait: 10).problem == "sold-out"
        }
    }

    private func adjust(_ room: IngressRoom, _ sku: String, waits: Bool = true) async throws -> Reply {
        try await room.send(
            "POST", "/v1/skus/\(sku)/adjustments",
            headers: [("Content-Type", "application/json"), ("Idempotency-Key", "more-\(sku)")]
                + (waits ? [] : [("Prefer", "respond-async")]), body: #"{"delta":1,"reason":"found"}"#)
    }

    @Test func whatIsSoldOutIsRefusedAtTheDoorAndARetryIsToldWhereItsUnitIs() async throws {
        try await IngressRoom.with { room in
            try await sellOut(room)
            let before = try room.count("select count(*)::int from intent")
            let refused = try await room.submit("late", "shoe", wait: 10)
            #expect(refused.status == 409 && refused.problem == "sold-out")
            #expect(refused.text("status") == nil && refused.text("reason") == nil)
            // A retry of the token that has the unit: no outcome is stated, and it is told where to find it.
            let retry = try await room.submit("first-shoe", "shoe", wait: 10)
            #expect(retry.status == 409 && retry.problem == "sold-out")
            let location = try #require(retry.headers.first(name: "location"))
            #expect(retry.text("detail")?.contains("GET \(location)") == true)
            #expect(try await room.get(location).text("status") == "confirmed")
            let other = try #require(refused.headers.first(name: "location"))
            #expect(try await room.get(other).status == 404)
            // Commands are never gated, and nothing was published for those who were refused.
            #expect(try await room.command("first-shoe", "confirm").text("status") == "confirmed")
            #expect(try room.count("select count(*)::int from intent") == before)
            #expect(try #require(room.ingress.gateKeeper).gate.counts.refused >= 3)
        }
    }

    @Test func aRestockOpensWithinASecondAtEveryIngress() async throws {
        try await IngressRoom.with { room in
            try await sellOut(room)
            try await room.withSecondIngress { other in
                try await eventually("the other one knows from the start") {
                    try await other.submit("other", "shoe").problem == "sold-out"
                }
                #expect(try await adjust(room, "shoe").status == 200)
                let start = ContinuousClock.now
                // Whoever brought the unit may buy it at once; the other ingress hears of it.
                #expect(try await room.submit("second", "shoe", wait: 10).text("status") == "confirmed")
                #expect(try await room.command("second", "cancel").text("status") == "cancelled")
                try await eventually("the other one lets in", within: .seconds(1)) {
                    try await other.submit("third", "shoe", wait: 10).text("status") == "confirmed"
                }
                #expect(ContinuousClock.now - start < .seconds(2))
            }
        }
    }

    /// The exchange is deleted and made again: the queue is there, its bindings are not, and nobody is told.
    @Test func withoutAnyEventARestockOpensWithinASecond() async throws {
        try await IngressRoom.with { room in
            try await sellOut(room)
            let url = room.room.amqpURL
            try await offAsyncThreads {
                Result {
                    let connection = try Connection(AMQPSettings(url: url))
                    try connection.deleteExchange(BrokerTopology.events)
                    try connection.declareExchange(name: BrokerTopology.events, type: "topic")
                    connection.close()
                }
            }.get()
            #expect(try await adjust(room, "shoe", waits: false).status == 202)
            try await eventually("the unit is there") {
                try await room.get("/v1/skus/shoe").number("available") == 1
            }
            try await eventually("the gate opens", within: .seconds(1)) {
                try await room.submit("second", "shoe").status == 202
            }
        }
    }

    @Test func afterALostQueueEverythingIsReadAgain() async throws {
        try await IngressRoom.with { room in
            try await sellOut(room)
            let keeper = try #require(room.ingress.gateKeeper)
            try await eventually("it listens") { keeper.listener.isConnected }
            let loads = keeper.gate.counts.loads
            try await SharedSandbox.get().runRabbitmqctl([
                "close_all_connections", "--vhost", room.room.vhost, "test",
            ])
            try await eventually("it is read again") { keeper.gate.counts.loads > loads }
            try await eventually("it listens again") { keeper.listener.isConnected }
            try await room.untilReady()
            try await closed(room, "shoe")
            #expect(try await adjust(room, "shoe").status == 200)
            #expect(try await room.submit("second", "shoe", wait: 10).text("status") == "confirmed")
        }
    }

    @Test func aWaitlistIsOpenAsLongAsItHasRoom() async throws {
        try await IngressRoom.with { room in
            let policy = #"{"stocked":1,"hold_seconds":0,"on_shortage":"waitlist","waitlist_limit":1}"#
            _ = try await room.send(
                "PUT", "/v1/skus/shoe", headers: [("Content-Type", "application/json")], body: policy)
            #expect(try await room.submit("first", "shoe", wait: 10).text("status") == "confirmed")
            let keeper = try #require(room.ingress.gateKeeper)
            // The row is read more than once, and says each time that there is room.
            let loads = keeper.gate.counts.loads
            keeper.gate.distrust()
            try await eventually("it is read") { keeper.gate.counts.loads > loads }
            #expect(try await room.submit("second", "shoe", wait: 10).text("status") == "waitlisted")
            try await closed(room, "shoe")
            #expect(try await room.command("second", "cancel").text("status") == "cancelled")
            try await eventually("there is room again", within: .seconds(1)) {
                try await room.submit("third", "shoe", wait: 10).text("status") == "waitlisted"
            }
        }
    }

    @Test func whatItDoesNotKnowItLetsPassAndTheWorkerDecides() async throws {
        try await IngressRoom.with { room in
            // Nobody has defined it: the worker says so.
            let unknown = try await room.submit("u", "nothing", wait: 10)
            #expect(unknown.text("reason") == "unknown_sku")
            try await room.define("shoe", 5, holdSeconds: 0)
            let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
                for number in 0..<100 {
                    group.addTask { try await room.submit("rush-\(number)", "shoe", wait: 10) }
                }
                return try await group.reduce(into: [Reply]()) { $0.append($1) }
            }
            #expect(replies.count { $0.text("status") == "confirmed" } == 5)
            #expect(
                replies.allSatisfy {
                    $0.text("status") == "confirmed" || $0.text("reason") == "sold_out"
                        || $0.problem == "sold-out"
                })
            // More than there is, but not nothing: the gate has no opinion.
            try await room.define("sock", 1)
            for number in 0..<3 {
                let reply = try await room.submit("two-\(number)", "sock", 2, wait: 10)
                #expect(reply.text("reason") == "sold_out")
            }
        }
    }

    @Test func withoutTheDatabaseItOpens() async throws {
        let sandbox = try await Sandbox.start()
        do {
            try await IngressRoom.with(sandbox) { room in
                try await sellOut(room)
                await sandbox.postgres.kill()
                let start = ContinuousClock.now
                try await eventually("the gate opens", within: .seconds(3)) {
                    try await room.submit("late", "shoe").status == 202
                }
                #expect(ContinuousClock.now - start < .milliseconds(1500))
                try await sandbox.postgres.restart()
                try await closed(room, "shoe")
            }
        } catch {
            await sandbox.stop()
            throw error
        }
        await sandbox.stop()
    }

    @Test func withoutAGateTheWorkerRejects() async throws {
        try await IngressRoom.with {
            $0.soldOutGate = false
        } _: { room in
            try await room.define("shoe", 0)
            for number in 0..<3 {
                let reply = try await room.submit("t\(number)", "shoe", wait: 10)
                #expect(reply.status == 200 && reply.text("reason") == "sold_out")
            }
            #expect(room.ingress.gateKeeper == nil)
        }
    }
}
