import WeirCore
import WeirWire

extension PartitionWorker {
    /// Decides the next batch of what is in hand, and the holds that may expire behind the last one.
    mutating func work<Ports: PartitionPorts>(
        _ ports: Ports, _ store: Ports.Store, _ source: Ports.Source, dueUntil: Timestamp?
    ) throws(TurnFailure) {
        let batch = Array(held.prefix(min(suspicion.sizeOfNextBatch(held), Self.batchLimit)))
        let isLast = batch.count == held.count
        try decideHalving(batch, ports, store, source, dueUntil: isLast ? dueUntil : nil)
    }

    /// Decides a batch; when the data is at fault, halves it until the culprit is alone.
    private mutating func decideHalving<Ports: PartitionPorts>(
        _ batch: [Delivery], _ ports: Ports, _ store: Ports.Store, _ source: Ports.Source,
        dueUntil: Timestamp?
    ) throws(TurnFailure) {
        do throws(StoreError) {
            try decideRetrying(batch, ports, store, source, dueUntil: dueUntil, culprit: nil)
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
                try decideRetrying([], ports, store, source, dueUntil: nil, culprit: culprit)
            } catch {
                throw .store(error)
            }
        }
        held.removeFirst(batch.count)
        // A message is acknowledged with the last of what it carries.
        guard let last = batch.last(where: \.endsMessage) else { return }
        try fromSource { () throws(SourceError) in try source.acknowledge(through: last.tag) }
    }

    private mutating func decideRetrying<Ports: PartitionPorts>(
        _ batch: [Delivery], _ ports: Ports, _ store: Ports.Store, _ source: Ports.Source,
        dueUntil: Timestamp?,
        culprit: DeadLetter?
    ) throws(StoreError) {
        var attempts = 0
        while true {
            do throws(StoreError) {
                return try decide(batch, ports, store, source, dueUntil: dueUntil, culprit: culprit)
            } catch {
                attempts += 1
                guard error.kind == .retry, attempts < 20 else { throw error }
                ports.report(.trouble("the batch is decided again: \(error)"))
            }
        }
    }

    private mutating func decide<Ports: PartitionPorts>(
        _ batch: [Delivery], _ ports: Ports, _ store: Ports.Store, _ source: Ports.Source,
        dueUntil: Timestamp?,
        culprit: DeadLetter?
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

        let dueOrders = try dueOrders(until: dueUntil, store)
        var snapshot = try store.read(
            SnapshotRequest(
                for: commands, dueUntil: dueUntil, lines, dueOrders: dueOrders,
                isHome: { partitioning.partition(of: $0) == partition }))
        guard snapshot.head == head else {
            throw StoreError(
                .notOwner,
                "the head of partition \(partition) is \(snapshot.head), not \(head): it has another owner")
        }
        holds.observe(snapshot.now, at: ports.now())
        snapshot.orders.partition = partition
        snapshot.orders.partitioning = partitioning
        snapshot.orders.due = dueOrders
        let decision = try lines.decide(commands, &snapshot, store)
        var write = BatchWrite(
            headBefore: head, decision: decision, at: snapshot.now, published: relay.published)
        write.events = decision.events.map { $0.logged(partition: partition, senders: senders) }
        write.addressAnswers()
        write.forwarded = forwardedToWrite
        write.deadLetters = deadLetters
        // A culprit that the data made one may be noted as a suspect, too.
        write.clearedSuspects = cleared.bodies + (culprit.map { [$0.delivery.body] } ?? [])
        let began = ports.now()
        try store.commit(write) { fillAhead(source) }

        head = decision.head
        lines.committed(decision, snapshot)
        publishedInStore = write.published
        relay.append(write.events)
        committedOrders(write)
        suspicion.forget(write.clearedSuspects)
        lastContact = ports.now()
        for letter in deadLetters {
            ports.report(
                .deadLetter(reason: letter.reason, detail: letter.detail, trace: letter.delivery.trace))
        }
        ports.report(
            .committed(
                CommittedBatch(
                    decision, commands: commands.count, expired: snapshot.due.count,
                    deadLetters: deadLetters.count, commitTime: lastContact - began)))
        for intent in decision.decided { holds.consider(intent.holdUntil) }
        for transition in decision.changed { holds.consider(transition.after.holdUntil) }
        if dueUntil != nil { holds.isStale = true }
        if dueUntil != nil, holds.nextOrder != nil { holds.isOrderStale = true }
    }

    /// Takes and reads what has arrived for the next batch, while the database writes this one.
    private mutating func fillAhead(_ source: some DeliverySource) {
        let room = 2 * Self.batchLimit - held.count
        guard room > 0, var ahead = try? source.fill(limit: min(room, Self.batchLimit), wait: .zero) else {
            // A consumer that was lost says so again when it is asked next.
            return
        }
        for position in ahead.indices { ahead[position].readAhead(for: partition, of: partitioning) }
        held += ahead
    }
}

extension Event {
    /// The event as it is stored and published; the answer goes to the sender of the command that caused it.
    fileprivate func logged(partition: Int, senders: [Delivery]) -> LoggedEvent {
        let sender = cause.map { senders[$0] }
        return LoggedEvent(
            seq: seq, at: at, type: happening.type, sku: happening.sku?.text ?? "",
            token: happening.token?.text ?? happening.order?.text,
            replyTo: sender?.replyTo, correlationID: sender?.correlationID, trace: sender?.trace,
            body: happening.body(partition: partition))
    }
}
