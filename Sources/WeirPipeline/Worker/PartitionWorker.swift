import WeirCore
import WeirWire

/// Drains one partition: fill, read, decide, commit, acknowledge, publish.
///
/// Serial by construction: one thread calls it, with one session and one consumer. It keeps nothing that a crash
/// could not lose; what it must not lose is in the log and in the queue.
public struct PartitionWorker: Sendable {
    /// The most deliveries of a batch.
    public static let batchLimit = 1_000
    /// The most holds that expire in a batch.
    public static let dueLimit = 500
    /// How long a due hold waits for a queue that is never empty.
    static let dueGrace: Duration = .seconds(30)
    /// How long a session may be silent, and how long an idle partition keeps its cursor to itself.
    static let idleInterval: Duration = .seconds(1)

    let partition: Int
    let partitioning: Partitioning
    /// The last event that this owner knows of: the proof that nobody else writes.
    var head: Int64 = 0
    var relay: EventRelay
    /// The cursor as the database has it.
    var publishedInStore: Int64 = 0
    /// Messages to other partitions, and their cursor as the database has it.
    var messages = MessageRelay()
    var forwardedInStore: Int64 = 0
    /// Deliveries that are neither decided nor acknowledged.
    var held: [Delivery] = []
    var holds = HoldClock()
    var lines = LineMemory()
    var suspicion = Suspicion()
    var lastContact: Duration = .zero

    /// A worker of a partition, before it owns it.
    public init(partition: Int, of partitioning: Partitioning) {
        self.partition = partition
        self.partitioning = partitioning
        relay = EventRelay(published: 0, head: 0)
    }

    // MARK: Owning

    /// Starts anew from what the database says; whatever was believed before is forgotten.
    mutating func adopt(_ store: some PartitionStore, now: Duration) throws(StoreError) {
        let position = try store.position()
        head = position.head
        publishedInStore = position.published
        relay.restart(published: position.published, head: position.head)
        holds = HoldClock()
        holds.observe(position.now, at: now)
        holds.next = try store.nextDeadline()
        lines = LineMemory(unserved: try store.unservedLines())
        try adoptOrders(store)
        lastContact = now
    }

    /// The consumer is gone: what it delivered comes back to whoever consumes next.
    mutating func dropDeliveries() {
        held = []
        holds.forgetQueue()
    }

    // MARK: One turn

    /// One turn of the loop; waits at most about `idleInterval` for something to do.
    mutating func turn<Ports: PartitionPorts>(
        _ ports: Ports, _ store: Ports.Store, _ source: Ports.Source
    ) throws(TurnFailure) {
        try publish(ports, store)
        try refreshDeadline(store)
        let room = Self.batchLimit - held.count
        if room > 0 {
            let wait = held.isEmpty ? patience(at: ports.now()) : .zero
            held += try fromSource { () throws(SourceError) in try source.fill(limit: room, wait: wait) }
        } else {
            try fromSource { () throws(SourceError) in try source.pump() }
        }
        let dueUntil = try dueUntil(ports, source)
        if held.isEmpty, dueUntil == nil, lines.unserved.isEmpty {
            try idle(ports, store)
        } else {
            try work(ports, store, source, dueUntil: dueUntil)
        }
        try publish(ports, store)
    }

    /// Writes the cursor once nothing else would; called before the partition is given back.
    mutating func writeCursor<Ports: PartitionPorts>(
        _ ports: Ports, _ store: Ports.Store
    ) throws(StoreError) {
        relay.absorb(ports.sink.takeReceipts(), now: ports.now(), jitter: ports.jitter())
        if !messages.isIdle {
            messages.absorb(ports.messages.takeReceipts(), now: ports.now(), jitter: ports.jitter())
        }
        guard relay.published > publishedInStore || forwardedToWrite != nil else { return }
        var write = BatchWrite(
            headBefore: head, decision: Decision(head: head), at: holds.estimate(at: ports.now()),
            published: relay.published)
        write.forwarded = forwardedToWrite
        try store.commit(write)
        publishedInStore = write.published
        committedOrders(write)
        lastContact = ports.now()
    }

    /// Whether everything that was told or sent has arrived.
    var isSettled: Bool { relay.isCaughtUp && messages.isIdle }

    /// Publishes what is unpublished, without taking new work.
    mutating func settle<Ports: PartitionPorts>(_ ports: Ports, _ store: Ports.Store) throws(StoreError) {
        do throws(TurnFailure) {
            try publish(ports, store)
        } catch {
            if case .store(let failure) = error { throw failure }
        }
    }

    private mutating func idle<Ports: PartitionPorts>(
        _ ports: Ports, _ store: Ports.Store
    ) throws(TurnFailure) {
        guard ports.now() - lastContact >= Self.idleInterval else { return }
        do throws(StoreError) {
            if relay.published > publishedInStore || forwardedToWrite != nil {
                try writeCursor(ports, store)
            } else {
                try store.ping()
            }
        } catch {
            // The cursor can wait: a deadlock that it lost is no reason to stop the partition.
            guard error.kind == .retry else { throw .store(error) }
            ports.report(.trouble("the cursor is written again: \(error)"))
        }
        lastContact = ports.now()
    }

    /// Sends what is unsent, and reads from the log what memory does not hold.
    private mutating func publish<Ports: PartitionPorts>(
        _ ports: Ports, _ store: Ports.Store
    ) throws(TurnFailure) {
        let now = ports.now()
        relay.absorb(ports.sink.takeReceipts(), now: now, jitter: ports.jitter())
        if let missingAfter = relay.missingAfter {
            do throws(StoreError) {
                relay.supply(try store.readLog(after: missingAfter, limit: Self.batchLimit))
            } catch {
                throw .store(error)
            }
        }
        let unsent = relay.takeUnsent(now: now)
        if !unsent.isEmpty { ports.sink.send(unsent, epoch: relay.epoch) }
        try forward(ports, store)
    }

    private func patience(at now: Duration) -> Duration {
        if relay.missingAfter != nil || messages.missingAfter != nil || !lines.unserved.isEmpty {
            return .zero
        }
        if relay.isBehind || messages.isBehind { return .milliseconds(20) }
        let untilDue = holds.untilNext(at: now) ?? Self.idleInterval
        let untilIdle = lastContact + Self.idleInterval - now
        return max(.milliseconds(20), min(untilDue, untilIdle))
    }

    func fromSource<Value>(_ call: () throws(SourceError) -> Value) throws(TurnFailure) -> Value {
        do throws(SourceError) { return try call() } catch { throw .source(error) }
    }
}

/// Why a turn ended early.
enum TurnFailure: Error {
    case store(StoreError)
    case source(SourceError)
}
