import Testing
import WeirCore

@testable import WeirProducer

/// What a lane does next, at moments that the test chooses.
@Suite struct LaneTests {
    private let rules = Lane.Rules(most: 100, silence: Lanes.silenceNanoseconds)

    private func wish(_ id: UInt64) -> Lanes.Wish {
        let submit = Submit(
            token: Token(unchecked: "t\(id)"), sku: SKU(unchecked: "s"), quantity: Quantity(unchecked: 1),
            buyer: Buyer(unchecked: "b"))
        return Lanes.Wish(submit: submit, id: id, trace: nil, since: 0, door: Awaited())
    }

    /// Lets wishes in, and what may fly departs and lands at once. Returns who departed.
    private func enter(_ ids: ClosedRange<UInt64>, _ lane: inout Lane, now: UInt64) -> [[UInt64]] {
        var departed: [[UInt64]] = []
        for id in ids {
            lane.enter(wish(id))
            guard case .check(let wishes)? = lane.next(now, rules) else { continue }
            lane.depart(wishes, now)
            lane.land(now: now, isOver: false)
            departed.append(wishes.map(\.id))
        }
        return departed
    }

    @Test func asManyAsAreUnderWayDepartWithoutWaitingForThem() {
        var lane = Lane()
        let full = UInt64(Lane.full)
        #expect(enter(1...1, &lane, now: 1) == [[1]])
        #expect(enter(2...full, &lane, now: 2).isEmpty)
        // One makes it a full one.
        #expect(enter(full + 1...full + 1, &lane, now: 3) == [Array(2...full + 1)])
        // The first one and the full one are under way: now it takes as many as both.
        #expect(enter(full + 2...2 * full + 1, &lane, now: 4).isEmpty)
        #expect(enter(2 * full + 2...2 * full + 2, &lane, now: 5).map(\.count) == [Lane.full + 1])
    }

    @Test func aSignThatIsYoungerThanTheMomentIsASign() {
        var lane = Lane()
        #expect(enter(1...1, &lane, now: 1) == [[1]])
        #expect(enter(2...101, &lane, now: 2).count > 1)
        for id in UInt64(102)...400 { lane.enter(wish(id)) }
        while case .check(let wishes)? = lane.next(3, rules) {
            lane.depart(wishes, 3)
            lane.land(now: 3, isOver: false)
        }
        // Enough is with the worker, and of one that nobody knows it has just said something.
        lane.hear(1_000, now: 100)
        lane.wake()
        guard case .pause? = lane.next(99, rules) else {
            Issue.record("the worker was taken for one that is away")
            return
        }
    }
}
