import PostgresClient
import WeirPipeline
import WeirTopology

extension Query {
    /// Keeps dead letters, for the transaction of whoever found them: a partition's batch, or the drain of `weir.dead`.
    static func keeping(_ letters: [DeadLetter], partition: Int16) -> [Query] {
        keeping(letters, partitions: Array(repeating: partition, count: letters.count))
    }

    /// The same with a partition for each letter; -1 where it is unknown.
    static func keeping(_ letters: [DeadLetter], partitions: [Int16]) -> [Query] {
        let deliveries = letters.map(\.delivery)
        let details = deliveries.map { $0.details() }
        let keys = details.map(\.replayKey)
        let reasons = letters.map(\.reason)
        let faults = letters.map { storable($0.fault) }
        let sentences = letters.map { storable($0.detail) }
        let insert = Query(
            Queries.commitInsertDeadLetters,
            [
                .int2s(partitions), .texts(reasons), .texts(faults), .texts(sentences),
                .optionalTexts(deliveries.map { $0.type.map(storable) }),
                .optionalTexts(letters.map(\.token)), .optionalTexts(letters.map(\.sku)),
                .texts(deliveries.map { storable($0.exchange) }),
                .texts(deliveries.map { storable($0.routingKey) }), .texts(details.map(\.properties)),
                .texts(details.map(\.headers)), .byteStrings(deliveries.map(\.body)), .optionalTexts(keys),
            ])
        guard keys.contains(where: { $0 != nil }) else { return [insert] }
        let giveBack = Query(
            Queries.commitReturnDeadLetters,
            [.optionalTexts(keys), .texts(reasons), .texts(faults), .texts(sentences)])
        return [giveBack, insert]
    }
}

/// A stranger's text as PostgreSQL can store it: it knows no NUL, and a dead letter must never fail for its own text.
func storable(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
    var stored = ""
    for scalar in text.unicodeScalars {
        stored.unicodeScalars.append(scalar.value < 0x20 ? "\u{FFFD}" : scalar)
    }
    return stored
}
