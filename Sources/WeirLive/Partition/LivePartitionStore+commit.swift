import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

extension LivePartitionStore {
    /// Writes a batch in one transaction and one round trip; its first statement moves the head, or fails.
    public func commit(_ batch: BatchWrite) throws(StoreError) {
        var queries = [
            Query(
                Queries.commitMoveHead,
                [.int2(key), .int8(batch.headBefore), .int8(batch.decision.head), .int8(batch.published)])
        ]
        let decision = batch.decision
        if !decision.decided.isEmpty { queries.append(insert(decision.decided)) }
        if !decision.changed.isEmpty { queries.append(update(decision.changed)) }
        let created = decision.stocks.filter { $0.versionBefore == nil }.map(\.after)
        if !created.isEmpty { queries.append(insert(created)) }
        let moved = decision.stocks.filter { $0.versionBefore != nil }
        if !moved.isEmpty { queries.append(update(moved)) }
        if !decision.results.isEmpty { queries.append(insert(decision.results, at: batch.at)) }
        if !batch.events.isEmpty { queries.append(insert(batch.events, at: batch.at)) }
        if !batch.deadLetters.isEmpty { queries += Query.keeping(batch.deadLetters, partition: key) }
        if !batch.clearedSuspects.isEmpty {
            queries.append(
                Query(Queries.commitClearSuspects, [.int2(key), .byteStrings(batch.clearedSuspects)]))
        }
        _ = try asStoreError { [queries] () throws(PostgresError) in try session.transaction(queries) }
    }

    private func insert(_ intents: [Intent]) -> Query {
        Query(
            Queries.commitInsertIntents,
            [
                .int2(key), .timestamps(intents.map(\.decidedAt.microseconds)),
                .optionalTimestamps(intents.map { $0.holdUntil?.microseconds }),
                .int4s(intents.map { Int32(clamping: $0.quantity.units) }),
                .texts(intents.map(\.state.rawValue)), .optionalTexts(intents.map { $0.reason?.rawValue }),
                .texts(intents.map(\.token.text)), .texts(intents.map(\.sku.text)),
                .texts(intents.map(\.buyer.text)),
            ])
    }

    private func update(_ transitions: [IntentTransition]) -> Query {
        Query(
            Queries.commitUpdateIntents,
            [
                .int4(Int32(transitions.count)), .texts(transitions.map(\.after.token.text)),
                .texts(transitions.map(\.stateBefore.rawValue)),
                .texts(transitions.map(\.after.state.rawValue)),
                .optionalTimestamps(transitions.map { $0.after.holdUntil?.microseconds }),
            ])
    }

    private func insert(_ stocks: [Stock]) -> Query {
        Query(Queries.commitInsertSkus, [.int2(key)] + counters(stocks) + [.texts(stocks.map(\.sku.text))])
    }

    private func update(_ changes: [StockChange]) -> Query {
        Query(
            Queries.commitUpdateSkus,
            [.int4(Int32(changes.count))] + counters(changes.map(\.after)) + [
                .int8s(changes.map { $0.versionBefore ?? 0 }), .texts(changes.map(\.after.sku.text)),
            ])
    }

    private func counters(_ stocks: [Stock]) -> [Bind] {
        [
            .int8s(stocks.map(\.stocked)), .int8s(stocks.map(\.available)), .int8s(stocks.map(\.held)),
            .int8s(stocks.map(\.sold)), .int8s(stocks.map(\.version)),
            .int4s(stocks.map { Int32(clamping: $0.policy.holdSeconds) }),
            .optionalInt4s(stocks.map { $0.policy.maxPerIntent.map { Int32(clamping: $0) } }),
        ]
    }

    private func insert(_ results: [StoredResult], at moment: Timestamp) -> Query {
        Query(
            Queries.commitInsertCommands,
            [
                .int2(key), .timestamp(moment.microseconds), .texts(results.map(\.id.text)),
                .texts(results.map(\.payload)), .texts(results.map(\.result.stored)),
            ])
    }

    private func insert(_ events: [LoggedEvent], at moment: Timestamp) -> Query {
        Query(
            Queries.commitInsertEvents,
            [
                .int2(key), .timestamp(moment.microseconds), .int8s(events.map(\.seq)),
                .texts(events.map(\.type)), .texts(events.map(\.sku)), .optionalTexts(events.map(\.token)),
                .optionalTexts(events.map(\.replyTo)), .optionalTexts(events.map(\.correlationID)),
                .textBytes(events.map(\.body)),
            ])
    }
}
