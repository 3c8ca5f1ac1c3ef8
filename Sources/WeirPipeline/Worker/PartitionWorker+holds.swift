import WeirCore

extension PartitionWorker {
    /// After holds expired the next deadline is read again; not in the same turn, where a lost session would make
    /// the worker decide again what it has committed but not yet acknowledged.
    mutating func refreshDeadline(_ store: some PartitionStore) throws(TurnFailure) {
        guard holds.isStale else { return }
        do throws(StoreError) {
            holds.next = try store.nextDeadline()
            if holds.isOrderStale { holds.nextOrder = try store.nextOrderDeadline() }
        } catch {
            throw .store(error)
        }
        holds.isStale = false
        holds.isOrderStale = false
    }

    /// Up to which deadline holds may expire now: only once the queue was seen empty after it, or it has waited
    /// long enough, so that a confirm that was already waiting wins.
    mutating func dueUntil<Ports: PartitionPorts>(
        _ ports: Ports, _ source: Ports.Source
    ) throws(TurnFailure) -> Timestamp? {
        let now = ports.now()
        guard let next = holds.soonest, holds.estimate(at: now) >= next else { return nil }
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
}
