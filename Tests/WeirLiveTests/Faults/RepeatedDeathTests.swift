import Testing
import WeirLive

extension Faults {
    /// FAULTS.md row 9: the same deliveries come back again and again.
    @Suite struct RepeatedDeaths {
        @Test(
            "Fault 9: fifty deaths and cuts in a row keep the order, and only what kills becomes a dead letter",
            arguments: [[], ["poison-1", "poison-2"]])
        func fiftyDeathsAndCutsInARowKeepTheOrderAndPunishNoInnocent(_ poison: [String]) async throws {
            let room = try await LiveRoom.make(partitions: 1)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let steps = FaultStep.allCases.count
            let plan = FaultPlan((0..<50).map { FaultStep.allCases[$0 % steps] })
            plan.deadly.withLock { $0 = Set(poison) }
            let publisher = room.publisher()
            defer { publisher.stop(drain: .zero) }
            let crowd = Crowd(room)
            let owner = OwnerThread(room, partition: 0, plan)
            defer { owner.stop() }
            await crowd.start()
            #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
            for (number, token) in poison.enumerated() {
                #expect(await publisher.publish(room.message(submit(token, "s\(number)"))) == .confirmed)
            }
            #expect(try await eventually(within: .seconds(120)) { plan.struck == 50 })
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber, deadLetters: poison.count)
            let letters = try room.texts("select token || ' ' || reason from dead_letter order by token")
            #expect(letters == poison.map { "\($0) worker_died" })
            #expect(try room.count("select count(*) from suspect") == 0)
            // Two steps of five kill the process, and each message that kills needs at least two to be known.
            #expect(owner.lives > 20 + 2 * poison.count)
        }
    }
}
