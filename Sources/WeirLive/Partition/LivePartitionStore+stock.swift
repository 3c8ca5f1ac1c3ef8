import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology

extension LivePartitionStore {
    /// Writes stock: SKUs that are new, counters that moved, and the policies among them that changed.
    func stockQueries(_ changes: [StockChange]) -> [Query] {
        var queries: [Query] = []
        let created = changes.filter { $0.versionBefore == nil }.map(\.after)
        if !created.isEmpty {
            queries.append(
                Query(Queries.commitInsertSkus, [.int2(key)] + created.columns))
        }
        let moved = changes.filter { $0.versionBefore != nil }
        if !moved.isEmpty {
            let after = moved.map(\.after)
            queries.append(
                Query(
                    Queries.commitUpdateSkus,
                    [
                        .int4(Int32(moved.count)), .int8s(moved.map { $0.versionBefore ?? 0 }),
                        .texts(after.map(\.sku.text)),
                    ] + after.counters + after.lines))
        }
        let defined = changes.filter(\.changesPolicy).map(\.after)
        if !defined.isEmpty {
            queries.append(
                Query(
                    Queries.commitUpdatePolicies,
                    [
                        .int4(Int32(defined.count)), .texts(defined.map(\.sku.text)),
                        .int4s(defined.map { Int32(clamping: $0.policy.holdSeconds) }),
                        .optionalInt4s(
                            defined.map { $0.policy.maxPerIntent.map { Int32(clamping: $0) } }),
                    ] + defined.policies))
        }
        return queries
    }

    /// Writes what buyers have; behind the intents, of which some totals are made.
    func buyerQueries(_ decision: Decision) -> [Query] {
        var queries: [Query] = []
        let changes = decision.buyers
        if !changes.isEmpty {
            queries.append(
                Query(
                    Queries.commitChangeBuyers,
                    [
                        .texts(changes.map(\.key.sku.text)), .texts(changes.map(\.key.buyer.text)),
                        .int8s(changes.map(\.units)),
                    ]))
        }
        if !decision.countedFromNow.isEmpty {
            queries.append(
                Query(Queries.commitCountBuyers, [.texts(decision.countedFromNow.map(\.text))]))
        }
        return queries
    }
}
