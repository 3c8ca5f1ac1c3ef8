import Testing
import WeirLive

extension Faults {
    /// Worker processes share partitions fairly, and hand them over without losing their order.
    @Suite struct Sharing {
        @Test func poolsShareEightPartitionsFairlyAsTheyComeAndGo() async throws {
            let room = try await LiveRoom.make(partitions: 8)
            let pools = (0..<3).map { _ in room.pool() }
            pools[0].start()
            // A pool says early what it is about to own; the locks tell when it does.
            #expect(try await eventually { try room.lockedPartitions().count == 8 })
            let watch = RestingWatch(room)
            pools[1].start()
            #expect(try await eventually { shares(pools) == [0, 4, 4] })
            // The first one alone gave back, one at a time.
            #expect(watch.end() <= 2)
            pools[2].start()
            #expect(try await eventually { shares(pools) == [2, 3, 3] })
            #expect(try await eventually { try room.lockedPartitions().count == 8 })
            try await onThread { pools[0].stop() }
            #expect(try await eventually { shares(pools) == [0, 4, 4] })
            #expect(try await eventually { try room.lockedPartitions().count == 8 })
            try await onThread { pools.forEach { $0.stop() } }
            #expect(try await eventually { try room.lockedPartitions().isEmpty })
        }

        @Test func theOrderOfEverySKUIsKeptThroughTenHandOvers() async throws {
            let room = try await LiveRoom.make(partitions: 2)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let crowd = Crowd(room)
            var pool = room.pool()
            pool.start()
            await crowd.start()
            // Each round hands two partitions over: one is given back, the other one freed by the end of its pool.
            for _ in 0..<5 {
                let next = room.pool()
                next.start()
                #expect(try await eventually { pool.owned.count == 1 && next.owned.count == 1 })
                await crowd.waitForMore(20)
                let leaving = pool
                try await onThread { leaving.stop() }
                #expect(try await eventually { next.owned.count == 2 })
                await crowd.waitForMore(20)
                pool = next
            }
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber)
            let last = pool
            try await onThread { last.stop() }
        }

        private func shares(_ pools: [WorkerPool]) -> [Int] { pools.map(\.owned.count).sorted() }
    }
}

/// Looks again and again how many partitions nobody owns.
private final class RestingWatch: Sendable {
    private let signal = StopSignal()
    private let mostAtOnce = Counter()

    init(_ room: LiveRoom) {
        Task.detached { [signal, mostAtOnce] in
            while !signal.isStopping {
                let locked = (try? room.lockedPartitions().count) ?? room.partitioning.count
                mostAtOnce.set(max(mostAtOnce.count, room.partitioning.count - locked))
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// The most partitions that rested at once.
    func end() -> Int {
        signal.stop()
        return mostAtOnce.count
    }
}
