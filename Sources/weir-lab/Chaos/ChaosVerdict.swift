import PostgresClient
import WeirLive

/// The promises, checked by the database, the clients' history and the witness together.
struct ChaosVerdict {
    /// One promise.
    struct Line {
        let promise: Int
        let checked: String
        let broken: [String]
    }

    /// An intent's or an order's way through the log.
    private struct Path {
        let partition: Int
        let seq: Int
        let states: [String]
    }

    let lines: [Line]

    var holds: Bool { lines.allSatisfy(\.broken.isEmpty) }

    init(_ databaseURL: String, _ history: ChaosHistory, _ witness: ChaosWitness) throws {
        let audit = try LiveAudit(databaseURL: databaseURL).run()
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "chaos verdict"))
        defer { session.close() }
        let paths = try Self.paths(session, .intent)
        let orderPaths = try Self.paths(session, .order)
        let (deadBodies, deadTokens) = try Self.dead(session)
        let wishes = history.wishes(.intent)
        let accepted = wishes.filter { $0.value.acceptedAt != nil }
        let orders = history.wishes(.order).filter { $0.value.acceptedAt != nil }

        let undecided =
            accepted.keys.filter { paths[$0] == nil && !deadTokens.contains($0) }
            + orders.keys.filter { orderPaths[$0].map(Self.isUnderWay) ?? true && !deadTokens.contains($0) }
        let (checkedOutcomes, differing) = Self.outcomes(accepted, paths)
        let (checkedOrders, differingOrders) = Self.outcomes(orders, orderPaths)
        let (checkedOrder, disordered) = Self.order(wishes, paths)
        let (events, gaps) = try Self.stream(session, witness)
        let lost = history.rubbish.filter { !deadBodies.contains($0) }
        lines = [
            Line(
                promise: 1, checked: "\(audit.stock.checked) SKUs",
                broken: audit.stock.broken == 0 ? [] : audit.stock.examples),
            Line(
                promise: 2, checked: "\(accepted.count) accepted intents, \(orders.count) orders",
                broken: undecided.sorted()),
            Line(
                promise: 3,
                checked: "\(checkedOutcomes) outcomes of intents, \(checkedOrders) of orders,"
                    + " \(audit.once.checked) intents",
                broken: differing + differingOrders + history.contradictions
                    + (audit.once.broken == 0 ? [] : audit.once.examples)),
            Line(
                promise: 4, checked: "\(checkedOrder) intents in the order of their acceptance",
                broken: disordered),
            Line(
                promise: 5, checked: "\(events) events, \(witness.received) received",
                broken: gaps + (audit.numbering.broken == 0 ? [] : audit.numbering.examples)),
            Line(
                promise: 6, checked: "\(audit.log.checked) events",
                broken: audit.log.broken == 0 ? [] : audit.log.examples),
            Line(promise: 7, checked: "\(history.rubbish.count) unreadable messages", broken: lost.sorted()),
            Line(
                promise: 8, checked: "\(audit.orders.checked) lines of orders, each as its order",
                broken: audit.orders.broken == 0 ? [] : audit.orders.examples),
        ]
    }

    private static func isUnderWay(_ path: Path) -> Bool {
        ["reserving", "reclaiming"].contains(path.states.last)
    }

    private static func paths(_ session: Session, _ kind: ChaosHistory.Kind) throws -> [String: Path] {
        let sql = kind == .intent ? LabQueries.chaosHistories : LabQueries.chaosOrders
        let rows = try session.run(Query(Statement(name: kind.rawValue, sql: sql)))
        var paths: [String: Path] = [:]
        for row in 0..<rows.count {
            paths[rows.text(row, 0)] = Path(
                partition: rows.int(row, 1), seq: rows.int(row, 2),
                states: rows.text(row, 3).split(separator: " ").map(String.init))
        }
        return paths
    }

    private static func dead(_ session: Session) throws -> (bodies: Set<String>, tokens: Set<String>) {
        let rows = try session.run(Query(Statement(name: "dead", sql: LabQueries.chaosDead)))
        let all = (0..<rows.count).map { (rows.text($0, 0), rows.text($0, 1)) }
        return (Set(all.map(\.0)), Set(all.map(\.1)))
    }

    /// Whatever a client was told of its intent is a state that the intent has passed.
    private static func outcomes(
        _ accepted: [String: ChaosHistory.Wish], _ paths: [String: Path]
    ) -> (Int, [String]) {
        var (checked, broken) = (0, [String]())
        for (token, wish) in accepted {
            guard let path = paths[token] else { continue }
            for state in wish.states {
                checked += 1
                if !path.states.contains(state) {
                    broken.append("\(token) was said to be \(state), and was \(path.states)")
                }
            }
            if wish.reasons.count > 1 { broken.append("\(token) was rejected for \(wish.reasons)") }
        }
        return (checked, broken)
    }

    /// Of two intents of one SKU, the one that was accepted before the other was sent is decided first.
    private static func order(
        _ wishes: [String: ChaosHistory.Wish], _ paths: [String: Path]
    ) -> (Int, [String]) {
        var (checked, broken) = (0, [String]())
        for (_, ofSKU) in Dictionary(grouping: wishes, by: \.value.sku) {
            let decided = ofSKU.compactMap { token, wish in paths[token].map { (token, wish, $0.seq) } }
                .sorted { $0.2 < $1.2 }
            var latest: (token: String, sentAt: ContinuousClock.Instant)?
            for (token, wish, _) in decided {
                checked += 1
                if let latest, let acceptedAt = wish.acceptedAt, latest.sentAt > acceptedAt {
                    broken.append(
                        "\(latest.token) was sent after \(token) was accepted, and decided before it")
                }
                if latest.map({ wish.sentAt > $0.sentAt }) ?? true { latest = (token, wish.sentAt) }
            }
        }
        return (checked, broken)
    }

    /// The witness has the log's own bytes.
    private static func stream(_ session: Session, _ witness: ChaosWitness) throws -> (Int, [String]) {
        var (events, broken) = (0, [String]())
        let applied = witness.applied
        for partition in 0..<ChaosCommand.partitions {
            let log = try session.run(
                Query(Statement(name: "log", sql: LabQueries.chaosLog), [.int2(Int16(partition))]))
            let seen = applied[partition] ?? []
            events += log.count
            if seen.count != log.count {
                broken.append("partition \(partition): \(log.count) events, \(seen.count) applied")
            }
            for row in 0..<min(log.count, seen.count) where log.bytes(row, 1) != seen[row] {
                broken.append("partition \(partition): event \(row + 1) was seen otherwise")
            }
        }
        if witness.contradictions > 0 { broken.append("\(witness.contradictions) ids came with two bodies") }
        return (events, broken)
    }
}
