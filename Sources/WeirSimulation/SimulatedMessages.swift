import WeirPipeline

/// The connection over which a simulated worker sends messages to other partitions: in order, until it breaks.
final class SimulatedMessages: MessageSink {
    private var wire: [(message: AddressedEvent, to: Int, epoch: Int)] = []
    private var receipts: [MessageReceipt] = []
    var sabotage: Sabotage?

    func send(_ messages: [AddressedEvent], epoch: Int) {
        for message in messages {
            for partition in message.to {
                wire.append((message, partition, epoch))
                guard sabotage == .messagesNotForwarded else { continue }
                receipts.append(
                    MessageReceipt(
                        epoch: epoch, seq: message.event.seq, partition: partition, confirmed: true))
            }
        }
    }

    func takeReceipts() -> [MessageReceipt] {
        defer { receipts = [] }
        return receipts
    }

    /// Moves up to `count` messages on; `deliver` gets those that arrive.
    ///
    /// A message that is refused is overtaken by those behind it, and sent again with them.
    func move(
        _ count: Int, random: inout SplitMix64, troubled: Bool, deliver: (LoggedEvent, Int) -> Void
    ) {
        var settled: [MessageReceipt] = []
        for _ in 0..<min(count, wire.count) {
            let (message, partition, epoch) = wire.removeFirst()
            let isRefused = troubled && random.chance(4)
            let isUnheard = troubled && random.chance(4)
            if !isRefused { deliver(message.event, partition) }
            settled.append(
                MessageReceipt(
                    epoch: epoch, seq: message.event.seq, partition: partition,
                    confirmed: !isRefused && !isUnheard))
        }
        settled.shuffle(using: &random)
        receipts += settled
    }

    /// The connection breaks: a beginning of what is under way arrives, nobody hears of it.
    func cut(random: inout SplitMix64, deliver: (LoggedEvent, Int) -> Void) {
        let arriving = Int.random(in: 0...wire.count, using: &random)
        for (position, sent) in wire.enumerated() {
            if position < arriving { deliver(sent.message.event, sent.to) }
            receipts.append(
                MessageReceipt(
                    epoch: sent.epoch, seq: sent.message.event.seq, partition: sent.to, confirmed: false))
        }
        wire = []
    }
}
