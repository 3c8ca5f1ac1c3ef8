import Testing
import WeirLive

/// Everything that breaks something on purpose, one at a time: two cores are few.
@Suite(.serialized) struct Faults {}

extension Faults {
    /// FAULTS.md rows 1 to 4 and 15: a worker or its session ends at an exact step, again and again.
    @Suite struct KilledWorker {
        @Test func deathBeforeCommitBringsDeliveriesBackAndTheyAreDecided() async throws {
            try await strike(.deathBeforeCommit)
        }

        @Test func deathBetweenCommitAndAckDeductsNothingTwice() async throws {
            try await strike(.deathBeforeAck)
        }

        @Test func aCommitThatNeverArrivedIsDecidedOnce() async throws { try await strike(.requestLost) }

        @Test func aCommitWhoseAnswerWasLostIsDecidedOnce() async throws { try await strike(.answerLost) }

        /// Six times in a row, under load, and then the books are compared.
        private func strike(_ step: FaultStep) async throws {
            let room = try await LiveRoom.make(partitions: 1)
            let subscriber = try Subscriber(room)
            defer { subscriber.stop() }
            let crowd = Crowd(room)
            let owner = OwnerThread(room, partition: 0, FaultPlan(Array(repeating: step, count: 6)))
            defer { owner.stop() }
            await crowd.start()
            #expect(try await eventually { owner.plan.struck == 6 })
            await crowd.waitForMore(50)
            await crowd.finish()
            try await expectPromisesKept(room, crowd, subscriber)
            if step == .deathBeforeCommit || step == .deathBeforeAck { #expect(owner.lives >= 7) }
        }
    }
}
