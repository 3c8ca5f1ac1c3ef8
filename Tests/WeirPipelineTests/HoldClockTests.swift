import Testing
import WeirCore

@testable import WeirPipeline

/// When holds come due, on the database's clock.
@Suite struct HoldClockTests {
    private let start = Timestamp(microseconds: 1_800_000_000_000_000)
    private let grace = Duration.seconds(30)

    @Test func theDatabasesClockIsCarriedForwardWithTheWorkersOwn() {
        var clock = HoldClock()
        clock.observe(start, at: .seconds(1_000))
        #expect(clock.estimate(at: .seconds(1_000)) == start)
        #expect(clock.estimate(at: .seconds(1_007)) == start.adding(seconds: 7))
        clock.observe(start.adding(seconds: 100), at: .seconds(1_001))
        #expect(clock.estimate(at: .seconds(1_003)) == start.adding(seconds: 102))
    }

    @Test func theEarliestHoldComesNext() {
        var clock = HoldClock()
        clock.observe(start, at: .zero)
        #expect(clock.untilNext(at: .zero) == nil)
        for seconds in [50, 20, 30] as [Int64] { clock.consider(start.adding(seconds: seconds)) }
        clock.consider(nil)
        #expect(clock.next == start.adding(seconds: 20))
        #expect(clock.untilNext(at: .seconds(5)) == .seconds(15))
        #expect(clock.untilNext(at: .seconds(25)) == .zero)
    }

    @Test func nothingExpiresBeforeTheQueueWasSeenEmpty() {
        var clock = HoldClock()
        clock.observe(start, at: .zero)
        #expect(clock.horizon(at: .seconds(10), grace: grace) == nil)
        clock.sawEmptyQueue(at: .seconds(10))
        #expect(clock.mayExpire(start.adding(seconds: 10), at: .seconds(11), grace: grace))
        #expect(!clock.mayExpire(start.adding(seconds: 11), at: .seconds(11), grace: grace))
    }

    @Test func aQueueThatIsNeverEmptyHoldsExpiryUpForTheGraceAndNoLonger() {
        var clock = HoldClock()
        clock.observe(start, at: .zero)
        clock.wait(at: .seconds(5))
        clock.wait(at: .seconds(20))
        let due = start.adding(seconds: 5)
        #expect(!clock.mayExpire(due, at: .milliseconds(34_999), grace: grace))
        #expect(clock.mayExpire(due, at: .seconds(35), grace: grace))
        // A hold that came due later has its own grace.
        #expect(!clock.mayExpire(start.adding(seconds: 6), at: .seconds(35), grace: grace))
        #expect(clock.mayExpire(start.adding(seconds: 6), at: .seconds(36), grace: grace))
    }

    @Test func theGraceCountsFromTheFirstLookNotFromTheDeadline() {
        var clock = HoldClock()
        // Nobody owned the partition for an hour.
        clock.observe(start.adding(seconds: 3_600), at: .zero)
        #expect(!clock.mayExpire(start, at: .zero, grace: grace))
        clock.wait(at: .zero)
        #expect(!clock.mayExpire(start, at: .seconds(29), grace: grace))
        #expect(clock.mayExpire(start, at: .seconds(30), grace: grace))
    }

    @Test func aLostConsumerBeginsTheWaitAnew() {
        var clock = HoldClock()
        clock.observe(start, at: .zero)
        clock.sawEmptyQueue(at: .seconds(10))
        clock.wait(at: .seconds(12))
        clock.forgetQueue()
        #expect(clock.horizon(at: .seconds(50), grace: grace) == nil)
        clock.wait(at: .seconds(50))
        #expect(!clock.mayExpire(start, at: .seconds(79), grace: grace))
        #expect(clock.mayExpire(start, at: .seconds(80), grace: grace))
    }

    @Test func theBrokerIsAskedTenTimesASecondAtMost() {
        var clock = HoldClock()
        let asked = (0..<1_000).filter { clock.mayAskAgain(at: .milliseconds($0)) }
        #expect(asked == [0, 100, 200, 300, 400, 500, 600, 700, 800, 900])
    }

    @Test func aDurationIsCountedInWholeMicroseconds() {
        #expect(Duration.seconds(3).microseconds == 3_000_000)
        #expect(Duration.milliseconds(-1_500).microseconds == -1_500_000)
        #expect(Duration.nanoseconds(1_999).microseconds == 1)
    }
}
