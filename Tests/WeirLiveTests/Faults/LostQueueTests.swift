import AMQPClient
import Testing
import WeirCore
import WeirLive
import WeirSandbox
import WeirTopology

extension Faults {
    /// FAULTS.md rows 17 and 18: queues that somebody deletes, unbinds or lets fill up.
    @Suite struct LostQueues {
        @Test(
            "Fault 17: a partition's queue that is deleted is noticed, told of, and restored by topology apply"
        )
        func aDeletedQueueIsNoticedAndToldOfAndRestored() async throws {
            let room = try await LiveRoom.make(partitions: 2)
            let journal = Journal()
            let pool = WorkerPool(
                room.workerSettings, partitioning: room.partitioning, logger: journal.logger)
            pool.start()
            let publisher = room.publisher()
            defer { publisher.stop(drain: .zero) }
            #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
            let (lost, other) = (room.sku(in: 0), room.sku(in: 1))
            func publish(_ command: Command) async -> Publisher.Outcome {
                await publisher.publish(room.message(command))
            }
            for sku in [lost, other] {
                #expect(await publish(define(sku, stocked: 10)) == .confirmed)
                #expect(await publish(submit("before-\(sku)", sku)) == .confirmed)
            }
            #expect(try await eventually { try room.count("select count(*) from intent") == 2 })
            #expect(try await eventually { pool.faults.isEmpty })

            let queue = BrokerTopology.intentsQueue(0)
            try await onThread {
                let connection = try room.connection()
                defer { connection.close() }
                _ = try connection.deleteQueue(queue)
            }
            let isSeen = try await eventually(within: .seconds(60)) {
                pool.faults.contains { fault in
                    fault.name == "partition_0" && fault.detail.contains("\(queue) is gone")
                        && fault.detail.contains("lost") && fault.detail.contains("weir topology apply")
                }
            }
            #expect(isSeen, "\(pool.faults)")
            // The worker heard of it by `basic.cancel`, and the log says what was lost, once.
            let lines = journal.lines
            #expect(lines.contains { $0.contains("the broker ended the subscription to queue \(queue)") })
            #expect(
                lines.count { $0.hasPrefix("error: a queue is gone, and what waited in it is lost") } == 1)
            // Whoever publishes is told, and the other partition does not care.
            guard case .returned = await publish(submit("nowhere", lost)) else {
                Issue.record("a wish for a queue that is gone was taken")
                return
            }
            #expect(await publish(submit("meanwhile", other)) == .confirmed)
            #expect(try await eventually { try room.undecided(["meanwhile"]).isEmpty })
            #expect(pool.faults.allSatisfy { $0.name == "partition_0" }, "\(pool.faults)")

            try TopologyTool(amqpURL: room.amqpURL, partitions: 2).apply()
            #expect(await publish(submit("after", lost)) == .confirmed)
            #expect(try await eventually(within: .seconds(60)) { try room.undecided(["after"]).isEmpty })
            #expect(try await eventually(within: .seconds(60)) { pool.faults.isEmpty })
            #expect(pool.stopped.isEmpty)
            let report = try LiveAudit(databaseURL: room.databaseURL).run()
            #expect(report.holds, "\(report.lines)")
            try await onThread { pool.stop() }
        }

        /// What keeps a message from `weir.dead`.
        enum Obstacle: CaseIterable {
            case unbound
            case full
        }

        /// What `weir doctor` says of it is in DoctorTests.
        @Test(
            "Fault 18: what does not get into weir.dead stays with the broker and is moved later",
            arguments: Obstacle.allCases)
        func whatDoesNotGetIntoTheDeadQueueStaysAndIsMovedLater(_ obstacle: Obstacle) async throws {
            let sandbox = try await SharedSandbox.get()
            // The broker tries again every three minutes; here every second, for the queues that are declared now.
            let setting = "dead_letter_worker_publisher_confirm_timeout"
            try await sandbox.evaluateInBroker("application:set_env(rabbit, \(setting), 1000).")
            let dead = try await DeadRoom.make()
            try await sandbox.evaluateInBroker("application:set_env(rabbit, \(setting), 180000).")
            let queue = BrokerTopology.intentsQueue(1)
            var letters = 1
            switch obstacle {
            case .unbound:
                try await onConnection(dead.room) {
                    try $0.unbindQueue(
                        queue: BrokerTopology.dead, exchange: BrokerTopology.dead, routingKey: "")
                }
            case .full:
                try await sandbox.runRabbitmqctl([
                    "-p", dead.room.vhost, "set_policy", "small", #"^weir\.dead$"#,
                    #"{"max-length":1,"overflow":"reject-publish"}"#,
                ])
                // The limit overshoots: it is full when it says so.
                while await dead.publisher.publish(dead.given("filler-\(letters)")) == .confirmed,
                    letters < 1_000
                {
                    letters += 1
                }
                #expect(letters < 1_000)
            }
            var message = dead.room.message(submit("late", dead.other))
            message.properties.expiration = "1"
            #expect(await dead.publisher.publish(message) == .confirmed)
            // A consumer makes the broker look at what has expired.
            let delivered = try await onConnection(dead.room) { connection in
                try connection.consume(queue: queue)
                return try connection.nextDelivery(wait: .seconds(1))
            }
            #expect(delivered == nil)
            // It has nowhere to go, tries again and again, and is not dropped.
            let isGone = try await eventually(within: .seconds(3)) {
                try await dead.room.messages(in: queue, of: sandbox) == 0
            }
            #expect(!isGone, "the broker dropped what it could not move")
            #expect(try dead.waiting() == letters - 1)

            switch obstacle {
            case .unbound:
                try await onConnection(dead.room) {
                    try $0.bindQueue(
                        queue: BrokerTopology.dead, exchange: BrokerTopology.dead, routingKey: "")
                }
            case .full: break  // Workers that drain it make room.
            }
            try await dead.work {
                try await eventually(within: .seconds(60)) {
                    try dead.room.count("select count(*) from dead_letter") == letters
                }
            }
            #expect(try await dead.letter("late").reason == "broker_expired")
            #expect(
                try await eventually(within: .seconds(60)) {
                    try await dead.room.messages(in: queue, of: sandbox) == 0
                })
            try await dead.end()
        }

        @discardableResult
        private func onConnection<Value: Sendable>(
            _ room: LiveRoom, _ body: @escaping @Sendable (Connection) throws -> Value
        ) async throws -> Value {
            try await onThread {
                let connection = try room.connection()
                defer { connection.close() }
                return try body(connection)
            }
        }
    }
}
