import Testing
import WeirCore

@testable import WeirPipeline

/// The messages of a log are sent in order behind a cursor of their own; each is there when every partition has it.
@Suite struct MessageRelayTests {
    @Test func whatWasCommittedIsSentOnceAndInOrder() {
        var relay = owned()
        #expect(relay.isIdle)
        relay.append(messages([3, 7]))
        #expect(relay.isBehind && !relay.isIdle)
        #expect(relay.takeUnsent(now: .zero).map(\.event.seq) == [3, 7])
        #expect(relay.takeUnsent(now: .zero).isEmpty)
        relay.append(messages([20]))
        #expect(relay.takeUnsent(now: .zero).map(\.event.seq) == [20])
        #expect(!relay.isBehind && !relay.isIdle)
    }

    @Test func aMessageIsThereWhenEveryPartitionHasIt() {
        var relay = owned(sending: [3, 7], to: [1, 2])
        relay.absorb(
            [receipt(3, 1, relay), receipt(7, 1, relay), receipt(7, 2, relay)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 0)
        relay.absorb([receipt(3, 2, relay)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 7 && relay.isIdle)
    }

    @Test func oneFailureSendsEverythingFromTheLowestUnconfirmedAgain() {
        var relay = owned(sending: [3, 7, 9], to: [1, 2])
        let epoch = relay.epoch
        var told = [3, 9].flatMap { [receipt($0, 1, relay), receipt($0, 2, relay)] }
        told += [receipt(7, 1, relay), receipt(7, 2, relay, confirmed: false)]
        relay.absorb(told, now: .zero, jitter: 0)
        #expect(relay.forwarded == 3 && relay.epoch == epoch + 1)
        // Behind one that is missing others may have come too soon: they come again, to every partition.
        let again = relay.takeUnsent(now: .seconds(9))
        #expect(again.map(\.event.seq) == [7, 9] && again.allSatisfy { $0.to == [1, 2] })
        relay.absorb(
            [receipt(7, 2, relay), receipt(9, 1, relay), receipt(9, 2, relay)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 3, "what a partition confirmed in an earlier attempt does not count")
        relay.absorb([receipt(7, 1, relay)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 9)
    }

    @Test func aReceiptOfAnOlderEpochOrOfWhatWasNotSentSaysNothing() {
        var relay = owned(sending: [3, 7])
        let old = relay
        relay.absorb([receipt(7, 1, relay, confirmed: false)], now: .zero, jitter: 0)
        relay.absorb([receipt(3, 1, old), receipt(7, 1, old)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 0)
        // Not sent yet in this epoch.
        relay.absorb([receipt(3, 1, relay), receipt(7, 1, relay)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 0)
        #expect(relay.takeUnsent(now: .seconds(9)).count == 2)
        relay.absorb(
            [receipt(5, 1, relay), receipt(3, 2, relay), receipt(.max, 1, relay)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 0)
        relay.absorb([receipt(3, 1, relay), receipt(7, 1, relay)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 7)
    }

    @Test func aFailureIsFollowedByAPauseThatGrowsAndEndsWithProgress() {
        var relay = owned(sending: [3, 7])
        var now = Duration.zero
        for pause in [150, 250, 450] {
            relay.absorb([receipt(3, 1, relay, confirmed: false)], now: now, jitter: 1)
            #expect(relay.takeUnsent(now: now + .milliseconds(pause - 1)).isEmpty)
            #expect(relay.isBehind)
            now += .milliseconds(pause)
            #expect(relay.takeUnsent(now: now).count == 2)
        }
        relay.absorb([receipt(3, 1, relay)], now: now, jitter: 1)
        relay.absorb([receipt(7, 1, relay, confirmed: false)], now: now, jitter: 1)
        #expect(relay.takeUnsent(now: now + .milliseconds(150)).map(\.event.seq) == [7])
    }

    @Test func anOwnerThatStartsReadsWhatIsMissing() {
        var relay = MessageRelay()
        relay.restart(forwarded: 10, last: 30)
        #expect(relay.missingAfter == 10 && !relay.isIdle)
        relay.supply(messages([14, 20]))
        #expect(relay.missingAfter == 20)
        #expect(relay.takeUnsent(now: .zero).map(\.event.seq) == [14, 20])
        // What is committed meanwhile is behind what is still to be read.
        relay.append(messages([35]))
        #expect(relay.takeUnsent(now: .zero).isEmpty)
        relay.supply(messages([30, 35]))
        #expect(relay.missingAfter == nil)
        #expect(relay.takeUnsent(now: .zero).map(\.event.seq) == [30, 35])
        // Read once more, it is not taken twice.
        relay.supply(messages([30, 35]))
        #expect(relay.takeUnsent(now: .zero).isEmpty)
    }

    @Test func aNewOwnerForgetsWhatTheLastOneSent() {
        var relay = owned(sending: [3, 7])
        let old = relay
        relay.restart(forwarded: 3, last: 7)
        relay.absorb([receipt(7, 1, old)], now: .zero, jitter: 0)
        #expect(relay.forwarded == 3 && relay.missingAfter == 3)
        #expect(relay.takeUnsent(now: .zero).isEmpty)
        // Without a message of its own it has nothing to read.
        relay.restart(forwarded: 7, last: 3)
        #expect(relay.isIdle && relay.missingAfter == nil && !relay.isBehind)
    }

    @Test func memoryIsBoundedAndTheRestIsRead() {
        var relay = owned()
        let large = messages([1, 2, 3, 4, 5], size: MessageRelay.memoryLimit / 3)
        relay.append(large)
        #expect(relay.takeUnsent(now: .zero).map(\.event.seq) == [1, 2])
        #expect(relay.missingAfter == nil, "there is no room")
        relay.absorb([receipt(1, 1, relay), receipt(2, 1, relay)], now: .zero, jitter: 0)
        #expect(relay.missingAfter == 2)
        relay.supply(Array(large[2...]))
        #expect(relay.takeUnsent(now: .zero).map(\.event.seq) == [3, 4])
        // One that is larger than everything is taken alone, or it would stop the relay for good.
        var huge = owned()
        huge.append(messages([1], size: 2 * MessageRelay.memoryLimit))
        #expect(huge.takeUnsent(now: .zero).count == 1)
    }

    /// The cursor of the events stands still for ever, the one of the messages moves on, and both are written.
    @Test func aFullPublicQueueNeverStallsTheMessages() {
        var events = EventRelay(published: 0, head: 0)
        events.restart(published: 0, head: 0)
        var relay = owned()
        let sent = messages([1, 2, 3])
        events.append(sent.map(\.event))
        relay.append(sent)
        for round in 0..<20 {
            let now = Duration.seconds(10 * round)
            let refused = events.takeUnsent(now: now).map {
                Receipt(epoch: events.epoch, seq: $0.seq, confirmed: false)
            }
            events.absorb(refused, now: now, jitter: 0)
            let forwarded = relay.takeUnsent(now: now).map { receipt($0.event.seq, 1, relay) }
            relay.absorb(forwarded, now: now, jitter: 0)
        }
        #expect(events.published == 0 && relay.forwarded == 3 && relay.isIdle)
    }

    private func owned(sending seqs: [Int64] = [], to partitions: PartitionSet = [1]) -> MessageRelay {
        var relay = MessageRelay()
        relay.restart(forwarded: 0, last: 0)
        if !seqs.isEmpty {
            relay.append(messages(seqs, to: partitions))
            _ = relay.takeUnsent(now: .zero)
        }
        return relay
    }

    private func messages(
        _ seqs: [Int64], to partitions: PartitionSet = [1], size: Int = 10
    ) -> [AddressedEvent] {
        seqs.map {
            AddressedEvent(
                LoggedEvent(
                    seq: $0, at: Timestamp(microseconds: 0), type: "t", sku: "", token: "o", replyTo: nil,
                    correlationID: nil, body: [UInt8](repeating: 0, count: size)), to: partitions)
        }
    }

    private func receipt(
        _ seq: Int64, _ partition: Int, _ relay: MessageRelay, confirmed: Bool = true
    ) -> MessageReceipt {
        MessageReceipt(epoch: relay.epoch, seq: seq, partition: partition, confirmed: confirmed)
    }
}
