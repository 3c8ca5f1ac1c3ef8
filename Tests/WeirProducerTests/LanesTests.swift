import Synchronization
import Testing
import WeirCore

@testable import WeirProducer

/// When wishes depart, without a server; time stands still unless the test calls back.
@Suite struct LanesTests {
    /// Lanes that note their flights and keep the callbacks. What is checked is cleared at once, unless the check is
    /// slow: then the test says when.
    private final class Airport: Sendable {
        let flights = Mutex<[[UInt64]]>([])
        let checks = Mutex<[[Lanes.Wish]]>([])
        let lanes: Lanes

        struct Alarm: Sendable {
            let ring: @Sendable () -> Void
        }

        init(
            most: Int = 4, silence: UInt64 = Lanes.silenceNanoseconds, hasSlowChecks: Bool = false
        ) {
            let box = AlarmBox()
            lanes = Lanes(partitions: 2, most: most, silence: silence) { _, then in
                box.alarms.withLock { $0.append(Alarm(ring: then)) }
            }
            self.box = box
            lanes.open(
                Lanes.Crew(
                    check: { [unowned self] wishes, partition in
                        checks.withLock { $0.append(wishes) }
                        if !hasSlowChecks { lanes.clear(wishes, partition: partition) }
                    },
                    depart: { [unowned self] wishes, _ in flights.withLock { $0.append(wishes.map(\.id)) } }))
        }

        private final class AlarmBox: Sendable {
            let alarms = Mutex<[Alarm]>([])
        }
        private let box: AlarmBox

        var departed: [[UInt64]] { flights.withLock { $0 } }
        var checked: [[UInt64]] { checks.withLock { $0.map { $0.map(\.id) } } }
        var alarmCount: Int { box.alarms.withLock { $0.count } }

        func enter(_ ids: UInt64..., partition: Int = 0) {
            for id in ids {
                let submit = Submit(
                    token: Token(unchecked: "t\(id)"), sku: SKU(unchecked: "s"),
                    quantity: Quantity(unchecked: 1), buyer: Buyer(unchecked: "b"))
                lanes.enter(
                    Lanes.Wish(submit: submit, id: id, trace: nil, since: 0, door: Awaited()),
                    partition: partition)
            }
        }

        /// Says that nobody knows what was checked last, except these.
        func clear(without known: UInt64...) {
            let last = checks.withLock { $0[$0.count - 1] }
            lanes.clear(last.filter { !known.contains($0.id) }, partition: 0)
        }

        /// Waits until the lanes' patience is over, then lets the callbacks ring.
        func ring() {
            let end = monotonicNanoseconds() + Lanes.patienceNanoseconds
            while monotonicNanoseconds() < end { continue }
            let alarms = box.alarms.withLock { alarms in
                defer { alarms = [] }
                return alarms
            }
            for alarm in alarms { alarm.ring() }
        }
    }

    @Test func oneThatComesAloneDepartsAtOnceAndOthersGather() {
        let airport = Airport()
        airport.enter(1, 2, 3)
        #expect(airport.departed == [[1]])
        airport.lanes.land(partition: 0, isOver: false)
        #expect(airport.departed == [[1]])
        airport.lanes.hear([1], partition: 0)
        #expect(airport.departed == [[1], [2, 3]])
    }

    @Test func anOutcomeBeforeTheLandingCounts() {
        let airport = Airport()
        airport.enter(1, 2)
        airport.lanes.hear([1], partition: 0)
        #expect(airport.departed == [[1]])
        airport.lanes.land(partition: 0, isOver: false)
        #expect(airport.departed == [[1], [2]])
    }

    @Test func anothersOutcomeDoesNotCount() {
        let airport = Airport()
        airport.enter(5, 6)
        airport.lanes.land(partition: 0, isOver: false)
        airport.lanes.hear([4], partition: 0)
        airport.lanes.hear([5], partition: 1)
        #expect(airport.departed == [[5]])
    }

    @Test func withoutAnOutcomeTheNextDepartsWhenPatienceIsOver() {
        let airport = Airport()
        airport.enter(1, 2)
        airport.lanes.land(partition: 0, isOver: false)
        airport.enter(3)
        #expect(airport.departed == [[1]])
        #expect(airport.alarmCount == 1)
        airport.ring()
        #expect(airport.departed == [[1], [2, 3]])
        airport.lanes.land(partition: 0, isOver: false)
        airport.ring()
        // Nobody waited, so nobody was called.
        #expect(airport.departed.count == 2)
        airport.enter(4)
        #expect(airport.departed == [[1], [2, 3], [4]])
    }

    @Test func aFlightIsCheckedOnceWhenItMayDepart() {
        let airport = Airport(hasSlowChecks: true)
        airport.enter(1, 2)
        #expect(airport.checked == [[1]])
        airport.clear()
        #expect(airport.departed == [[1]])
        airport.lanes.land(partition: 0, isOver: false)
        airport.enter(3)
        #expect(airport.checked == [[1]])
        airport.lanes.hear([1], partition: 0)
        #expect(airport.checked == [[1], [2, 3]])
        // What comes during the check waits for the next flight.
        airport.enter(4)
        airport.clear()
        #expect(airport.departed == [[1], [2, 3]])
        #expect(airport.checked == [[1], [2, 3]])
    }

    @Test func whatIsKnownDoesNotDepartAndTheNextIsChecked() {
        let airport = Airport(hasSlowChecks: true)
        airport.enter(1, 2, 3)
        airport.clear(without: 1)
        #expect(airport.departed.isEmpty)
        #expect(airport.checked == [[1], [2, 3]])
        airport.clear(without: 2)
        #expect(airport.departed == [[3]])
    }

    @Test func aFlightThatIsOverWithoutAMessageMakesRoomAtOnce() {
        let airport = Airport()
        airport.enter(1, 2)
        airport.lanes.land(partition: 0, isOver: true)
        #expect(airport.departed == [[1], [2]])
    }

    @Test func aFullLaneDepartsWhenTheLastHasLandedWithoutWaitingForItsOutcome() {
        let airport = Airport(most: 4)
        airport.enter(1, 2, 3, 4, 5, 6, 7)
        #expect(airport.departed == [[1]])
        airport.lanes.land(partition: 0, isOver: false)
        #expect(airport.departed == [[1], [2, 3, 4, 5]])
        airport.lanes.land(partition: 0, isOver: true)
        #expect(airport.departed == [[1], [2, 3, 4, 5], [6, 7]])
    }

    @Test func aWorkerThatAnswersIsGivenNoMoreThanTwoFullFlights() {
        let airport = Airport(most: 2, silence: 60_000_000_000)
        airport.enter(1, 2, 3, 4, 5, 6, 7, 8)
        for _ in 0..<3 { airport.lanes.land(partition: 0, isOver: false) }
        #expect(airport.departed == [[1], [2, 3]])
        airport.ring()
        #expect(airport.departed.count == 2)
        airport.lanes.hear([1], partition: 0)
        #expect(airport.departed == [[1], [2, 3], [4, 5]])
        airport.lanes.land(partition: 0, isOver: false)
        #expect(airport.departed.count == 3)
        // Whoever hears of the last knows that those before it are decided.
        airport.lanes.hear([4], partition: 0)
        #expect(airport.departed.last == [6, 7])
        // What reached nobody is not with the worker.
        airport.lanes.land(partition: 0, isOver: true)
        #expect(airport.departed.last == [8])
    }

    @Test func aWorkerThatSaysNothingForLongIsNotWaitedFor() {
        let airport = Airport(most: 2, silence: Lanes.patienceNanoseconds)
        airport.enter(1, 2, 3, 4, 5)
        for _ in 0..<2 { airport.lanes.land(partition: 0, isOver: false) }
        airport.ring()
        #expect(airport.departed == [[1], [2, 3], [4, 5]])
        for id in UInt64(6)..<40 { airport.enter(id) }
        for _ in 0..<20 {
            airport.lanes.land(partition: 0, isOver: false)
            airport.ring()
        }
        #expect(airport.departed.joined().elementsEqual(1..<40))
    }

    @Test func lanesDoNotWaitForEachOther() {
        let airport = Airport()
        airport.enter(1, 2)
        airport.enter(3, partition: 1)
        #expect(airport.departed == [[1], [3]])
    }
}
