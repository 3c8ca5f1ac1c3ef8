import Testing
import WeirLive
import WeirPipeline

extension Faults {
    /// FAULTS.md row 3, on a real wire: COMMIT was sent, and what became of it is unknown.
    @Suite struct LostCommit {
        @Test func answersLostOnTheWireAreFoundInTheDatabase() async throws { try await cut(.cutOnAnswer) }

        @Test func requestsLostOnTheWireAreSentAgain() async throws { try await cut(.cutOnRequest) }

        private func cut(_ mode: Wire.Mode) async throws {
            let room = try await LiveRoom.make(partitions: 1)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let wire = try Wire(to: room.databaseURL)
            defer { wire.close() }
            let plan = FaultPlan()
            let counter = Counter()
            plan.beforeCommit.withLock {
                $0 = { _ in if counter.next() % 10 == 0 { wire.set(mode) } }
            }
            plan.beforeOpen.withLock { $0 = { wire.set(.forward) } }
            let settings = WorkerSettings(databaseURL: wire.url, amqpURL: room.amqpURL)
            let owner = OwnerThread(room, partition: 0, plan, settings: settings)
            defer { owner.stop() }
            let crowd = Crowd(room)
            await crowd.start()
            #expect(try await eventually { counter.count >= 55 })
            await crowd.finish()
            plan.beforeCommit.withLock { $0 = nil }
            try await expectPromisesKept(room, crowd, subscriber)
        }

        /// The head alone proves nothing after a lost answer: here another owner has moved it to the very value that
        /// the lost COMMIT would have left.
        @Test func anotherOwnerThatMovedTheHeadToTheSameValueIsNotTakenForOurself() async throws {
            let room = try await LiveRoom.make(partitions: 1)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let publisher = room.publisher()
            defer { publisher.stop(drain: .zero) }
            #expect(await publisher.waitUntilReady(timeout: .seconds(10)))
            // The only batch is the wish of `ours`; its COMMIT is lost before the server hears it.
            let store = try room.openStore()
            try store.decideByHand([define("s", stocked: 1)])
            store.close()
            #expect(await publisher.publish(room.message(submit("ours", "s"))) == .confirmed)
            let plan = FaultPlan()
            let opens = Counter()
            let headOfTheOther = Counter()
            plan.beforeCommit.withLock {
                $0 = { store in if opens.count == 1 { store.real.abandon() } }
            }
            plan.beforeOpen.withLock {
                $0 = {
                    guard opens.next() == 2, let other = try? room.openStore() else { return }
                    // Two events, as the lost batch had: the sale, and that it was the last unit.
                    let write = try? other.decideByHand([submit("theirs", "s")])
                    headOfTheOther.set(Int(write?.decision.head ?? 0))
                    other.close()
                }
            }
            let owner = OwnerThread(room, partition: 0, plan)
            defer { owner.stop() }
            #expect(try await eventually { try room.count("select count(*) from intent") == 2 })
            #expect(headOfTheOther.count == 3)
            let decided = try room.texts("select token from event where token is not null order by seq")
            #expect(decided == ["theirs", "ours"])
            let statuses = try room.texts("select status::text from intent order by token")
            #expect(statuses == ["rejected", "confirmed"])
            #expect(try await eventually { subscriber.current.applied[0]?.count == 4 })
            #expect(try room.log()[0] == subscriber.current.applied[0])
            let report = try LiveAudit(databaseURL: room.databaseURL).run()
            #expect(report.holds, "\(report.lines)")
        }
    }
}
