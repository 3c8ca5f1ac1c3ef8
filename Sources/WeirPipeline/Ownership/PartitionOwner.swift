import WeirCore

/// Owns one partition for as long as it may: keeps a session with the lock and a consumer, replaces whichever is
/// lost, and gives the partition back when it cannot, in the order that leaves no gap for two.
///
/// One thread calls ``step()`` again and again. Nothing here waits longer than about a second.
public final class PartitionOwner<Ports: PartitionPorts> {
    /// How things stand after a step.
    public enum Status: Sendable, Equatable {
        /// The partition is ours, or will be as soon as a server comes back.
        case running
        /// The partition is not ours (any more); another may take it.
        case released
        /// A person has to look first.
        case stopped(String)
    }

    /// How long a consumer is kept without a session, and a lock without a consumer.
    static var patience: Duration { .seconds(5) }

    private let ports: Ports
    private var worker: PartitionWorker
    private var store: Ports.Store?
    private var source: Ports.Source?
    private var storeRetry = Retry()
    private var sourceRetry = Retry()

    /// An owner that has nothing yet.
    public init(_ ports: Ports, partition: Int, of partitioning: Partitioning) {
        self.ports = ports
        worker = PartitionWorker(partition: partition, of: partitioning)
    }

    /// One step: open what is missing, or one turn of the worker.
    public func step() -> Status {
        guard let store else { return openStore() }
        guard let source else { return openSource(beside: store) }
        do throws(TurnFailure) {
            try worker.turn(ports, store, source)
            return .running
        } catch {
            switch error {
            case .store(let failure): return lost(store, failure)
            case .source(let failure): return lost(source, failure)
            }
        }
    }

    /// Gives the partition back: the consumer first, then the cursor, then the lock.
    ///
    /// `settle` is how long events that were sent may take to be confirmed.
    public func release(settle: Duration = .seconds(2)) {
        closeSource()
        if let store {
            let deadline = ports.now() + settle
            // A cursor that lags costs duplicates, never events: so no failure here matters.
            while !worker.isSettled, ports.now() < deadline, (try? settleTurn(store)) != nil {
                ports.rest(.milliseconds(5))
            }
            try? worker.writeCursor(ports, store)
        }
        closeStore()
    }

    /// The end of the last event that the broker confirmed, for tests and reports.
    public var published: Int64 { worker.relay.published }

    // MARK: Opening

    private func openStore() -> Status {
        if source != nil, storeRetry.hasLasted(Self.patience, at: ports.now()) {
            ports.report(.trouble("no database session for \(Self.patience): the consumer is closed"))
            closeSource()
        }
        guard storeRetry.isDue(at: ports.now()) else { return rest(storeRetry) }
        do throws(StoreError) {
            let opened = try ports.openStore()
            do throws(StoreError) {
                try worker.adopt(opened, now: ports.now())
            } catch {
                opened.close()
                throw error
            }
            store = opened
            storeRetry = Retry()
            sourceRetry.begin(at: ports.now())
            return .running
        } catch {
            switch error.kind {
            case .notOwner:
                closeSource()
                return .released
            case .otherDatabase, .bug:
                closeSource()
                ports.report(.stopped(error.message))
                return .stopped(error.message)
            case .away, .commitUncertain, .data, .retry:
                ports.report(.trouble(error.message))
                storeRetry.failed(at: ports.now(), jitter: ports.jitter())
                return .running
            }
        }
    }

    private func openSource(beside store: Ports.Store) -> Status {
        if sourceRetry.hasLasted(Self.patience, at: ports.now()) {
            ports.report(.released("no consumer for \(Self.patience)"))
            closeStore()
            return .released
        }
        guard sourceRetry.isDue(at: ports.now()) else {
            do throws(StoreError) { try store.ping() } catch { return lost(store, error) }
            return rest(sourceRetry)
        }
        do throws(SourceError) {
            source = try ports.openSource()
            sourceRetry = Retry()
            ports.report(.owning(head: worker.head))
        } catch {
            ports.report(.trouble(error.message))
            sourceRetry.failed(at: ports.now(), jitter: ports.jitter())
        }
        return .running
    }

    /// Waits for the next attempt, while the consumer that is still there is kept alive.
    private func rest(_ retry: Retry) -> Status {
        if let source {
            do throws(SourceError) { try source.pump() } catch { return lost(source, error) }
        }
        ports.rest(min(retry.remaining(at: ports.now()), .milliseconds(200)))
        return .running
    }

    // MARK: Losing

    private func lost(_ store: Ports.Store, _ error: StoreError) -> Status {
        switch error.kind {
        case .notOwner:
            // Stand down without a further write: what was delivered goes back in its order, the lock goes last.
            ports.report(.released(error.message))
            closeSource()
            closeStore()
            return .released
        case .bug, .otherDatabase, .data, .retry:
            let message = "the partition stops, nothing is lost: \(error.message)"
            ports.report(.stopped(message))
            closeSource()
            closeStore()
            return .stopped(message)
        case .away, .commitUncertain:
            // The deliveries stay unacknowledged in hand; the next session reads everything again. Behind a network
            // that swallows everything a loss is noticed late, and the lock may long be somebody else's: what counts
            // is when the database was last heard of.
            ports.report(.trouble(error.message))
            closeStore()
            storeRetry.begin(at: worker.lastContact)
            return .running
        }
    }

    private func lost(_ source: Ports.Source, _ error: SourceError) -> Status {
        ports.report(.trouble(error.message))
        closeSource()
        sourceRetry.begin(at: ports.now())
        return .running
    }

    private func settleTurn(_ store: Ports.Store) throws(StoreError) {
        try worker.settle(ports, store)
    }

    private func closeSource() {
        source?.close()
        source = nil
        worker.dropDeliveries()
    }

    private func closeStore() {
        store?.close()
        store = nil
    }
}

/// When to try again what failed, and for how long it has failed.
private struct Retry {
    private var since: Duration?
    private var dueAt: Duration?
    private var failures = 0

    mutating func begin(at now: Duration) { self = Retry(since: now) }

    mutating func failed(at now: Duration, jitter: Double) {
        since = since ?? now
        dueAt = now + backoff(failures: failures, jitter: jitter)
        failures += 1
    }

    init(since: Duration? = nil) { self.since = since }

    func isDue(at now: Duration) -> Bool { dueAt.map { now >= $0 } ?? true }
    func remaining(at now: Duration) -> Duration { dueAt.map { max(.zero, $0 - now) } ?? .zero }
    func hasLasted(_ duration: Duration, at now: Duration) -> Bool {
        since.map { now - $0 >= duration } ?? false
    }
}
