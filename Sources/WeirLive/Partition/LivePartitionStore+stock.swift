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
                Query(
                    Queries.commitInsertSkus,
                    [.int2(key)] + [.texts(created.map(\.sku.text))] + counters(created)
                        + [
                            .int4s(created.map { Int32(clamping: $0.policy.holdSeconds) }),
                            .optionalInt4s(
                                created.map { $0.policy.maxPerIntent.map { Int32(clamping: $0) } }),
                        ] + lines(created) + policies(created)))
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
                    ] + counters(after) + lines(after)))
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
                    ] + policies(defined)))
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

    private func counters(_ stocks: [Stock]) -> [Bind] {
        [
            .int8s(stocks.map(\.stocked)), .int8s(stocks.map(\.available)), .int8s(stocks.map(\.held)),
            .int8s(stocks.map(\.sold)), .int8s(stocks.map(\.version)),
        ]
    }

    private func lines(_ stocks: [Stock]) -> [Bind] {
        [
            .int8s(stocks.map(\.waitlisted)), .int8s(stocks.map(\.backordered)),
            .int8s(stocks.map(\.lastPlace)),
        ]
    }

    /// What a policy says beyond hold and limit of an intent, and whether buyers are counted.
    private func policies(_ stocks: [Stock]) -> [Bind] {
        let policies = stocks.map(\.policy)
        return [
            .bools(stocks.map(\.countsBuyers)),
            .optionalInt4s(policies.map { $0.maxHoldSeconds.map { Int32(clamping: $0) } }),
            .optionalInt8s(policies.map(\.maxPerBuyer)), .int8s(policies.map(\.safetyStock)),
            .optionalInt8s(policies.map(\.lowStockAt)),
            .optionalTimestamps(policies.map { $0.onSaleFrom?.microseconds }),
            .optionalTimestamps(policies.map { $0.onSaleUntil?.microseconds }),
            .texts(policies.map(\.onShortage.rawValue)), .optionalInt8s(policies.map(\.waitlistLimit)),
            .optionalInt8s(policies.map(\.backorderLimit)),
            .optionalTimestamps(policies.map { $0.availableFrom?.microseconds }),
        ]
    }
}
