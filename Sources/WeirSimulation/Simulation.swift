import WeirCore
import WeirPipeline

/// The whole pipeline over ports in memory, driven by one seed: clients that retry and contradict themselves,
/// workers that crash at every step, a broker and a database that lose answers, two owners of one partition.
///
/// The same seed replays the same history exactly.
public final class Simulation {
    /// What one run did and found.
    public struct Report: Sendable {
        /// The seed that replays it.
        public let seed: UInt64
        /// How many messages the clients published.
        public let published: Int
        /// How many batches were committed.
        public let commits: Int
        /// How many disturbances happened.
        public let faults: Int
        /// How often a part of an order asked, because it had heard nothing for long.
        public let lateParts: Int
        /// How often the order was confirmed when it asked, and the decision had not come.
        public let lateDecisions: Int
        /// How many events the logs hold.
        public let events: Int
        /// What broke a promise, one sentence each.
        public let violations: [String]
    }

    let partitioning: Partitioning
    let database: SimulatedDatabase
    let broker = SimulatedBroker()
    let sabotage: Sabotage?
    var random: SplitMix64
    var time: Duration = .zero
    /// The chance in a hundred that a single call is disturbed.
    var trouble = 0.0
    var commits = 0
    var violations: [String] = []
    var subscriber = SimulatedSubscriber()
    var clients: SimulatedClients
    var shoppers: SimulatedShoppers
    /// The messages between partitions that reached a queue.
    var arrived: Set<ArrivedMessage> = []
    /// The newest version of each order that each partition has followed.
    var followed: [Int: [Token: Int64]] = [:]
    /// How often a process or its session was lost that had a message with this body in hand.
    var lossesWith: [[UInt8]: Int] = [:]
    /// Until then nobody can connect.
    var databaseAwayUntil: Duration = .zero
    var brokerAwayUntil: Duration = .zero
    /// Until then no worker of a partition can connect; the others go on.
    var ownerAwayUntil: [Int: Duration] = [:]
    /// Whose workers are lost next, with a decision that nobody else has heard of.
    private var orphaned: Int?
    /// How often a part of an order asked, and how often the order was confirmed by then.
    var lateParts = 0
    var lateDecisions = 0

    private let seed: UInt64
    private var processes: [SimulatedProcess] = []
    private var faults = 0

    /// A history that `seed` determines; `sabotage` takes one safeguard away.
    public init(seed: UInt64, sabotage: Sabotage? = nil) {
        self.seed = seed
        self.sabotage = sabotage
        random = SplitMix64(seed: seed)
        let partitioning = Partitioning(count: 3).unsafelyUnwrapped
        self.partitioning = partitioning
        database = SimulatedDatabase(partitioning: partitioning)
        database.sabotage = sabotage
        broker.sabotage = sabotage
        clients = SimulatedClients(partitioning)
        shoppers = SimulatedShoppers(partitioning, skus: SimulatedClients.skus)
        broker.now = { [unowned self] in time }
        database.beforeCommit = { [unowned self] in checkExpiries($0, $1) }
        broker.onAcknowledge = { [unowned self] message in
            let isSettled =
                shoppers.isSettled(message.delivery, database)
                ?? clients.isSettled(message.delivery, database)
            if !isSettled {
                violations.append(
                    "promise 7: message \(message.number) \(message.delivery.type ?? "") \(String(decoding: message.delivery.body, as: UTF8.self)) \(message.delivery.correlationID ?? "") was acknowledged without a trace"
                )
            }
        }
        database.afterCommit = { [unowned self] batch, partition in
            for change in batch.decision.stocks where !change.after.isBalanced {
                violations.append("promise 1: \(change.after.sku) is out of balance after a commit")
            }
            checkFollowing(batch)
            checkParts(batch, partition)
            checkForwarding(batch, partition)
            considerOrphaning(batch, partition)
        }
    }

    /// Runs the history and checks the promises.
    public func run(steps: Int = 400) -> Report {
        trouble = Double.random(in: 0...8, using: &random)
        for partition in 0..<partitioning.count {
            processes.append(SimulatedProcess(self, partition: partition))
            processes.append(SimulatedProcess(self, partition: partition))
        }
        clients.defineSKUs(broker, at: database.now, &random)
        for _ in 0..<steps where violations.isEmpty { happen() }
        databaseAwayUntil = .zero
        brokerAwayUntil = .zero
        ownerAwayUntil = [:]
        settle()
        violations += checkPromises()
        // An owner and its ports hold each other.
        for process in processes { process.end() }
        return Report(
            seed: seed, published: clients.published + shoppers.published, commits: commits, faults: faults,
            lateParts: lateParts, lateDecisions: lateDecisions,
            events: database.logs.values.reduce(0) { $0 + $1.count }, violations: violations)
    }

    // MARK: What happens

    private func happen() {
        if let partition = orphaned { loseOwners(of: partition) }
        // A partition without an owner makes itself felt by the patience that others lose.
        let isWaiting = ownerAwayUntil.values.contains { $0 > time }
        pass(.milliseconds(Int.random(in: 0...(isWaiting ? 6_000 : 300), using: &random)))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25: clients.act(broker, database, &random)
        case 25..<35: shoppers.act(broker, database, &random)
        case 35..<80: processes.randomElement(using: &random)?.step()
        case 80..<92: moveEvents()
        default: if random.chance(trouble * 10) { disturb() }
        }
    }

    private func disturb() {
        guard let process = processes.randomElement(using: &random) else { return }
        faults += 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1:
            process.die()
            replace(process)
        case 2:
            database.restart()
            databaseAwayUntil = time + .milliseconds(Int.random(in: 0...9_000, using: &random))
        case 3:
            broker.restart()
            brokerAwayUntil = time + .milliseconds(Int.random(in: 0...9_000, using: &random))
        case 8: broker.loseMessages(of: process.partition)
        case 9: orphaned = process.partition
        case 4:
            process.sink.cut(random: &random) { subscriber.receive($0, partition: process.partition) }
            process.messages.cut(random: &random) { deliver($0, from: process.partition, to: $1) }
        case 5:
            // The owner loses its lock and does not know; its session can still commit.
            if let session = process.store?.session { database.freeLocks(of: session) }
        case 6:
            process.isFrozen.toggle()
            if process.isFrozen, let session = process.store?.session {
                database.freeLocks(of: session)
            }
            if process.isFrozen { process.loseConnections() }
        default:
            process.releaseInOrder()
        }
    }

    /// The worst moment for a coordinator to go: it has confirmed an order, and the lines are elsewhere.
    private func considerOrphaning(_ batch: BatchWrite, _ partition: Int) {
        let isDecision = batch.decision.orders.rows.contains {
            $0.after.order.state == .confirmed && !$0.after.awaited.isEmpty
        }
        guard isDecision, random.chance(trouble * 8) else { return }
        faults += 1
        orphaned = partition
    }

    /// A partition has no worker for longer than the parts of its orders wait until they ask.
    private func loseOwners(of partition: Int) {
        orphaned = nil
        for process in processes where process.partition == partition {
            process.die()
            replace(process)
        }
        ownerAwayUntil[partition] = time + .seconds(Int.random(in: 60...240, using: &random))
    }

    private func replace(_ process: SimulatedProcess) {
        process.sink.cut(random: &random) { subscriber.receive($0, partition: process.partition) }
        process.messages.cut(random: &random) { deliver($0, from: process.partition, to: $1) }
        process.end()
        processes.removeAll { $0 === process }
        processes.append(SimulatedProcess(self, partition: process.partition))
    }

    func pass(_ duration: Duration) {
        time += duration
        database.now = Timestamp(
            microseconds: database.now.microseconds + Int64(duration / .microseconds(1)))
    }

    func moveEvents() {
        for process in processes {
            let count = Int.random(in: 0...8, using: &random)
            process.sink.move(count, random: &random, troubled: trouble > 0) {
                subscriber.receive($0, partition: process.partition)
            }
            process.messages.move(count, random: &random, troubled: trouble > 0) {
                deliver($0, from: process.partition, to: $1)
            }
        }
    }

    /// A message arrives in the queue that only partitions can write.
    private func deliver(_ event: LoggedEvent, from sender: Int, to partition: Int) {
        arrived.insert(ArrivedMessage(sender: sender, seq: event.seq, to: partition))
        broker.publish(
            Delivery(tag: 0, type: event.type, messageID: "\(event.seq)", body: event.body), to: partition,
            isInternal: true)
    }

    /// The trouble ends; everything that was accepted has to come to its end.
    private func settle() {
        trouble = 0
        for process in processes {
            process.isFrozen = false
            if process.isDead { replace(process) }
        }
        clients.retryEverything(broker)
        shoppers.retryEverything(broker, database)
        for _ in 0..<20_000 where violations.isEmpty {
            for process in processes {
                process.step()
                if process.isDead { replace(process) }
            }
            moveEvents()
            pass(.milliseconds(50))
            if isSettled { return }
        }
        if violations.isEmpty { violations.append("promise 2: the work did not come to an end") }
    }

    private var isSettled: Bool {
        (0..<partitioning.count).allSatisfy { partition in
            let row = database.heads[partition] ?? (0, 0)
            let last = database.addresses[partition]?.last?.seq ?? 0
            return broker.isEmpty(partition) && row.head == row.published
                && database.forwarded[partition] ?? 0 >= last && database.orderDeadlines(partition).isEmpty
        } && !database.intents.values.contains { $0.state == .reserved }
    }
}
