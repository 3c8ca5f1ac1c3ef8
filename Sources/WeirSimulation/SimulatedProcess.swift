import WeirCore
import WeirPipeline

/// A worker process that owns, or tries to own, one partition.
final class SimulatedProcess: PartitionPorts {
    let partition: Int
    let sink = SimulatedSink()
    let messages = SimulatedMessages()
    private unowned let world: Simulation
    private(set) var owner: PartitionOwner<SimulatedProcess>?
    /// A dead process has no effect any more.
    var isDead = false
    /// A process that does not run, for a while.
    var isFrozen = false
    private(set) var store: SimulatedStore?
    private(set) var source: SimulatedSource?

    private var isCutOff: Bool { world.ownerAwayUntil[partition].map { world.time < $0 } ?? false }

    init(_ world: Simulation, partition: Int) {
        self.world = world
        self.partition = partition
        owner = PartitionOwner(self, partition: partition, of: world.partitioning)
        sink.sabotage = world.sabotage
        messages.sabotage = world.sabotage
    }

    /// Steps the owner; a crash inside ends the process where it happened.
    func step() {
        guard !isDead, !isFrozen, let status = owner?.step() else { return }
        switch status {
        case .running, .released: break
        case .stopped(let message): world.violations.append("partition \(partition) stopped: \(message)")
        }
        if isDead { owner = nil }
    }

    /// The process is gone: its connections end, whatever it held.
    func end() {
        die()
        owner = nil
        store?.close()
        source?.close()
    }

    func releaseInOrder() {
        guard !isDead, !isFrozen else { return }
        owner?.release(settle: .milliseconds(50))
    }

    func openStore() throws(StoreError) -> SimulatedStore {
        guard !isDead, !isCutOff, world.time >= world.databaseAwayUntil, !world.random.chance(world.trouble)
        else {
            throw StoreError(.away, "the database cannot be reached")
        }
        let store = try world.database.openSession(partition: partition)
        store.disturb = { [unowned self] _ in disturb() }
        store.onRead = { [unowned self] request in
            // A message that kills whoever looks at it.
            if request.tokens.contains(where: SimulatedClients.isPoison) { die() }
        }
        store.onLoss = { [unowned self] in noteInHand() }
        store.refuse = { [unowned self] in
            world.random.chance(world.trouble / 4) ? StoreError(.retry, "deadlock detected") : nil
        }
        self.store = store
        return store
    }

    func openSource() throws(SourceError) -> SimulatedSource {
        guard !isDead, !isCutOff, world.time >= world.brokerAwayUntil, !world.random.chance(world.trouble)
        else {
            throw SourceError("the broker cannot be reached")
        }
        let source = world.broker.openSource(partition: partition)
        source.disturb = { [unowned self] in disturb() }
        source.onWait = { [unowned self] in world.pass($0) }
        source.arriving = { [unowned self] in
            world.trouble > 0 && world.random.chance(30) ? Int.random(in: 0...3, using: &world.random) : $0
        }
        self.source = source
        return source
    }

    /// Killed; the world remembers what was in hand.
    func die() {
        guard !isDead else { return }
        isDead = true
        noteInHand()
    }

    private func noteInHand() {
        var bodies = source.map { world.broker.inHand(of: $0, partition).map(\.delivery.body) } ?? []
        // The broker may have taken back already what this process was about to decide.
        if let suspect = store?.suspect, !bodies.contains(suspect) { bodies.append(suspect) }
        for body in bodies { world.lossesWith[body, default: 0] += 1 }
    }

    /// What a frozen process loses without knowing: its deliveries by the heartbeat, its session by the time-out.
    func loseConnections() {
        source?.close()
        if Bool.random(using: &world.random) { store?.close() }
    }

    private func disturb() -> Disturbance {
        if isDead { return .before }
        if world.random.chance(world.trouble / 4) {
            // Killed before or after the effect of this very call.
            die()
            return Bool.random(using: &world.random) ? .before : .after
        }
        guard world.random.chance(world.trouble / 2) else { return .none }
        return Bool.random(using: &world.random) ? .before : .after
    }

    func now() -> Duration { world.time }
    func jitter() -> Double { Double.random(in: 0..<1, using: &world.random) }
    func rest(_ duration: Duration) {
        world.pass(duration)
        world.moveEvents()
    }
    func report(_ report: PartitionReport) {
        switch report {
        case .committed: world.commits += 1
        // Whoever loses the partition over a message that he had noted may have hung over it: that counts like a death.
        case .released: if let suspect = store?.suspect { world.lossesWith[suspect, default: 0] += 1 }
        default: break
        }
    }
}
