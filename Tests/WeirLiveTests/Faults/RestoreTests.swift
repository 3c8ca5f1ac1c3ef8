import Testing
import WeirLive
import WeirSandbox
import WeirTopology

extension Faults {
    /// FAULTS.md row 19. A restore stands for a failover, too: what a worker finds is a log without its end, on another
    /// WAL timeline.
    @Suite struct Restores {
        @Test("Fault 19: on another timeline every worker stops, says so and touches nothing")
        func onAnotherTimelineEveryWorkerStopsSaysSoAndTouchesNothing() async throws {
            try await withSandbox { sandbox in
                let dead = try await DeadRoom.make(sandbox)
                let (room, publisher) = (dead.room, dead.publisher)
                let pools = (0..<2).map { _ in room.pool() }
                pools.forEach { $0.start() }
                func publish(_ tokens: [String]) async {
                    for token in tokens {
                        for sku in [dead.sku, dead.other] {
                            let wish = room.message(submit("\(token)-\(sku)", sku))
                            #expect(await publisher.publish(wish) == .confirmed)
                        }
                    }
                }
                func areDecided(_ count: Int) async throws -> Bool {
                    try await eventually(within: .seconds(60)) {
                        try room.count("select count(*) from intent") == count
                            && room.count("select count(*) from partition where published < head") == 0
                    }
                }
                for sku in [dead.sku, dead.other] {
                    #expect(await publisher.publish(room.message(define(sku, stocked: 100))) == .confirmed)
                }
                await publish(["early-1", "early-2"])
                #expect(try await areDecided(4))
                let atBackup = try fingerprint(room)
                try await sandbox.backUpPostgres()
                await publish(["late-1", "late-2"])
                #expect(try await areDecided(8))

                // What waits when the database comes back: intents in both partitions, and a letter of the broker's.
                await sandbox.postgres.kill()
                await publish(["waiting"])
                #expect(await publisher.publish(dead.given("letter")) == .confirmed)
                try await sandbox.restorePostgres()
                let haveStopped = try await eventually(within: .seconds(60)) {
                    pools.allSatisfy { $0.stopped.count == 2 }
                }
                #expect(haveStopped, "\(pools.map(\.stopped))")
                for pool in pools {
                    #expect(pool.stopped.values.allSatisfy { $0.contains("weir migrate --accept-failover") })
                    let names = Set(pool.faults.map(\.name))
                    #expect(names.isSuperset(of: ["partition_0", "partition_1"]), "\(names)")
                }
                #expect(try Installation.read(databaseURL: room.databaseURL).isAccepted == false)
                // Nobody writes, now or a little later, and nothing was taken from the broker.
                let isTouched = try await eventually(within: .seconds(3)) {
                    try fingerprint(room) != atBackup || pools.contains { $0.isDraining }
                }
                let now = try fingerprint(room)
                #expect(!isTouched, "\(atBackup), then \(now)")
                #expect(try await room.messages(in: BrokerTopology.dead, of: sandbox) == 1)
                for partition in 0..<2 {
                    let queue = BrokerTopology.intentsQueue(partition)
                    #expect(try await room.messages(in: queue, of: sandbox) == 1)
                }

                // A person has looked at it.
                try await onThread { pools.forEach { $0.stop() } }
                _ = try Migrator(databaseURL: room.databaseURL).run(partitions: nil, acceptFailover: true)
                let next = room.pool()
                next.start()
                #expect(try await areDecided(6))
                #expect(try await eventually { try room.count("select count(*) from dead_letter") == 1 })
                let report = try LiveAudit(databaseURL: room.databaseURL).run()
                #expect(report.holds, "\(report.lines)")
                try await onThread { next.stop() }
                try await dead.end()
            }
        }

        /// How many rows every table has, and where the logs end.
        private func fingerprint(_ room: LiveRoom) throws -> [String] {
            try room.texts(
                """
                select format('%s %s', table_name, (xpath('/row/c/text()', query_to_xml(
                    format('select count(*) as c from %I', table_name), false, true, '')))[1]::text)
                from information_schema.tables where table_schema = 'public'
                union all select format('partition %s: %s %s', partition, head, published) from partition
                order by 1
                """)
        }
    }
}
