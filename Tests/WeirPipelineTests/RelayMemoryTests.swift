import Testing

@testable import WeirPipeline

/// What does not fit into memory is not lost: it is read from the log again.
@Suite struct RelayMemoryTests {
    private let eighth = EventRelay.memoryLimit / 8

    @Test func beyondTheLimitEventsAreDroppedAndReadFromTheLogAgain() {
        var relay = EventRelay(published: 0, head: 0)
        relay.append(events(1...12, bytes: eighth))
        #expect(relay.head == 12)
        let first = relay.takeUnsent(now: .zero).map(\.seq)
        #expect(first == [1, 2, 3, 4, 5, 6, 7])
        // Memory is more than half full: the log is not read for every event that goes.
        #expect(relay.missingAfter == nil)
        relay.absorb(receipts(Array(1...3), epoch: 0), now: .zero, jitter: 0)
        #expect(relay.missingAfter == nil)
        relay.absorb(receipts([4], epoch: 0), now: .zero, jitter: 0)
        #expect(relay.missingAfter == 7)
        relay.supply(events(8...12, bytes: eighth))
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [8, 9, 10, 11])
        relay.absorb(receipts(Array(5...11), epoch: 0), now: .zero, jitter: 0)
        #expect(relay.published == 11)
        #expect(relay.missingAfter == 11)
        relay.supply(events(12...12, bytes: eighth))
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [12])
    }

    @Test func oneEventFitsHoweverLargeItIs() {
        var relay = EventRelay(published: 0, head: 0)
        relay.append([event(1, bytes: EventRelay.memoryLimit * 2)])
        relay.append([event(2)])
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [1])
        relay.absorb(receipts([1], epoch: 0), now: .zero, jitter: 0)
        #expect(relay.published == 1)
        #expect(relay.missingAfter == 1)
    }

    @Test func manySmallEventsCountWhatSurroundsThem() {
        var relay = EventRelay(published: 0, head: 0)
        relay.append(events(1...100_000, bytes: 0))
        #expect(relay.head == 100_000)
        var kept = 0
        while relay.missingAfter == nil, kept < 100_000 {
            let sent = relay.takeUnsent(now: .zero).map(\.seq)
            kept += sent.count
            relay.absorb(receipts(sent, epoch: 0), now: .zero, jitter: 0)
        }
        // What is missing was noticed when half of them were gone, and those were on their way.
        let all = EventRelay.memoryLimit / 512
        #expect(kept > all / 2 && kept <= all / 2 + EventRelay.sendLimit, "\(kept)")
    }

    @Test func onlySoManyEventsAreOnTheirWayAtOnce() {
        var relay = EventRelay(published: 0, head: 0)
        let most = Int64(EventRelay.sendLimit)
        relay.append(events(1...(most + 3)))
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == Array(1...most))
        #expect(relay.takeUnsent(now: .zero).isEmpty)
        #expect(relay.isBehind)
        // Behind one that is not confirmed none is free.
        relay.absorb(receipts(Array(2...most), epoch: 0), now: .zero, jitter: 0)
        #expect(relay.takeUnsent(now: .zero).isEmpty)
        relay.absorb(receipts([1], epoch: 0), now: .zero, jitter: 0)
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [most + 1, most + 2, most + 3])
        #expect(!relay.isBehind)
    }

    @Test func memoryIsFreeAgainAfterARestart() {
        var relay = EventRelay(published: 0, head: 0)
        relay.append(events(1...8, bytes: eighth))
        relay.restart(published: 3, head: 8)
        #expect(relay.missingAfter == 3)
        relay.supply(events(4...8, bytes: eighth))
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [4, 5, 6, 7, 8])
    }
}
