import AMQPClient
import Testing
import WeirCore
import WeirLive
import WeirTopology

@Suite struct RushTests {
    @Test func aRushSellsEveryUnitOnceAndNoneTwice() async throws {
        let room = try await LiveRoom.make(partitions: 4)
        let pool = room.pool()
        pool.start()
        defer { pool.stop() }
        let publisher = room.publisher()
        defer { publisher.stop(drain: .seconds(1)) }
        #expect(await publisher.waitUntilReady(timeout: .seconds(10)))

        var commands = [define("hot", stocked: 50), define("cold", stocked: 5_000)]
        for number in 0..<3_000 {
            commands.append(submit("t\(number)", number % 3 == 0 ? "cold" : "hot"))
            // Every tenth buyer asks twice.
            if number % 10 == 0 { commands.append(submit("t\(number)", number % 3 == 0 ? "cold" : "hot")) }
        }
        for command in commands { #expect(await publisher.publish(room.message(command)) == .confirmed) }
        #expect(try await eventually { try room.count("select count(*) from intent") == 3_000 })
        #expect(
            try room.count("select count(*) from intent where sku = 'hot' and status = 'confirmed'") == 50)
        #expect(try room.count("select sold from sku where sku = 'cold'") == 1_000)
        #expect(
            try await eventually {
                try room.count("select count(*) from partition where published < head") == 0
            })
        let report = try LiveAudit(databaseURL: room.databaseURL).run()
        #expect(report.holds, "\(report.lines)")
        #expect(report.once.checked == 3_000)
    }
}
