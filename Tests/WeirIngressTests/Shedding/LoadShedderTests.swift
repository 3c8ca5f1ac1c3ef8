import Testing

@testable import WeirIngress

/// Who is let in when the loop is late, by a clock that the test turns.
@Suite struct LoadShedderTests {
    /// A loop that serves so many a second, one after the other, and looks at the clock every 10 ms.
    private struct Loop {
        var shedder = LoadShedder(target: 400_000_000)
        var clock: UInt64 = 1_000_000_000_000
        var waiting = 0.0
        var (served, refused) = (0.0, 0)
        /// The longest that the last one waited, in seconds.
        var latest = 0.0

        mutating func run(_ seconds: Double, arriving: Double, serving: Double) {
            var (owed, able) = (0.0, 0.0)
            for _ in 0..<Int(seconds * 100) {
                clock += 10_000_000
                owed += arriving / 100
                able = min(able + serving / 100, waiting)
                while able >= 1 {
                    able -= 1
                    waiting -= 1
                    served += 1
                    shedder.countServed()
                }
                while owed >= 1 {
                    owed -= 1
                    if shedder.admits(now: clock) { waiting += 1 } else { refused += 1 }
                }
                latest = max(latest, waiting / serving)
                shedder.look(now: clock, late: UInt64(waiting / serving * 1e9))
            }
        }

        mutating func forget() { (served, refused, latest) = (0, 0, 0) }
    }

    @Test func whatCanBeCarriedIsLetIn() {
        var loop = Loop()
        loop.run(30, arriving: 4_700, serving: 5_000)
        #expect(loop.refused == 0 && loop.served > 140_000)
        #expect(!loop.shedder.isShedding)
    }

    @Test func aBurstIsLetIn() {
        var loop = Loop()
        loop.run(5, arriving: 2_000, serving: 5_000)
        loop.run(0.05, arriving: 25_000, serving: 5_000)
        loop.run(5, arriving: 2_000, serving: 5_000)
        #expect(loop.refused == 0)
    }

    @Test(arguments: [1.5, 2, 4])
    func underOverloadItServesWhatItCanAndTheOthersDoNotWait(_ times: Double) {
        var loop = Loop()
        loop.run(5, arriving: 4_500, serving: 5_000)
        loop.run(5, arriving: 5_000 * times, serving: 5_000)
        loop.forget()
        loop.run(20, arriving: 5_000 * times, serving: 5_000)
        #expect(loop.served > 0.9 * 20 * 5_000)
        #expect(Double(loop.refused) > 0.9 * 20 * 5_000 * (times - 1))
        #expect(loop.latest < 0.2)
    }

    @Test func afterOverloadEverybodyIsLetInAgain() {
        var loop = Loop()
        loop.run(10, arriving: 10_000, serving: 5_000)
        #expect(loop.shedder.isShedding)
        loop.run(10, arriving: 4_000, serving: 5_000)
        loop.forget()
        loop.run(10, arriving: 4_500, serving: 5_000)
        #expect(loop.refused == 0 && !loop.shedder.isShedding)
    }

    /// Then refusing mends nothing, and must not become all that there is.
    @Test func aLoopThatIsLateForAnotherReasonLetsMostOfItsBestRateIn() {
        var loop = Loop()
        loop.run(10, arriving: 4_500, serving: 5_000)
        for _ in 0..<2_000 {
            loop.clock += 10_000_000
            for _ in 0..<45 { if loop.shedder.admits(now: loop.clock) { loop.shedder.countServed() } }
            loop.shedder.look(now: loop.clock, late: 900_000_000)
        }
        #expect(loop.shedder.isShedding)
        #expect(loop.shedder.rate > 0.5 * 4_500 && loop.shedder.rate < 0.8 * 4_500)
    }

    @Test func aProcessThatWasStoppedDoesNotShed() {
        var loop = Loop()
        loop.run(1, arriving: 100, serving: 5_000)
        loop.clock += 60_000_000_000
        loop.shedder.look(now: loop.clock, late: 60_000_000_000)
        loop.run(5, arriving: 100, serving: 5_000)
        #expect(loop.refused == 0)
    }

    /// The loop was late for a second and a half when nobody had been served yet, as after a restart in a rush.
    @Test func whatMadeItLateAtTheStartIsSoonForgotten() {
        var loop = Loop()
        for _ in 0..<150 {
            loop.clock += 10_000_000
            loop.shedder.look(now: loop.clock, late: 1_000_000_000)
        }
        #expect(loop.shedder.isShedding)
        loop.run(8, arriving: 4_000, serving: 5_000)
        loop.forget()
        loop.run(10, arriving: 4_000, serving: 5_000)
        #expect(loop.refused == 0)
    }

    /// A loop that is late while hardly anybody comes has not too much to do.
    @Test func fewAreNeverRefused() {
        var loop = Loop()
        for second in 0..<30 {
            for look in 0..<100 {
                loop.clock += 10_000_000
                if look % 33 == 0 {
                    let admitted = (0..<20).count { _ in loop.shedder.admits(now: loop.clock) }
                    #expect(admitted == 20, "second \(second)")
                }
                loop.shedder.look(now: loop.clock, late: 1_000_000_000)
            }
        }
        #expect(loop.shedder.isShedding)
    }

    @Test func manyAtOnceAreLetInAndMadeGood() {
        var loop = Loop()
        loop.run(10, arriving: 10_000, serving: 5_000)
        loop.clock += 10_000_000
        loop.shedder.look(now: loop.clock, late: 90_000_000)
        let areIn = loop.shedder.enters(20_000, now: loop.clock)
        let isNextIn = loop.shedder.enters(now: loop.clock)
        #expect(areIn && !isNextIn)
    }

    @Test func whoComesAnotherWayIsBoundedToo() {
        var loop = Loop()
        loop.run(10, arriving: 10_000, serving: 5_000)
        var entered = 0
        for _ in 0..<500 {
            loop.clock += 10_000_000
            for _ in 0..<1_000 where loop.shedder.enters(now: loop.clock) {
                entered += 1
                loop.shedder.countServed()
            }
            loop.shedder.look(now: loop.clock, late: 250_000_000)
        }
        #expect(entered > 5 * 3_000 && entered < 5 * 6_500)
    }
}
