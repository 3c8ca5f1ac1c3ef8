import PostgresClient
import Testing
import WeirLive

/// What must be true after a fault, by three witnesses: the database, the clients' own record, and a subscriber.
func expectPromisesKept(
    _ room: LiveRoom, _ crowd: Crowd, _ subscriber: Subscriber, deadLetters: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let confirmed = crowd.confirmed
    #expect(confirmed.count > 0, sourceLocation: sourceLocation)
    // 2 and 7: what was confirmed is decided, or kept with a reason.
    let isDecided = try await eventually(within: .seconds(60)) {
        try room.undecided(confirmed).isEmpty
    }
    let undecided = try room.undecided(confirmed)
    #expect(isDecided, "undecided: \(undecided)", sourceLocation: sourceLocation)
    let letters = try room.texts("select reason || ': ' || detail from dead_letter")
    #expect(letters.count == deadLetters, "\(letters)", sourceLocation: sourceLocation)
    // 5: every event is confirmed by the broker, and the subscriber has the log's own bytes.
    let isCaughtUp = try await eventually(within: .seconds(30)) {
        try room.count("select count(*) from partition where published < head") == 0
    }
    #expect(isCaughtUp, "a cursor lags behind its head", sourceLocation: sourceLocation)
    let log = try room.log()
    let isWhole = try await eventually {
        log.allSatisfy { subscriber.current.applied[$0.key, default: []].count >= $0.value.count }
    }
    #expect(isWhole, "the subscriber lacks events", sourceLocation: sourceLocation)
    let seen = subscriber.current
    for (partition, bodies) in log {
        #expect(
            seen.applied[partition] == bodies, "partition \(partition) was seen otherwise",
            sourceLocation: sourceLocation)
    }
    #expect(seen.contradictions.isEmpty, "\(seen.contradictions)", sourceLocation: sourceLocation)
    // 4: for each SKU the wishes were decided in the order in which they were confirmed.
    for sku in crowd.skus {
        let numbers = try room.decidedTokens(of: sku).compactMap { $0.split(separator: "~").last }
            .compactMap { Int($0) }
        #expect(numbers == numbers.sorted(), "\(sku) out of order", sourceLocation: sourceLocation)
        #expect(Set(numbers).count == numbers.count, "\(sku) twice", sourceLocation: sourceLocation)
    }
    // 1, 3, 5, 6, as `weir audit` sees them.
    let report = try LiveAudit(databaseURL: room.databaseURL).run()
    #expect(report.holds, "\(report.lines)", sourceLocation: sourceLocation)
    #expect(report.once.checked >= confirmed.count, sourceLocation: sourceLocation)
}

extension LiveRoom {
    /// Tokens that have neither an outcome nor a dead letter.
    func undecided(_ tokens: [String]) throws -> [String] {
        try texts(
            "select t.token from unnest($1::text[]) as t (token)"
                + " where not exists (select from intent i where i.token = t.token)"
                + " and not exists (select from dead_letter d where d.token = t.token) limit 20",
            [.texts(tokens)])
    }

    /// The tokens of a SKU in the order of their deciding events.
    func decidedTokens(of sku: String) throws -> [String] {
        try texts(
            "select token from event where sku = $1 and token is not null and type::text like 'weir.intent.%'"
                + " and body not like '%\"previous_status\"%' order by partition, seq",
            [.text(sku)])
    }

    /// Every partition's bodies in order.
    func log() throws -> [Int: [[UInt8]]] {
        let session = try session()
        defer { session.close() }
        let rows = try session.run(
            Query(
                Statement(
                    name: "log",
                    sql: "select p.partition, e.body from partition p"
                        + " left join event e on e.partition = p.partition order by p.partition, e.seq")))
        var log: [Int: [[UInt8]]] = [:]
        for row in 0..<rows.count {
            if let body = rows.optionalBytes(row, 1) { log[rows.int(row, 0), default: []].append(body) }
        }
        return log
    }
}
