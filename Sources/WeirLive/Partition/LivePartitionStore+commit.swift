import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

extension LivePartitionStore {
    /// Writes a batch in one transaction and one round trip; its first statement moves the head, or fails.
    public func commit(_ batch: BatchWrite) throws(StoreError) { try commit(batch, meanwhile: {}) }

    /// The same; `meanwhile` is called while the server works on it.
    public func commit(_ batch: BatchWrite, meanwhile: () -> Void) throws(StoreError) {
        var queries = [
            Query(
                Queries.commitMoveHead,
                [.int2(key), .int8(batch.headBefore), .int8(batch.decision.head), .int8(batch.published)])
        ]
        let decision = batch.decision
        if !decision.decided.isEmpty { queries.append(insert(decision.decided)) }
        if !decision.changed.isEmpty { queries.append(update(decision.changed)) }
        queries += stockQueries(decision.stocks)
        queries += buyerQueries(decision)
        queries += orderWrites(batch)
        if !decision.results.isEmpty { queries.append(insert(decision.results, at: batch.at)) }
        queries += latePayments(decision.events)
        if !batch.events.isEmpty { queries.append(insert(batch.events, at: batch.at)) }
        if !batch.deadLetters.isEmpty { queries += Query.keeping(batch.deadLetters, partition: key) }
        if !batch.clearedSuspects.isEmpty {
            queries.append(
                Query(Queries.commitClearSuspects, [.int2(key), .byteStrings(batch.clearedSuspects)]))
        }
        _ = try asStoreError { [queries] () throws(PostgresError) in
            try session.transaction(queries, meanwhile: meanwhile)
        }
    }

    private func insert(_ intents: [Intent]) -> Query {
        let binds = [.int2(key)] + intents.columns
        // Six columns more that most batches do not need.
        guard intents.contains(where: \.isSpecial) else { return Query(Queries.commitInsertIntents, binds) }
        return Query(Queries.commitInsertSpecialIntents, binds + intents.specialColumns)
    }

    private func update(_ transitions: [IntentTransition]) -> Query {
        Query(
            Queries.commitUpdateIntents,
            [
                .int4(Int32(transitions.count)), .texts(transitions.map(\.after.token.text)),
                .texts(transitions.map(\.stateBefore.rawValue)),
                .texts(transitions.map(\.after.state.rawValue)),
                .optionalTimestamps(transitions.map { $0.after.holdUntil?.microseconds }),
                .int4s(transitions.map { Int32(clamping: $0.after.returned) }),
                .optionalTimestamps(transitions.map { $0.after.grantedAt?.microseconds }),
            ])
    }

    private func insert(_ results: [StoredResult], at moment: Timestamp) -> Query {
        Query(
            Queries.commitInsertCommands,
            [
                .int2(key), .timestamp(moment.microseconds), .texts(results.map(\.id.text)),
                .texts(results.map(\.payload)), .texts(results.map(\.result.stored)),
            ])
    }

    /// Notes the events that tell of payments that came too late: their intents may have been forgotten meanwhile.
    private func latePayments(_ events: [Event]) -> [Query] {
        var (seqs, tokens) = ([Int64](), [String]())
        for event in events {
            guard case .shortfall(let intent, _) = event.happening else { continue }
            seqs.append(event.seq)
            tokens.append(intent.token.text)
        }
        guard !seqs.isEmpty else { return [] }
        return [
            Query(
                Queries.commitNoteLatePayments,
                [.int4(Int32(seqs.count)), .int2(key), .int8s(seqs), .texts(tokens)])
        ]
    }

    private func insert(_ events: [LoggedEvent], at moment: Timestamp) -> Query {
        // Few senders keep a trace, and a column that nobody fills costs nothing.
        let hasTrace = events.contains { $0.trace != nil }
        return Query(
            Queries.commitInsertEvents,
            [
                .int2(key), .timestamp(moment.microseconds), .int8s(events.map(\.seq)),
                .texts(events.map(\.type)), .texts(events.map(\.sku)), .optionalTexts(events.map(\.token)),
                .optionalTexts(events.map(\.replyTo)), .optionalTexts(events.map(\.correlationID)),
                .textBytes(events.map(\.body)),
                .optionalTexts(hasTrace ? events.map { $0.trace?.text } : []),
            ])
    }
}

extension Intent {
    /// Whether it needs the columns that most intents leave empty.
    fileprivate var isSpecial: Bool {
        place != nil || onShortage != nil || replaces != nil || availableFrom != nil || returned > 0
    }
}
