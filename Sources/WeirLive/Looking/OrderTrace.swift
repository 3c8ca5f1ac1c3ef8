import PostgresClient
import WeirCore
import WeirTopology
import WeirWire

/// What the database knows of an order, for the trace of its token.
struct OrderTrace {
    /// The order as it stands.
    let order: Order
    /// Before this moment nothing happened to it, unless a clock was set back or nobody worked for long.
    private let beginning: Timestamp

    /// Reads the order of this token; nil when no partition has recorded one.
    init?(_ token: Token, _ session: Session) throws {
        let rows = try session.run(Query(Queries.readOrders, [.texts([token.text])]))
        guard rows.count == 1, let order = try Order(rows, 0) else { return nil }
        let changed = Timestamp(microseconds: rows.timestamp(0, 11))
        self.order = order
        beginning = min(order.decidedAt ?? changed, changed).adding(seconds: -OrderPatience.gathering)
    }

    /// What the logs say of it: its coordinator's, and those of the partitions in which its lines live.
    func entries(
        everywhere: Bool, _ partitioning: Partitioning, _ session: Session
    ) throws -> [IntentTrace.Entry] {
        var logs = partitioning.participants(order.lines)
        logs.insert(order.coordinator)
        for partition in 0..<partitioning.count where everywhere { logs.insert(partition) }
        func read(from moment: Int64) throws -> [(entry: IntentTrace.Entry, happening: Happening?)] {
            try logs.flatMap {
                try IntentTrace.events(order.token, ofOrder: true, in: $0, from: moment, session)
            }
        }
        var found = try read(from: beginning.microseconds)
        let gone = try pruned(session)
        if gone == nil, !found.contains(where: { Self.begins($0.happening) }) { found = try read(from: .min) }
        let decided = found.first { Self.decides($0.happening) }?.entry
        let accepted = IntentTrace.accepted("the order", decided, order.coordinator)
        return [gone, accepted].compactMap { $0 } + found.map(\.entry)
    }

    /// What a prune has left of the order's beginning.
    private func pruned(_ session: Session) throws -> IntentTrace.Entry? {
        let rows = try session.run(Query(Queries.pruneOrderImages, [.texts([order.token.text])]))
        guard rows.count == 1, let image = try Order(rows, 0) else { return nil }
        let seq = try Checkpoints(session).seqs[order.coordinator] ?? 0
        return IntentTrace.Entry(
            at: image.decidedAt, kind: "pruned",
            detail:
                "recorded; what happened up to event \(seq) was pruned, and left it \(image.state.rawValue)",
            place: IntentTrace.Place(partition: order.coordinator))
    }

    /// Whether an event is the order's first: it came from no other state.
    private static func begins(_ happening: Happening?) -> Bool {
        if case .order(.state(_, nil)) = happening { true } else { false }
    }

    /// Whether an event answers the order's submit.
    private static func decides(_ happening: Happening?) -> Bool {
        guard case .order(.state(let order, let from)) = happening else { return false }
        return (from == nil || from == .reserving)
            && [.reserved, .confirmed, .rejected].contains(order.state)
    }
}

extension Order {
    /// The intents that stand for its lines, in their order.
    public var lineTokens: [Token] { lines.indices.map { lineToken($0 + 1) } }
}
