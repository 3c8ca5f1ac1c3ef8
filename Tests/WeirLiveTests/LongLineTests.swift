import AMQPClient
import Testing
import WeirCore
import WeirLive

/// A line that is longer than one batch serves, on real servers.
@Suite struct LongLines {
    @Test func aThousandGetTheirTurnInOneCommitAndTheOthersInTheNext() async throws {
        let room = try await LiveRoom.make(partitions: 1)
        let owner = OwnerThread(room, partition: 0)
        defer { owner.stop() }
        let publisher = room.publisher()
        defer { publisher.stop(drain: .seconds(1)) }
        #expect(await publisher.waitUntilReady(timeout: .seconds(10)))
        let sku = SKU(unchecked: "s")
        let policy = SKUPolicy(holdSeconds: 600, onShortage: .waitlist)
        let define = Definition(id: CommandID(unchecked: "d"), sku: sku, stocked: 0, policy: policy)
        #expect(await publisher.publish(room.message(.define(define))) == .confirmed)
        let confirmed = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<1_200 {
                let message = room.message(submit("t\(number)", "s"))
                group.addTask { await publisher.publish(message) == .confirmed }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(confirmed == 1_200)
        func count(_ state: String) throws -> Int {
            try room.count("select count(*) from intent where status = '\(state)'")
        }
        #expect(try await eventually { try count("waitlisted") == 1_200 })

        let delivery = Adjustment(id: CommandID(unchecked: "a"), sku: sku, delta: 1_199, reason: "delivery")
        #expect(await publisher.publish(room.message(.adjust(delivery))) == .confirmed)
        #expect(try await eventually { try count("reserved") == 1_199 })
        // Nobody asked for the second commit.
        let sizes = "select count(*)::text from intent where granted_at is not null group by granted_at"
        #expect(try room.texts(sizes + " order by granted_at") == ["1000", "199"])
        let outOfTurn = """
            select count(*) from (
                select i.place, lag(i.place) over (order by e.seq) as before
                from event e join intent i on i.token = e.token where e.type = 'weir.intent.reserved.v1'
            ) turns where before > place
            """
        #expect(try room.count(outOfTurn) == 0)
        #expect(try room.count("select place::int from intent where status = 'waitlisted'") == 1_200)
        #expect(try room.count("select waitlisted::int from sku") == 1)
        #expect(try LiveAudit(databaseURL: room.databaseURL).run().holds)
    }
}
