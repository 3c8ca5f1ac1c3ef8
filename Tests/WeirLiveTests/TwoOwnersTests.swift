import AMQPClient
import PostgresClient
import Synchronization
import Testing
import WeirLive

extension Faults {
    /// FAULTS.md rows 12, 13 and 15: two who think that they own a partition, and events that are sent twice.
    @Suite struct TwoOwners {
        /// Row 12. The first one stands still before COMMIT for longer than a session may be silent.
        @Test func aFrozenOwnerLosesItsPartitionAndStandsDownWhenItWakes() async throws {
            let room = try await LiveRoom.make(partitions: 1)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let crowd = Crowd(room)
            let (plan, ice) = (FaultPlan(), Ice(afterBatches: 20))
            plan.beforeCommit.withLock { $0 = { _ in ice.pass() } }
            let frozen = OwnerThread(room, partition: 0, plan, isReborn: false)
            defer { frozen.stop() }
            await crowd.start()
            #expect(try await eventually { ice.isFrozen })
            // Nobody helps: the server ends the silent session, and the broker the silent connection.
            #expect(try await eventually { try room.lockedPartitions().isEmpty })
            let next = OwnerThread(room, partition: 0)
            defer { next.stop() }
            let head = try room.count("select head from partition")
            #expect(try await eventually { try room.count("select head from partition") > head + 100 })
            ice.melt()
            #expect(try await eventually { frozen.status == .released })
            await crowd.waitForMore(50)
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber)
            #expect(try room.lockedPartitions() == [0])
        }

        /// Row 13. The lock is made worthless, so that only the head is left to say no.
        @Test func ofTwoForcedOwnersTheLoserIsRefusedAndAcknowledgesNothing() async throws {
            let room = try await LiveRoom.make(partitions: 1)
            let lockless = try room.makeLockWorthless()
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let crowd = Crowd(room)
            let (plan, batches, rivals) = (FaultPlan(), Counter(), Counter())
            plan.beforeCommit.withLock {
                $0 = { _ in
                    guard batches.next() % 10 == 0, rivals.count < 6 else { return }
                    // In the middle of our batch the other one commits.
                    guard let rival = try? lockless.openStore() else { return }
                    let wish = submit("rival-\(rivals.count)", "s0")
                    if (try? rival.decideByHand([wish])) != nil { _ = rivals.next() }
                    rival.close()
                }
            }
            let owner = OwnerThread(room, partition: 0, plan, settings: lockless.workerSettings)
            defer { owner.stop() }
            await crowd.start()
            #expect(try await eventually { rivals.count == 6 })
            await crowd.waitForMore(50)
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber)
            #expect(owner.lives >= 7)
            #expect(try room.count("select count(*) from intent where token like 'rival-%'") == 6)
        }

        /// Row 15. The broker has the events, and nobody wrote that down.
        @Test func eventsConfirmedBeforeTheCursorMovedComeAgainUnderTheSameIDs() async throws {
            let room = try await LiveRoom.make(partitions: 1)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let crowd = Crowd(room)
            let plan = FaultPlan()
            plan.deathsBeforeCursor.withLock { $0 = 3 }
            let owner = OwnerThread(room, partition: 0, plan)
            defer { owner.stop() }
            await crowd.start()
            await crowd.finish()
            #expect(try await eventually { owner.lives == 4 })
            try await expectPromisesKept(room, crowd, subscriber)
            let copies = subscriber.current.copies
            let head = try room.count("select head from partition")
            #expect(copies.count == head)
            #expect(copies["0-\(head)", default: 0] >= 4)
        }
    }
}

/// Where a thread stands still until it is melted.
final class Ice: Sendable {
    private let counter = Counter()
    private let frozen = Atomic<Bool>(false)
    private let signal = StopSignal()
    private let batch: Int

    /// Freezes whoever passes for the time with this number.
    init(afterBatches batch: Int) { self.batch = batch }

    var isFrozen: Bool { frozen.load(ordering: .sequentiallyConsistent) }

    func pass() {
        guard counter.next() == batch else { return }
        frozen.store(true, ordering: .sequentiallyConsistent)
        signal.wait(.seconds(120))
    }

    func melt() { signal.stop() }
}

extension LiveRoom {
    /// The same room by way of sessions for which everybody gets every lock.
    func makeLockWorthless() throws -> LiveRoom {
        try execute(
            """
            create schema shadow;
            create function shadow.pg_try_advisory_lock(integer, integer) returns boolean
            language sql as 'select true';
            """)
        let options = "options=-c%20search_path%3Dshadow,pg_catalog,public"
        return LiveRoom(
            databaseURL: databaseURL + (databaseURL.contains("?") ? "&" : "?") + options, amqpURL: amqpURL,
            partitioning: partitioning)
    }
}
