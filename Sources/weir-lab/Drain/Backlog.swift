import WeirCore
import WeirSandbox
import WeirTopology

/// What waits to be decided: wishes for one unit each, for SKUs in turn, each of which lives in a partition.
struct Backlog {
    /// How many wishes.
    let intents: Int
    /// For which SKUs, evenly.
    let skus: [SKU]
    /// With which tokens.
    let tokens: TokenForm
    /// Which run it is for: another one has other tokens, and goes on with the SKUs behind the last one's.
    let run: Int
    private let partitions: [Int]
    private let stride: Int

    init(intents: Int, skus: [SKU], tokens: TokenForm, run: Int, _ partitioning: Partitioning) {
        (self.intents, self.skus, self.tokens, self.run) = (intents, skus, tokens, run)
        partitions = skus.map { partitioning.partition(of: $0) }
        stride = Self.stride(through: skus.count)
    }

    /// The queues, and how many messages wait in each.
    var queues: [(name: String, count: Int)] {
        var counts: [Int: Int] = [:]
        for number in 0..<intents { counts[partitions[place(of: number)], default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }.map { (BrokerTopology.intentsQueue($0.key), $0.value) }
    }

    /// Which of the SKUs a wish is for: neighbours in the queue are no neighbours in the table.
    private func place(of number: Int) -> Int { (run * intents + number) % skus.count * stride % skus.count }

    /// About the golden section of a count, and without a divisor in common with it: in steps of it every place is met
    /// once.
    static func stride(through count: Int) -> Int {
        func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
        return (max(1, count * 618 / 1_000)...).first { divisor($0, count) == 1 } ?? 1
    }

    /// Publishes all of it, and returns when the broker has confirmed it.
    func publish(to room: Room) throws {
        try CommandFlood.run(to: room.amqpURL, count: intents) { $0.send(intents, wish) }
    }

    private func wish(_ number: Int) -> (command: Command, partition: Int) {
        let place = place(of: number)
        let submit = Submit(
            token: tokens.token(number, run: run), sku: skus[place], quantity: Quantity(unchecked: 1),
            buyer: Buyer(unchecked: "buyer-\(number % 5_000)"))
        return (.submit(submit), partitions[place])
    }
}

extension Partitioning {
    /// Names of SKUs of which the first partitions have the same number each, in turn.
    func names(_ count: Int, over partitions: Int) -> [SKU] {
        let each = (count + partitions - 1) / partitions
        var found = [[SKU]](repeating: [], count: partitions)
        var missing = partitions
        for number in 0... {
            let sku = SKU(unchecked: "sku-\(number)")
            let home = partition(of: sku)
            guard home < partitions, found[home].count < each else { continue }
            found[home].append(sku)
            if found[home].count == each { missing -= 1 }
            if missing == 0 { break }
        }
        return (0..<each).flatMap { number in found.map { $0[number] } }
    }
}
