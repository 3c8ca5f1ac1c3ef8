import AMQPClient
import PostgresClient
import Synchronization
import WeirCore
@testable import WeirLive
import WeirPipeline

/// Where a fault strikes.
enum FaultStep: String, Sendable, CaseIterable {
    /// The process dies before COMMIT was sent.
    case deathBeforeCommit
    /// The process dies when COMMIT has taken effect and nothing was acknowledged.
    case deathBeforeAck
    /// The session is lost before COMMIT reached the server; the process lives and does not know.
    case requestLost
    /// The session is lost when COMMIT has taken effect; the process lives and does not know.
    case answerLost
    /// The consumer is lost when COMMIT has taken effect and nothing was acknowledged; the process lives.
    case consumerLost
}

/// Which faults strike a worker, and what its thread does at exact steps.
final class FaultPlan: Sendable {
    private struct State {
        var pending: [FaultStep] = []
        var struck = 0
        var everyBatches = 3
        var batches = 0
    }

    private let state = Mutex(State())
    /// Runs on the owner's thread before a commit that decides something.
    let beforeCommit = Mutex<(@Sendable (FaultyStore) -> Void)?>(nil)
    /// Runs on the owner's thread before it opens a session.
    let beforeOpen = Mutex<(@Sendable () -> Void)?>(nil)

    /// How many more deaths strike when only the publisher's cursor is to be written.
    let deathsBeforeCursor = Mutex(0)

    /// Tokens of intents that kill the process that is about to decide them.
    let deadly = Mutex<Set<String>>([])

    /// Each step strikes one batch out of a few.
    init(_ steps: [FaultStep] = []) { state.withLock { $0.pending = steps } }

    /// How many faults have struck.
    var struck: Int { state.withLock { $0.struck } }

    func takeStep() -> FaultStep? {
        state.withLock { state in
            state.batches += 1
            guard state.batches % state.everyBatches == 0, !state.pending.isEmpty else { return nil }
            state.struck += 1
            return state.pending.removeFirst()
        }
    }
}

/// Counts what happens on several threads.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .sequentiallyConsistent) }
    func next() -> Int { value.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue }
    func set(_ count: Int) { value.store(count, ordering: .sequentiallyConsistent) }
}

/// The real ports, with faults between the calls.
final class FaultyPorts: PartitionPorts {
    let sink: LiveEventSink
    let messages: LiveMessageSink
    /// Whether the process has died: its owner is dropped without a further step.
    private(set) var isDead = false
    private(set) var reports: [String] = []
    private weak var store: FaultyStore?
    private weak var source: FaultySource?

    private let settings: WorkerSettings
    private let partition: Int
    private let room: LiveRoom
    private let plan: FaultPlan
    private let stop: StopSignal
    private let begin = ContinuousClock.now

    init(
        _ room: LiveRoom, _ settings: WorkerSettings, partition: Int, publisher: Publisher, plan: FaultPlan,
        stop: StopSignal
    ) {
        (self.room, self.settings, self.partition, self.plan, self.stop) = (
            room, settings, partition, plan, stop
        )
        sink = LiveEventSink(publisher, partition: partition)
        messages = LiveMessageSink(publisher, partition: partition)
    }

    func openStore() throws(StoreError) -> FaultyStore {
        plan.beforeOpen.withLock { $0 }?()
        let real = try LivePartitionStore(settings.session, partition: partition, of: room.partitioning)
        let opened = FaultyStore(real, plan) { [unowned self] in
            die()
        } cut: { [unowned self] in
            source?.real.abandon()
        }
        store = opened
        return opened
    }

    func openSource() throws(SourceError) -> FaultySource {
        var amqp = AMQPSettings(url: settings.amqpURL, connectionName: "test partition \(partition)")
        amqp.heartbeatSeconds = settings.heartbeatSeconds
        let opened = FaultySource(try LiveDeliverySource(amqp, partition: partition))
        source = opened
        return opened
    }

    /// Everything ends at once and without a goodbye, as with SIGKILL.
    func die() {
        isDead = true
        store?.real.abandon()
        source?.real.abandon()
    }

    func now() -> Duration { ContinuousClock.now - begin }
    func jitter() -> Double { Double.random(in: 0..<1) }
    func rest(_ duration: Duration) { stop.wait(duration) }
    func report(_ report: PartitionReport) {
        switch report {
        case .released(let why), .trouble(let why), .stopped(let why): reports.append(why)
        default: break
        }
    }
}

/// The real session, in which COMMIT may go wrong.
final class FaultyStore: PartitionStore {
    let real: LivePartitionStore
    private let plan: FaultPlan
    private let die: () -> Void
    private let cut: () -> Void

    init(
        _ real: LivePartitionStore, _ plan: FaultPlan, die: @escaping () -> Void, cut: @escaping () -> Void
    ) {
        (self.real, self.plan, self.die, self.cut) = (real, plan, die, cut)
    }

    func commit(_ batch: BatchWrite) throws(StoreError) {
        guard !batch.events.isEmpty else {
            let isStruck = plan.deathsBeforeCursor.withLock { deaths in
                deaths -= 1
                return deaths >= 0
            }
            guard isStruck else { return try real.commit(batch) }
            die()
            throw StoreError(.away, "died before the cursor was written")
        }
        let deadly = plan.deadly.withLock { $0 }
        if batch.decision.decided.contains(where: { deadly.contains($0.token.text) }) {
            die()
            throw StoreError(.away, "a message killed the process")
        }
        plan.beforeCommit.withLock { $0 }?(self)
        switch plan.takeStep() {
        case nil: try real.commit(batch)
        case .deathBeforeCommit:
            die()
            throw StoreError(.away, "died before COMMIT")
        case .deathBeforeAck:
            try real.commit(batch)
            die()
            throw StoreError(.commitUncertain, "died behind COMMIT")
        case .requestLost:
            real.abandon()
            throw StoreError(.commitUncertain, "COMMIT was lost")
        case .answerLost:
            try real.commit(batch)
            real.abandon()
            throw StoreError(.commitUncertain, "the answer to COMMIT was lost")
        case .consumerLost:
            try real.commit(batch)
            cut()
        }
    }

    func position() throws(StoreError) -> Position { try real.position() }
    func read(_ request: SnapshotRequest) throws(StoreError) -> Snapshot { try real.read(request) }
    func unservedLines() throws(StoreError) -> [SKU] { try real.unservedLines() }
    func nextDeadline() throws(StoreError) -> Timestamp? { try real.nextDeadline() }
    func noteSuspect(_ body: [UInt8]) throws(StoreError) -> Int { try real.noteSuspect(body) }
    func readLog(after seq: Int64, limit: Int) throws(StoreError) -> [LoggedEvent] {
        try real.readLog(after: seq, limit: limit)
    }
    func forwarding() throws(StoreError) -> Forwarding { try real.forwarding() }
    func readMessages(after seq: Int64, limit: Int) throws(StoreError) -> [AddressedEvent] {
        try real.readMessages(after: seq, limit: limit)
    }
    func nextOrderDeadline() throws(StoreError) -> Timestamp? { try real.nextOrderDeadline() }
    func dueOrders(until: Timestamp, limit: Int) throws(StoreError) -> [Token] {
        try real.dueOrders(until: until, limit: limit)
    }
    func ping() throws(StoreError) { try real.ping() }
    func close() { real.close() }
}

/// The real consumer.
final class FaultySource: DeliverySource {
    let real: LiveDeliverySource

    init(_ real: LiveDeliverySource) { self.real = real }

    func fill(limit: Int, wait: Duration) throws(SourceError) -> [WeirPipeline.Delivery] {
        try real.fill(limit: limit, wait: wait)
    }
    func isDrained() throws(SourceError) -> Bool { try real.isDrained() }
    func acknowledge(through tag: UInt64) throws(SourceError) { try real.acknowledge(through: tag) }
    func pump() throws(SourceError) { try real.pump() }
    func close() { real.close() }
}
