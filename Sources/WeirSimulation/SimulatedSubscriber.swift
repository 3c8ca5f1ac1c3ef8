import WeirPipeline

/// A subscriber of the full stream that applies only `seq = last + 1`, and the senders who wait for answers.
public struct SimulatedSubscriber: Sendable {
    /// The events as it applied them, by partition.
    public private(set) var applied: [Int: [LoggedEvent]] = [:]
    /// What arrived under a number for the second time with other bytes.
    public private(set) var contradictions: [String] = []
    /// Answers that went straight to a sender.
    public private(set) var answers: [LoggedEvent] = []

    /// Takes what the broker delivers.
    mutating func receive(_ event: LoggedEvent, partition: Int) {
        if event.replyTo != nil { answers.append(event) }
        let count = Int64(applied[partition]?.count ?? 0)
        if event.seq == count + 1 {
            applied[partition, default: []].append(event)
        } else if (1...max(1, count)).contains(event.seq), applied[partition]?[Int(event.seq) - 1] != event {
            contradictions.append("event \(partition)-\(event.seq) came with two contents")
        }
    }
}

/// The publishing connection of a simulated worker: in order, until it breaks.
final class SimulatedSink: EventSink {
    private(set) var wire: [(event: LoggedEvent, epoch: Int)] = []
    private var receipts: [Receipt] = []
    var sabotage: Sabotage?

    func send(_ events: [LoggedEvent], epoch: Int) {
        for event in events {
            wire.append((event, epoch))
            if sabotage == .cursorBeforeConfirm {
                receipts.append(Receipt(epoch: epoch, seq: event.seq, confirmed: true))
            }
        }
    }

    func takeReceipts() -> [Receipt] {
        defer { receipts = [] }
        return receipts
    }

    /// Moves up to `count` events on; `deliver` gets those that arrive.
    func move(
        _ count: Int, random: inout SplitMix64, troubled: Bool, deliver: (LoggedEvent) -> Void
    ) {
        var settled: [Receipt] = []
        for _ in 0..<min(count, wire.count) {
            let (event, epoch) = wire.removeFirst()
            let isRefused = troubled && random.chance(2)
            let isUnheard = troubled && random.chance(2)
            if !isRefused { deliver(event) }
            settled.append(Receipt(epoch: epoch, seq: event.seq, confirmed: !isRefused && !isUnheard))
        }
        // Confirms come in any order.
        settled.shuffle(using: &random)
        receipts += settled
    }

    /// The connection breaks: a beginning of what is under way arrives, nobody hears of it.
    func cut(random: inout SplitMix64, deliver: (LoggedEvent) -> Void) {
        let arriving = Int.random(in: 0...wire.count, using: &random)
        for (position, sent) in wire.enumerated() {
            if position < arriving { deliver(sent.event) }
            receipts.append(Receipt(epoch: sent.epoch, seq: sent.event.seq, confirmed: false))
        }
        wire = []
    }
}
