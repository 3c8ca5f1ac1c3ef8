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
    /// Deliveries that are neither decided nor acknowledged.
    var held: [Delivery] = []
    var holds = HoldClock()
    var suspicion = Suspicion()
    private var lastContact: Duration = .zero

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
        if held.isEmpty {
            let wait = patience(at: ports.now())
            held = try fromSource { () throws(SourceError) in
                try source.fill(limit: Self.batchLimit, wait: wait)
            }
        } else {
            try fromSource { () throws(SourceError) in try source.pump() }
        }
        let dueUntil = try dueUntil(ports, source)
        if held.isEmpty, dueUntil == nil {
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
        guard relay.published > publishedInStore else { return }
        let write = BatchWrite(
            headBefore: head, decision: Decision(head: head), at: holds.estimate(at: ports.now()),
            published: relay.published)
        try store.commit(write)
        publishedInStore = write.published
        lastContact = ports.now()
    }

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
            if relay.published > publishedInStore {
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
    }

    private func patience(at now: Duration) -> Duration {
        if relay.missingAfter != nil { return .zero }
        if relay.isBehind { return .milliseconds(20) }
        let untilDue = holds.untilNext(at: now) ?? Self.idleInterval
        let untilIdle = lastContact + Self.idleInterval - now
        return max(.milliseconds(20), min(untilDue, untilIdle))
    }

    // MARK: Deciding

    private mutating func work<Ports: PartitionPorts>(
        _ ports: Ports, _ store: Ports.Store, _ source: Ports.Source, dueUntil: Timestamp?
    ) throws(TurnFailure) {
        let batch = Array(held.prefix(suspicion.sizeOfNextBatch(held)))
        let isLast = batch.count == held.count
        try decideHalving(batch, ports, store, source, dueUntil: isLast ? dueUntil : nil)
    }

    /// Decides a batch; when the data is at fault, halves it until the culprit is alone.
    private mutating func decideHalving<Ports: PartitionPorts>(
        _ batch: [Delivery], _ ports: Ports, _ store: Ports.Store, _ source: Ports.Source,
        dueUntil: Timestamp?
    ) throws(TurnFailure) {
        do throws(StoreError) {
            try decideRetrying(batch, ports, store, dueUntil: dueUntil, culprit: nil)
        } catch {
            guard error.kind == .data, !batch.isEmpty else { throw .store(error) }
            if batch.count > 1 {
                let middle = batch.count / 2
                try decideHalving(Array(batch[..<middle]), ports, store, source, dueUntil: nil)
                try decideHalving(Array(batch[middle...]), ports, store, source, dueUntil: dueUntil)
                return
            }
            let culprit = batch[0].deadLetter(
                reason: "data_error", detail: "PostgreSQL refused what this message asks to write: \(error)")
            do throws(StoreError) {
                try decideRetrying([], ports, store, dueUntil: nil, culprit: culprit)
            } catch {
                throw .store(error)
            }
        }
        guard let last = batch.last else { return }
        held.removeFirst(batch.count)
        try fromSource { () throws(SourceError) in try source.acknowledge(through: last.tag) }
    }

    private mutating func decideRetrying<Ports: PartitionPorts>(
        _ batch: [Delivery], _ ports: Ports, _ store: Ports.Store, dueUntil: Timestamp?, culprit: DeadLetter?
    ) throws(StoreError) {
        var attempts = 0
        while true {
            do throws(StoreError) {
                return try decide(batch, ports, store, dueUntil: dueUntil, culprit: culprit)
            } catch {
                attempts += 1
                guard error.kind == .retry, attempts < 20 else { throw error }
                ports.report(.trouble("the batch is decided again: \(error)"))
            }
        }
    }

    private mutating func decide<Ports: PartitionPorts>(
        _ batch: [Delivery], _ ports: Ports, _ store: Ports.Store, dueUntil: Timestamp?, culprit: DeadLetter?
    ) throws(StoreError) {
        var deadLetters = culprit.map { [$0] } ?? []
        var commands: [Command] = []
        var senders: [Delivery] = []
        commands.reserveCapacity(batch.count)
        senders.reserveCapacity(batch.count)
        let cleared = try suspicion.note(batch, store)
        for delivery in batch {
            if let culprit = cleared.culprit, culprit.tag == delivery.tag {
                deadLetters.append(culprit.deadLetter(reason: "worker_died", detail: Suspicion.explanation))
                continue
            }
            switch delivery.read(for: partition, of: partitioning) {
            case .command(let command):
                commands.append(command)
                senders.append(delivery)
            case .undecidable(let letter): deadLetters.append(letter)
            }
        }

        let snapshot = try store.read(SnapshotRequest(for: commands, dueUntil: dueUntil))
        guard snapshot.head == head else {
            throw StoreError(
                .notOwner,
                "the head of partition \(partition) is \(snapshot.head), not \(head): it has another owner")
        }
        holds.observe(snapshot.now, at: ports.now())
        let decision = WeirCore.decide(commands, in: snapshot)
        var write = BatchWrite(
            headBefore: head, decision: decision, at: snapshot.now, published: relay.published)
        write.events = decision.events.map { $0.logged(partition: partition, senders: senders) }
        write.deadLetters = deadLetters
        // A culprit that the data made one may be noted as a suspect, too.
        write.clearedSuspects = cleared.bodies + (culprit.map { [$0.delivery.body] } ?? [])
        try store.commit(write)

        head = decision.head
        publishedInStore = write.published
        relay.append(write.events)
        suspicion.forget(write.clearedSuspects)
        lastContact = ports.now()
        for letter in deadLetters { ports.report(.deadLetter(reason: letter.reason, detail: letter.detail)) }
        ports.report(
            .committed(
                commands: commands.count, expired: snapshot.due.count, deadLetters: deadLetters.count,
                events: write.events.count))
        for intent in decision.decided { holds.consider(intent.holdUntil) }
        if dueUntil != nil { holds.isStale = true }
    }

    // MARK: Holds

    /// After holds expired the next deadline is read again; not in the same turn, where a lost session would make
    /// the worker decide again what it has committed but not yet acknowledged.
    private mutating func refreshDeadline(_ store: some PartitionStore) throws(TurnFailure) {
        guard holds.isStale else { return }
        do throws(StoreError) { holds.next = try store.nextDeadline() } catch { throw .store(error) }
        holds.isStale = false
    }

    /// Up to which deadline holds may expire now: only once the queue was seen empty after it, or it has waited
    /// long enough, so that a confirm that was already waiting wins.
    private mutating func dueUntil<Ports: PartitionPorts>(
        _ ports: Ports, _ source: Ports.Source
    ) throws(TurnFailure) -> Timestamp? {
        let now = ports.now()
        guard let next = holds.next, holds.estimate(at: now) >= next else { return nil }
        if holds.mayExpire(next, at: now, grace: Self.dueGrace) {
            return holds.horizon(at: now, grace: Self.dueGrace)
        }
        holds.wait(at: now)
        guard held.count < Self.batchLimit, holds.mayAskAgain(at: now) else { return nil }
        let isDrained = try fromSource { () throws(SourceError) in try source.isDrained() }
        guard isDrained else { return nil }
        // What was delivered before the broker said so has arrived by now, and comes first.
        var arrived: [Delivery]
        repeat {
            arrived = try fromSource { [room = Self.batchLimit - held.count] () throws(SourceError) in
                try source.fill(limit: room, wait: .zero)
            }
            held += arrived
        } while !arrived.isEmpty && held.count < Self.batchLimit
        guard held.count < Self.batchLimit else { return nil }
        holds.sawEmptyQueue(at: now)
        return holds.horizon(at: now, grace: Self.dueGrace)
    }

    private func fromSource<Value>(_ call: () throws(SourceError) -> Value) throws(TurnFailure) -> Value {
        do throws(SourceError) { return try call() } catch { throw .source(error) }
    }
}

/// Why a turn ended early.
enum TurnFailure: Error {
    case store(StoreError)
    case source(SourceError)
}

extension SnapshotRequest {
    init(for commands: [Command], dueUntil: Timestamp?) {
        self.init()
        var (seenSKUs, seenTokens, seenIDs) = (Set<SKU>(), Set<Token>(), Set<CommandID>())
        for command in commands {
            if seenSKUs.insert(command.sku).inserted { skus.append(command.sku) }
            if let token = command.token, seenTokens.insert(token).inserted { tokens.append(token) }
            if let id = command.id, seenIDs.insert(id).inserted { commandIDs.append(id) }
        }
        self.dueUntil = dueUntil
        dueLimit = dueUntil == nil ? 0 : PartitionWorker.dueLimit
    }
}

extension Event {
    /// The event as it is stored and published; the answer goes to the sender of the command that caused it.
    fileprivate func logged(partition: Int, senders: [Delivery]) -> LoggedEvent {
        let sender = cause.map { senders[$0] }
        return LoggedEvent(
            seq: seq, at: at, type: happening.type, sku: happening.sku.text, token: happening.token?.text,
            replyTo: sender?.replyTo, correlationID: sender?.correlationID,
            body: happening.body(partition: partition))
    }
}
