import Testing
import WeirLive
import WeirSandbox

extension Faults {
    /// FAULTS.md row 24, with three brokers on loopback and a load balancer in front of them.
    @Suite struct Cluster {
        @Test("Fault 24: with one of three brokers killed the partitions go on")
        func withOneOfThreeBrokersKilledThePartitionsGoOn() async throws {
            var options = Sandbox.Options()
            options.brokers = 3
            try await withSandbox(options) { sandbox in
                let direct = try await LiveRoom.make(partitions: 3, sandbox)
                let balancer = try Wire(to: direct.amqpURL, or: sandbox.brokers.dropFirst().map(\.port))
                defer { balancer.close() }
                let room = LiveRoom(
                    databaseURL: direct.databaseURL, amqpURL: balancer.url, partitioning: direct.partitioning)
                let subscriber = try Subscriber(room, isReplicated: true)
                let (crowd, pool) = (Crowd(room), room.pool())
                pool.start()
                await crowd.start(warmUp: 300)

                // The first one: everybody is connected to it.
                await sandbox.brokers[0].kill()
                try await expectEveryPartitionGoesOn(room, crowd)
                await crowd.finish()
                #expect(pool.stopped.isEmpty, "\(pool.stopped)")
                try await expectPromisesKept(room, crowd, subscriber)
                try await onThread {
                    pool.stop()
                    subscriber.stop()
                }
            }
        }

        private func expectEveryPartitionGoesOn(
            _ room: LiveRoom, _ crowd: Crowd, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let heads = try room.heads()
            let isGoingOn = try await eventually(within: .seconds(60)) {
                zip(try room.heads(), heads).allSatisfy { $0 > $1 + 10 }
            }
            let now = try room.heads()
            #expect(isGoingOn, "\(heads), then \(now); \(crowd.refusals)", sourceLocation: sourceLocation)
            await crowd.waitForMore(100)
        }
    }
}
