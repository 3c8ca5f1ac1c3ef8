import AMQPClient
import Testing
import WeirLive
import WeirSandbox
import WeirTopology

extension Faults {
    /// FAULTS.md row 16 at the worker; what an ingress does is in WeirIngressTests' FaultTests.
    @Suite struct Alarms {
        @Test(
            "Fault 16: under a memory or a disk alarm acks go on, the cursor stands still, then it catches up"
        )
        func underAnAlarmAcksGoOnAndTheCursorStandsStill() async throws {
            try await withSandbox { sandbox in
                for alarm in [BrokerAlarm.memory, .disk] { try await suffer(alarm, sandbox) }
            }
        }

        private func suffer(_ alarm: BrokerAlarm, _ sandbox: Sandbox) async throws {
            let room = try await LiveRoom.make(partitions: 2, sandbox)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            // Published before, decided during the alarm.
            let crowd = Crowd(room)
            await crowd.start(warmUp: 400)
            await crowd.finish()
            try await alarm.raise(sandbox)
            let pool = room.pool()
            pool.start()
            let areDecided = try await eventually(within: .seconds(60)) {
                try room.undecided(crowd.confirmed).isEmpty
            }
            let undecided = try room.undecided(crowd.confirmed)
            #expect(areDecided, "\(alarm): \(undecided)")
            for partition in 0..<2 {
                let queue = BrokerTopology.intentsQueue(partition)
                let isAcknowledged = try await eventually(within: .seconds(60)) {
                    try await room.messages(in: queue, of: sandbox) == 0
                }
                #expect(isAcknowledged, "\(alarm): \(queue) keeps what was decided")
            }
            #expect(
                try await eventually { pool.faults.contains { $0.detail.contains("has blocked the events") } }
            )
            // An idle partition writes the cursor after a second: there is nothing to write.
            let (published, head) = (try room.publishedCount(), try room.heads().reduce(0, +))
            #expect(published < head)
            let isMoving = try await eventually(within: .seconds(2)) {
                try room.publishedCount() != published
            }
            #expect(!isMoving, "\(alarm): the cursor moves, and nothing can be published")

            try await alarm.clear(sandbox)
            try await expectPromisesKept(room, crowd, subscriber)
            #expect(try await eventually(within: .seconds(60)) { pool.faults.isEmpty })
            try await onThread { pool.stop() }
        }
    }
}

/// The two alarms that make RabbitMQ stop its publishers.
enum BrokerAlarm {
    case memory
    case disk

    func raise(_ sandbox: Sandbox) async throws {
        switch self {
        case .memory: try await sandbox.runRabbitmqctl(["set_vm_memory_high_watermark", "0.0001"])
        case .disk: try await sandbox.runRabbitmqctl(["set_disk_free_limit", "900000GB"])
        }
        let isRaised = try await eventually {
            try await sandbox.evaluateInBroker("rabbit_alarm:get_alarms().") != "[]"
        }
        #expect(isRaised, "no alarm of \(self)")
    }

    func clear(_ sandbox: Sandbox) async throws {
        switch self {
        case .memory: try await sandbox.runRabbitmqctl(["set_vm_memory_high_watermark", "absolute", "2GB"])
        case .disk: try await sandbox.runRabbitmqctl(["set_disk_free_limit", "50MB"])
        }
    }
}
