import AMQPClient
import Testing
import WeirLive

extension Faults {
    /// FAULTS.md rows 10 and 11: a network that swallows every packet, and tells nobody.
    @Suite struct BlackHoles {
        /// What the session was doing.
        enum Situation: CaseIterable {
            /// Nothing: it pinged once a second.
            case idle
            /// It had sent half of a batch; the server waits for the rest, in a transaction.
            case inTransaction
            /// COMMIT has taken effect, and nobody was told.
            case answerInFlight
        }

        @Test("Fault 10: from a black hole between a worker and PostgreSQL its partition moves within 10 s")
        func fromABlackHoleBeforePostgreSQLThePartitionMovesWithinTenSeconds() async throws {
            // Most of it is waiting: side by side it takes a third of the time.
            let took = try await withThrowingTaskGroup(of: (Situation, Duration).self) { group in
                for situation in Situation.allCases {
                    group.addTask { (situation, try await vanish(situation)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (situation, time) in took { #expect(time < .seconds(10), "\(situation): after \(time)") }
        }

        /// Takes the database away from an owner under load; returns after how long another one decided.
        private func vanish(_ situation: Situation) async throws -> Duration {
            let room = try await LiveRoom.make(partitions: 1)
            let subscriber = try Subscriber(room)
            let wire = try Wire(to: room.databaseURL)
            defer { wire.close() }
            let (plan, headBefore) = (FaultPlan(), Counter())
            let settings = WorkerSettings(databaseURL: wire.url, amqpURL: room.amqpURL)
            let lost = OwnerThread(room, partition: 0, plan, settings: settings)
            #expect(try await eventually { try room.lockedPartitions() == [0] })
            let pool = room.pool()
            pool.start()
            let crowd = Crowd(room, skus: 2)
            if situation == .idle {
                wire.set(.hole)
            } else {
                await crowd.start()
                plan.beforeCommit.withLock {
                    $0 = { _ in
                        guard headBefore.count == 0 else { return }
                        headBefore.set((try? room.heads()[0]) ?? -1)
                        wire.set(situation == .inTransaction ? .holeInRequest : .holeBehindRequest)
                    }
                }
                #expect(try await eventually { wire.isHole })
            }
            let (begin, holders) = (ContinuousClock.now, try room.lockHolders())
            switch situation {
            case .idle: await crowd.start(warmUp: 1)
            case .inTransaction:
                let isHalf = try await eventually(within: .seconds(4)) {
                    try room.count(
                        """
                        select count(*) from pg_stat_activity where datname = current_database()
                            and application_name like '%partition 0' and backend_xid is not null
                        """) == 1
                }
                #expect(isHalf, "the server has no half of a batch")
            case .answerInFlight:
                #expect(try await eventually { try room.heads()[0] > headBefore.count })
            }
            let head = try room.heads()[0]
            #expect(try await eventually(within: .seconds(60)) { try room.lockHolders() != holders })
            let lockTook = ContinuousClock.now - begin
            #expect(try await eventually(within: .seconds(60)) { try room.heads()[0] > head })
            let took = ContinuousClock.now - begin
            if took >= .seconds(10) { print("\(situation): the lock after \(lockTook); \(lost.reports)") }
            #expect(pool.owned == [0])
            await crowd.waitForMore(50)

            // The network is mended: who had the partition finds that it is somebody else's.
            wire.set(.forward)
            #expect(try await eventually(within: .seconds(60)) { lost.lives > 1 })
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber)
            // Not on one of the few threads that all three need.
            try await onThread {
                lost.stop()
                pool.stop()
                subscriber.stop()
            }
            return took
        }

        @Test("Fault 11: out of a black hole between a worker and the broker another worker goes on")
        func outOfABlackHoleBeforeTheBrokerAnotherWorkerGoesOn() async throws {
            let room = try await LiveRoom.make(partitions: 2)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let wire = try Wire(to: room.amqpURL)
            defer { wire.close() }
            let cutOff = WorkerPool(
                WorkerSettings(databaseURL: room.databaseURL, amqpURL: wire.url),
                partitioning: room.partitioning, logger: .quiet)
            cutOff.start()
            #expect(try await eventually { cutOff.owned.count == 2 })
            let staying = room.pool()
            staying.start()
            #expect(try await eventually { cutOff.owned.count == 1 && staying.owned.count == 1 })
            let crowd = Crowd(room)
            await crowd.start(warmUp: 200)
            #expect(try await eventually { cutOff.faults.isEmpty && staying.faults.isEmpty })

            wire.set(.hole)
            let begin = ContinuousClock.now
            #expect(try await eventually(within: .seconds(60)) { staying.owned.count == 2 })
            let heads = try room.heads()
            #expect(
                try await eventually(within: .seconds(60)) {
                    zip(try room.heads(), heads).allSatisfy { $0 > $1 }
                })
            let took = ContinuousClock.now - begin
            #expect(took < .seconds(30), "after \(took)")
            // The one in the hole says so, and owns nothing.
            #expect(cutOff.faults.contains { $0.name == "broker" })
            #expect(cutOff.owned.isEmpty && cutOff.stopped.isEmpty)

            wire.set(.forward)
            #expect(
                try await eventually(within: .seconds(60)) {
                    cutOff.owned.count == 1 && staying.owned.count == 1
                })
            await crowd.waitForMore(50)
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber)
            #expect(try await eventually { cutOff.faults.isEmpty })
            try await onThread {
                cutOff.stop()
                staying.stop()
            }
        }
    }
}
