import AMQPClient
import Testing
import WeirLive
import WeirSandbox

extension Faults {
    /// FAULTS.md rows 5 to 8 with servers of their own, killed and started again under load.
    @Suite struct Servers {
        /// Row 5.
        @Test func postgresKilledUnderLoadLosesNothing() async throws {
            try await disturb { sandbox, crowd in
                await sandbox.postgres.kill()
                // The broker goes on to accept, the deliveries stay in hand.
                await crowd.waitForMore(200)
                try await sandbox.postgres.restart()
            }
        }

        /// Row 7.
        @Test func aBrokerKilledWhilePublishingLosesNothingThatItConfirmed() async throws {
            let retries = try await disturb { sandbox, _ in
                await sandbox.rabbitmq.kill()
                try await sandbox.rabbitmq.restart()
            }
            #expect(retries > 0, "the broker was killed, and nobody noticed")
        }

        /// Row 8, and PostgreSQL in order as well.
        @Test func serversRestartedUnderLoadAreFoundAgain() async throws {
            try await disturb { sandbox, crowd in
                try await sandbox.rabbitmq.restart()
                await crowd.waitForMore(50)
                try await sandbox.postgres.restart()
            }
        }

        /// Lets something happen to the servers under load, and looks whether everybody goes on by himself; returns
        /// how often the clients had to publish again.
        @discardableResult
        private func disturb(_ accident: (Sandbox, Crowd) async throws -> Void) async throws -> Int {
            let sandbox = try await Sandbox.start()
            let room = try await LiveRoom.make(partitions: 2, sandbox)
            let subscriber = try Subscriber(room)
            let (crowd, pool) = (Crowd(room), room.pool())
            pool.start()
            // Enough for the queues to have settled: RabbitMQ 3.10 loses the leader of one that is just declared.
            await crowd.start(warmUp: 300)
            try await accident(sandbox, crowd)
            await crowd.waitForMore(100)
            try await expectProgress(room)
            await crowd.finish()
            #expect(pool.stopped.isEmpty, "\(pool.stopped)")
            try await expectPromisesKept(room, crowd, subscriber)
            #expect(try room.count("select count(*) from suspect") == 0)
            try await onThread {
                pool.stop()
                subscriber.stop()
            }
            await sandbox.stop()
            return crowd.retries
        }

        /// Row 6. The queue's limit is lowered by a policy: of two limits the smaller one counts.
        @Test func aQueueThatIsFullRefusesAndWhatItAcceptedIsDecidedLater() async throws {
            let sandbox = try await Sandbox.start()
            let room = try await LiveRoom.make(partitions: 1, sandbox)
            _ = try await sandbox.runRabbitmqctl([
                "set_policy", "-p", String(room.amqpURL.split(separator: "/").last ?? ""), "full",
                "^weir.intents", #"{"max-length":300}"#, "--apply-to", "queues",
            ])
            let subscriber = try Subscriber(room)
            let pool = room.pool()
            pool.start()
            #expect(try await eventually { try room.lockedPartitions() == [0] })
            let publisher = room.publisher()
            #expect(await publisher.waitUntilReady(timeout: .seconds(10)))
            #expect(await publisher.publish(room.message(define("s", stocked: 100))) == .confirmed)
            #expect(try await eventually { try room.count("select count(*) from sku") == 1 })

            await sandbox.postgres.kill()
            var (confirmed, refused) = ([String](), [String]())
            // The prefetch does not count to the limit, and the limit overshoots: bounded, and enough.
            for number in 0..<6_000 where refused.count < 10 {
                switch await publisher.publish(room.message(submit("t\(number)", "s"))) {
                case .confirmed: confirmed.append("t\(number)")
                case .nacked: refused.append("t\(number)")
                default: break
                }
            }
            #expect(refused.count == 10, "\(confirmed.count) were accepted, and none refused")
            try await sandbox.postgres.restart()
            #expect(try await eventually(within: .seconds(60)) { try room.undecided(confirmed).isEmpty })
            #expect(try room.undecided(refused).count == refused.count)
            #expect(try room.count("select sold from sku") == 100)
            #expect(try room.count("select count(*) from dead_letter") == 0)
            let report = try LiveAudit(databaseURL: room.databaseURL).run()
            #expect(report.holds, "\(report.lines)")
            try await onThread {
                pool.stop()
                subscriber.stop()
                publisher.stop(drain: .zero)
            }
            await sandbox.stop()
        }

        /// Every partition decides again by itself.
        private func expectProgress(_ room: LiveRoom) async throws {
            let head = try room.count("select coalesce(sum(head), 0)::bigint from partition")
            let isGoingOn = try await eventually(within: .seconds(40)) {
                try room.count("select coalesce(sum(head), 0)::bigint from partition") > head + 20
            }
            #expect(isGoingOn, "nothing was decided any more")
        }
    }

    /// FAULTS.md row 22.
    @Suite struct Stopping {
        @Test func aPoolThatIsStoppedUnderLoadEndsItsBatchesAndAnotherGoesOn() async throws {
            let room = try await LiveRoom.make(partitions: 4)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let crowd = Crowd(room)
            for _ in 0..<3 {
                let pool = room.pool()
                pool.start()
                if crowd.confirmed.isEmpty { await crowd.start() }
                #expect(try await eventually { pool.owned.count == 4 })
                await crowd.waitForMore(200)
                let begin = ContinuousClock.now
                try await onThread { pool.stop() }
                // The grace time of a partition, and a wait for deliveries that was under way.
                #expect(ContinuousClock.now - begin < .seconds(6))
                #expect(pool.owned.isEmpty)
                #expect(try await eventually { try room.lockedPartitions().isEmpty })
                // In order: every event was confirmed, and the cursor says so.
                #expect(try room.count("select count(*) from partition where published < head") == 0)
            }
            let last = room.pool()
            last.start()
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber)
            try await onThread { last.stop() }
        }
    }
}
