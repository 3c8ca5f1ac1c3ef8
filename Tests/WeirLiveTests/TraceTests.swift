import Testing
import WeirCore
import WeirWire

@testable import WeirLive

/// One token's way from the queue to its last event, as `weir intent trace` reads it.
@Suite struct TraceTests {
    private func trace(_ token: String, _ room: DeadRoom, everywhere: Bool = false) async throws
        -> IntentTrace?
    {
        try await onThread { [url = room.room.databaseURL] in
            try IntentTrace.read(Token(unchecked: token), everywhere: everywhere, databaseURL: url)
        }
    }

    /// A wish is dead-lettered, replayed, decided, confirmed, and its token tried again with another payload.
    @Test func theWholeWayIsThereInItsOrder() async throws {
        let room = try await DeadRoom.make()
        let stock = define(room.sku, stocked: 5, holdSeconds: 600)
        try await room.kill([room.room.message(stock), room.astray("t")], letters: 1)
        try await room.replay()
        try await room.work {
            try await eventually { try room.status("t") == "reserved" }
        }
        let confirm = Command.confirm(
            IntentChange(
                id: CommandID(unchecked: "pay"), token: Token(unchecked: "t"), sku: SKU(unchecked: room.sku)))
        var mine = room.room.message(submit("t", room.sku, 3), replyTo: "weir.ingress.here")
        mine.properties.correlationID = "7"
        var far = room.room.message(submit("t", room.other))
        far.properties.type = "weir.intent.submit.v1"
        for message in [room.room.message(confirm), mine, far] {
            #expect(await room.publisher.publish(message) == .confirmed)
        }
        try await room.work {
            try await eventually {
                try room.room.count("select count(*) from event where type = 'weir.token.conflict.v1'") == 2
            }
        }
        // A letter of the same token that dies later stands behind all that.
        try await room.kill([room.astray("t", 2)])
        let home = try #require(try await trace("t", room))
        #expect(home.intent?.state == .confirmed)
        var kinds = home.entries.map(\.kind)
        // The broker's confirm and the decision race.
        kinds.removeAll { $0 == "replay_confirmed" }
        #expect(
            kinds == [
                "dead_letter", "replayed", "weir.intent.reserved.v1", "weir.intent.confirmed.v1",
                "weir.token.conflict.v1", "dead_letter",
            ])
        #expect(home.entries.contains { $0.kind == "replay_confirmed" && $0.place.replay == 1 })
        let reserved = try #require(home.entries.first { $0.kind == "weir.intent.reserved.v1" })
        #expect(reserved.place.partition == 0 && reserved.place.seq == 2)
        #expect(reserved.detail.contains("reserved, 1 of \(room.sku) for b, held until "))
        #expect(reserved.detail.contains("4 available after it"))
        #expect(home.entries.first { $0.kind == "dead_letter" }?.place.letter == 1)
        #expect(home.entries.dropLast().last?.place.replyTo == "weir.ingress.here")
        let everywhere = try #require(try await trace("t", room, everywhere: true))
        #expect(everywhere.entries.count == home.entries.count + 1)
        #expect(
            everywhere.entries.contains { $0.kind == "weir.token.conflict.v1" && $0.place.partition == 1 })
        try await room.end()
    }

    /// The log has no index by token: the halving must neither miss an event nor bring another token's.
    @Test func aTokenIsFoundInTheMiddleOfALogAlsoAfterTheClockWasSetBack() async throws {
        let room = try await DeadRoom.make()
        #expect(
            await room.publisher.publish(room.room.message(define(room.sku, stocked: 500))) == .confirmed)
        for number in 0..<300 {
            var message = room.room.message(submit("t\(number)", room.sku), replyTo: "weir.ingress.here")
            message.properties.correlationID = "\(number)"
            #expect(await room.publisher.publish(message) == .confirmed)
        }
        try await room.work {
            try await eventually { try room.room.count("select count(*) from intent") == 300 }
        }
        for moved in [false, true] {
            for number in [0, 1, 149, 150, 298, 299] {
                let found = try #require(try await trace("t\(number)", room))
                #expect(found.entries.map(\.kind) == ["accepted", "weir.intent.confirmed.v1"], "\(number)")
                #expect(found.entries[0].at == nil && found.entries[0].detail.contains("the ingress here"))
                #expect(found.entries[1].place.correlationID == "\(number)")
            }
            guard !moved else { break }
            try room.room.execute(
                "update event set at = at - interval '1 day' where seq % 3 = 0 or seq > 152")
            try room.room.execute(
                "update intent i set decided_at = e.at from event e where e.token = i.token and e.seq <= 152")
        }
        // What the cursor has not reached counts as not published.
        try room.room.execute("update partition set published = 152 where partition = 0")
        for (token, isPublished) in [("t0", true), ("t299", false)] {
            #expect(try await trace(token, room)?.entries.last?.place.isPublished == isPublished, "\(token)")
        }
        #expect(try await trace("nobody", room) == nil)
        try await room.end()
    }
}
