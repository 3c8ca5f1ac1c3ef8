import WeirSimulation

/// What can go wrong on purpose, and to whom.
enum ChaosFault: String, CaseIterable, Sendable {
    case workerKilled = "worker killed"
    case workerFrozen = "worker frozen"
    case workerRestarted = "worker restarted in order"
    case ingressKilled = "ingress killed"
    case ingressFrozen = "ingress frozen"
    case ingressRestarted = "ingress restarted in order"
    case postgresKilled = "PostgreSQL killed"
    case postgresFrozen = "PostgreSQL frozen"
    case postgresRestarted = "PostgreSQL restarted in order"
    case postgresCut = "every PostgreSQL session cut"
    case brokerKilled = "RabbitMQ killed"
    case brokerFrozen = "RabbitMQ frozen"
    case brokerRestarted = "RabbitMQ restarted in order"
    case brokerCut = "every AMQP connection cut"

    /// Whom it befalls; each suffers one fault at a time.
    enum Victim: CaseIterable, Sendable { case worker, ingress, postgres, broker }

    /// Whom this fault befalls.
    var victim: Victim {
        switch self {
        case .workerKilled, .workerFrozen, .workerRestarted: .worker
        case .ingressKilled, .ingressFrozen, .ingressRestarted: .ingress
        case .postgresKilled, .postgresFrozen, .postgresRestarted, .postgresCut: .postgres
        case .brokerKilled, .brokerFrozen, .brokerRestarted, .brokerCut: .broker
        }
    }

    /// How often it is chosen. A broker needs seconds to come back, and without it nothing else can happen.
    private var weight: Int {
        switch self {
        case .brokerKilled, .brokerRestarted: 1
        case .brokerFrozen, .postgresKilled, .postgresRestarted: 2
        default: 4
        }
    }

    /// One of those that befall none of the ones who suffer already.
    static func choose(sparing busy: Set<Victim>, _ random: inout SplitMix64) -> ChaosFault? {
        let bag = allCases.filter { !busy.contains($0.victim) }
            .flatMap { Array(repeating: $0, count: $0.weight) }
        return bag.randomElement(using: &random)
    }
}

/// The faults of a run: when, what, and for how long; a seed determines all of it.
struct ChaosSchedule {
    /// One fault.
    struct Entry: Sendable {
        let fault: ChaosFault
        /// How long the victim is frozen or away.
        let lasting: Duration
    }

    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// The pause before the next fault: a pair comes without one, and no pause is longer than three seconds.
    mutating func pause() -> Duration {
        Int.random(in: 0..<100, using: &random) < 25
            ? .zero : .milliseconds(Int.random(in: 500...2_800, using: &random))
    }

    mutating func next(sparing busy: Set<ChaosFault.Victim>) -> Entry? {
        guard let fault = ChaosFault.choose(sparing: busy, &random) else { return nil }
        return Entry(fault: fault, lasting: .milliseconds(Int.random(in: 300...6_500, using: &random)))
    }
}
