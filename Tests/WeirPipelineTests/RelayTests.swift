import Testing

@testable import WeirPipeline

/// The relay sends in order, and its cursor stands before the lowest event that nobody confirmed.
@Suite struct RelayTests {
    @Test func whatWasCommittedIsSentOnceAndInOrder() {
        var relay = owned()
        relay.append(events(1...3))
        #expect(relay.isBehind)
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [1, 2, 3])
        #expect(relay.takeUnsent(now: .zero).isEmpty)
        relay.append(events(4...4))
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [4])
        #expect(!relay.isBehind && !relay.isCaughtUp)
    }

    @Test func theCursorWaitsForTheLowestUnconfirmedEvent() {
        var relay = owned(sending: 1...5)
        for (confirmed, cursor) in [([3, 5], 0), ([1], 1), ([4], 1), ([2], 5)] as [([Int64], Int64)] {
            relay.absorb(receipts(confirmed, epoch: relay.epoch), now: .zero, jitter: 0)
            #expect(relay.published == cursor)
        }
        #expect(relay.isCaughtUp)
    }

    @Test func oneFailureSendsEverythingFromTheLowestUnconfirmedAgain() {
        var relay = owned(sending: 1...5)
        let epoch = relay.epoch
        let told = receipts([1, 2, 4, 5], epoch: epoch) + receipts([3], epoch: epoch, confirmed: false)
        relay.absorb(told, now: .zero, jitter: 0)
        #expect(relay.published == 2)
        #expect(relay.epoch == epoch + 1)
        // 4 and 5 were confirmed, but a subscriber that waits for 3 has not applied them.
        #expect(relay.takeUnsent(now: .seconds(9)).map(\.seq) == [3, 4, 5])
    }

    @Test func aReceiptOfAnOlderEpochSaysNothing() {
        var relay = owned(sending: 1...3)
        let old = relay.epoch
        relay.absorb(receipts([2], epoch: old, confirmed: false), now: .zero, jitter: 0)
        #expect(relay.takeUnsent(now: .seconds(9)).map(\.seq) == [1, 2, 3])
        relay.absorb(receipts([1, 2, 3], epoch: old), now: .zero, jitter: 0)
        #expect(relay.published == 0)
        relay.absorb(receipts([1], epoch: old, confirmed: false), now: .zero, jitter: 0)
        #expect(relay.epoch == old + 1)
        relay.absorb(receipts([1, 2, 3], epoch: old + 1), now: .zero, jitter: 0)
        #expect(relay.published == 3)
    }

    @Test func aReceiptOfWhatWasNotSentSaysNothing() {
        var relay = owned()
        relay.append(events(1...3))
        relay.absorb(receipts([1, 2, 3, 4, 0, -1, .max], epoch: relay.epoch), now: .zero, jitter: 0)
        #expect(relay.published == 0)
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [1, 2, 3])
        relay.absorb(receipts([1, 2, 3], epoch: relay.epoch), now: .zero, jitter: 0)
        relay.absorb(receipts([1, 2, 3], epoch: relay.epoch, confirmed: false), now: .zero, jitter: 0)
        #expect(relay.published == 3)
    }

    @Test func aFailureIsFollowedByAPauseThatGrowsAndEndsWithProgress() {
        var relay = owned(sending: 1...2)
        var now = Duration.zero
        for pause in [150, 250, 450] {
            relay.absorb(receipts([1], epoch: relay.epoch, confirmed: false), now: now, jitter: 1)
            #expect(relay.takeUnsent(now: now + .milliseconds(pause - 1)).isEmpty)
            #expect(relay.isBehind)
            now += .milliseconds(pause)
            #expect(relay.takeUnsent(now: now).count == 2)
        }
        relay.absorb(receipts([1], epoch: relay.epoch), now: now, jitter: 1)
        relay.absorb(receipts([2], epoch: relay.epoch, confirmed: false), now: now, jitter: 1)
        #expect(relay.takeUnsent(now: now + .milliseconds(150)).map(\.seq) == [2])
    }

    @Test func whatIsCommittedDuringThePauseIsSentAfterIt() {
        var relay = owned(sending: 1...2)
        relay.absorb(receipts([2], epoch: relay.epoch, confirmed: false), now: .zero, jitter: 0)
        relay.append(events(3...3))
        #expect(relay.takeUnsent(now: .zero).isEmpty)
        #expect(relay.takeUnsent(now: .seconds(1)).map(\.seq) == [1, 2, 3])
    }

    @Test func anOwnerThatStartsReadsTheLogAfterTheCursor() {
        var relay = EventRelay(published: 0, head: 0)
        relay.restart(published: 10, head: 15)
        #expect(relay.missingAfter == 10)
        relay.supply(events(11...13))
        #expect(relay.missingAfter == 13)
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [11, 12, 13])
        relay.supply(events(14...15))
        #expect(relay.missingAfter == nil)
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [14, 15])
    }

    @Test func aSupplyThatDoesNotFollowIsNotTaken() {
        var relay = EventRelay(published: 0, head: 0)
        relay.restart(published: 10, head: 15)
        for range in [12...15, 10...15, 9...10] as [ClosedRange<Int64>] { relay.supply(events(range)) }
        relay.supply([])
        #expect(relay.missingAfter == 10)
        #expect(relay.takeUnsent(now: .zero).isEmpty)
    }

    @Test func whatIsCommittedBehindAMissingPartIsReadFromTheLog() {
        var relay = EventRelay(published: 0, head: 0)
        relay.restart(published: 0, head: 2)
        relay.append(events(3...4))
        #expect(relay.head == 4)
        #expect(relay.takeUnsent(now: .zero).isEmpty)
        relay.supply(events(1...4))
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [1, 2, 3, 4])
    }

    @Test func aRestartForgetsWhatWasBelieved() {
        var relay = owned(sending: 1...5)
        let old = relay.epoch
        relay.absorb(receipts([1], epoch: old, confirmed: false), now: .zero, jitter: 1)
        relay.restart(published: 1, head: 3)
        #expect(relay.published == 1)
        #expect(relay.head == 3)
        #expect(relay.epoch > old)
        relay.supply(events(2...3))
        #expect(relay.takeUnsent(now: .zero).map(\.seq) == [2, 3])
    }

    private func owned(sending range: ClosedRange<Int64>? = nil) -> EventRelay {
        var relay = EventRelay(published: 0, head: 0)
        relay.restart(published: 0, head: 0)
        if let range {
            relay.append(events(range))
            _ = relay.takeUnsent(now: .zero)
        }
        return relay
    }
}
