import Testing

@testable import WeirProducer

/// How long a small flight waits for more.
@Suite struct FlightTimeTests {
    private let milli: UInt64 = 1_000_000

    @Test func whereEverythingIsAtRestNobodyWaits() {
        var time = FlightTime()
        #expect(time.linger == 0)
        for moment in UInt64(0)..<100 {
            time.note(3 * milli + moment % 2 * milli, now: moment * 10 * milli)
            #expect(time.linger == 0)
        }
    }

    @Test func whatFlightsTakeLongerThanTwiceTheShortestIsWaited() {
        var time = FlightTime()
        time.note(2 * milli, now: 0)
        for moment in UInt64(1)..<60 { time.note(7 * milli, now: moment * milli) }
        #expect((2_900_000...3_000_000).contains(time.linger))
        for moment in UInt64(60)..<120 { time.note(100 * milli, now: moment * milli) }
        #expect(time.linger == FlightTime.mostLinger)
        for moment in UInt64(120)..<180 { time.note(3 * milli, now: moment * milli) }
        #expect(time.linger == 0)
    }

    @Test func aLongerWayCountsAsRestInTime() {
        var time = FlightTime()
        time.note(milli, now: 0)
        time.note(20 * milli, now: milli)
        for moment in UInt64(0)..<100 { time.note(20 * milli, now: moment * 100 * milli) }
        #expect(time.linger == FlightTime.mostLinger)
        for moment in UInt64(100)..<1_000 { time.note(20 * milli, now: moment * 100 * milli) }
        #expect(time.linger == 0)
    }

    @Test func timesWithoutLengthAreNoTrouble() {
        var time = FlightTime()
        for moment in UInt64(0)..<10 { time.note(0, now: moment) }
        #expect(time.linger == 0)
        time.note(.max / 2, now: .max)
        #expect(time.linger <= FlightTime.mostLinger)
    }
}
