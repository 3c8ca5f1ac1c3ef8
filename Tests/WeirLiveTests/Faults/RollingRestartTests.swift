import AMQPClient
import PostgresClient
import Synchronization
import Testing
import WeirLive

extension Faults {
    /// FAULTS.md row 14. A pool is what a worker process runs, and its `stop` what SIGTERM does.
    @Suite struct RollingRestarts {
        @Test(
            "Fault 14: in rolling restarts no two partitions rest for the same second, nothing overlaps or is lost"
        )
        func inRollingRestartsNoTwoPartitionsRestForTheSameSecond() async throws {
            let room = try await LiveRoom.make(partitions: 6)
            let subscriber = try Subscriber(room)
            var pools = (0..<3).map { _ in room.pool() }
            pools.forEach { $0.start() }
            func isShared() throws -> Bool {
                try pools.allSatisfy { $0.owned.count == 2 } && room.lockedPartitions().count == 6
            }
            #expect(try await eventually(within: .seconds(60)) { try isShared() })
            let crowd = Crowd(room)
            await crowd.start()
            let watch = RestWatch(room)
            // Every process twice.
            for round in 0..<6 {
                let leaving = pools[round % 3]
                // Who takes them later shares them anew, and may rest some together.
                try await onThread { watch.whileLooking { leaving.stop() } }
                #expect(leaving.owned.isEmpty)
                pools[round % 3] = room.pool()
                pools[round % 3].start()
                #expect(try await eventually(within: .seconds(60)) { try isShared() })
                await crowd.waitForMore(20)
            }
            let pauses = watch.end()
            // Handed over one by one they never rest together; let go at once, others notice it after half a second. A
            // machine that stands still excuses one of six.
            #expect(pauses.count { $0 >= .milliseconds(200) } <= 1, "\(pauses)")
            #expect(pauses.allSatisfy { $0 < .seconds(5) }, "\(pauses)")
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber)
            let last = pools
            try await onThread {
                last.forEach { $0.stop() }
                subscriber.stop()
            }
        }
    }
}

/// Looks which partitions have an owner, and notes for how long two or more had none at once.
private final class RestWatch: Sendable {
    private let signal = StopSignal()
    private let isLooking = Atomic(false)
    private let pauses = Mutex<[Duration]>([])
    private let thread = Mutex<DedicatedThread?>(nil)

    init(_ room: LiveRoom) {
        thread.withLock {
            $0 = DedicatedThread(name: "rest watch") { [self] in
                guard let session = try? room.session() else { return }
                defer { session.close() }
                var since: ContinuousClock.Instant?
                while !signal.isStopping {
                    guard let rows = try? session.run(Query(Self.owners)) else { continue }
                    if isLooking.load(ordering: .relaxed), room.partitioning.count - rows.int(0, 0) >= 2 {
                        since = since ?? .now
                    } else if let begin = since {
                        pauses.withLock { $0.append(.now - begin) }
                        since = nil
                    }
                    signal.wait(.milliseconds(5))
                }
            }
        }
    }

    /// Notes what rests while this goes on.
    func whileLooking(_ body: () -> Void) {
        isLooking.store(true, ordering: .relaxed)
        body()
        isLooking.store(false, ordering: .relaxed)
    }

    private static let owners = Statement(
        name: "owners",
        sql: """
            select count(*) from pg_locks l join pg_database d on d.oid = l.database
            where d.datname = current_database() and l.locktype = 'advisory' and l.objsubid = 2 and l.granted
                and l.classid::integer = x'57454952'::integer
            """)

    /// How long each of those times was.
    func end() -> [Duration] {
        signal.stop()
        thread.withLock { $0 }?.join()
        return pauses.withLock { $0 }
    }
}
