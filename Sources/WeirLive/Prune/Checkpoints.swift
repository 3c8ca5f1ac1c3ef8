import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology

/// What a prune has left behind: up to where each partition's log is gone, and how everything stood there.
public struct Checkpoints: Sendable {
    /// By partition the last event that is gone; 0 where none is.
    public let seqs: [Int: Int64]
    /// The moment before which tokens may have been forgotten although the log still told of them; nil when nothing was
    /// ever pruned. Since `m0009_prune_orders` none is.
    public let horizon: Timestamp?
    /// The same for a prune, also for the first one: what it forgets may be told of in its next piece.
    let horizonOfPrune: Timestamp?

    /// Reads them.
    public init(_ session: Session) throws {
        let rows = try session.run(Query(Queries.pruneCheckpoints))
        var seqs: [Int: Int64] = [:]
        for row in 0..<rows.count { seqs[rows.int(row, 0)] = rows.int8(row, 1) }
        self.seqs = seqs
        horizonOfPrune = rows.count > 0 ? rows.moment(0, 2) : nil
        horizon = seqs.values.contains { $0 > 0 } ? horizonOfPrune : nil
    }

    /// Where the trail of a SKU goes on; an empty one where the checkpoint does not know it.
    static func trail(of sku: SKU, _ session: Session, requiresCrossings: Bool) throws -> StockTrail {
        try trails(of: [sku], session, requiresCrossings: requiresCrossings)[sku]
            ?? StockTrail(requiresCrossings: requiresCrossings)
    }

    /// Where the trails of SKUs go on, of those that the checkpoint knows.
    static func trails(
        of skus: [SKU], _ session: Session, requiresCrossings: Bool
    ) throws -> [SKU: StockTrail] {
        let names = Bind.texts(skus.map(\.text))
        let answers = try session.run([Query(Queries.pruneSkus, [names]), Query(Queries.pruneLines, [names])])
        var places: [String: (promised: [Int64], waiting: [Int64])] = [:]
        for row in 0..<answers[1].count {
            let name = answers[1].text(row, 0)
            if answers[1].text(row, 1) == IntentState.backordered.rawValue {
                places[name, default: ([], [])].promised.append(answers[1].int8(row, 2))
            } else {
                places[name, default: ([], [])].waiting.append(answers[1].int8(row, 2))
            }
        }
        var trails: [SKU: StockTrail] = [:]
        for row in 0..<answers[0].count {
            let sku = SKU(unchecked: answers[0].text(row, 0))
            let line = places[sku.text] ?? ([], [])
            trails[sku] = StockTrail(
                from: Stock(sku, answers[0], row), promised: line.promised, waiting: line.waiting,
                requiresCrossings: requiresCrossings)
        }
        return trails
    }
}
