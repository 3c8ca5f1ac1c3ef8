import PostgresClient
import WeirCore
import WeirTopology
import WeirWire

/// All that the database knows of one token, in the order of time: who asked, what the partition decided, what became of
/// its dead letters.
public struct IntentTrace: Sendable {
    /// The token.
    public let token: Token
    /// The intent as it stands; nil when nobody has decided it.
    public let intent: Intent?
    /// What happened, the first thing first.
    public let entries: [Entry]

    /// One thing that happened.
    public struct Entry: Sendable {
        /// When, on the database's clock; nil where nobody wrote it down.
        public let at: Timestamp?
        /// What kind of thing: `accepted`, an event's type, or what was done to a dead letter.
        public let kind: String
        /// The same in words.
        public let detail: String
        /// Where it happened.
        public var place = Place()
    }

    /// Where something happened.
    public struct Place: Sendable {
        /// The partition.
        public var partition: Int?
        /// The number in the partition's log.
        public var seq: Int64?
        /// Whether the cursor says that the broker has confirmed the event; nil for everything else.
        public var isPublished: Bool?
        /// The dead letter's number.
        public var letter: Int64?
        /// The replay's number.
        public var replay: Int64?
        /// The queue of the sender who waits for the answer, and what he knows it by.
        public var replyTo: String?
        /// See ``replyTo``.
        public var correlationID: String?
        /// The sender's trace.
        public var trace: TraceParent?
    }

    /// Connects, reads, and disconnects; nil when nothing is known of the token. Blocks, and may take long: a log of
    /// millions of events is read from the decision on.
    ///
    /// - Parameter everywhere: also looks for the token in the logs of other partitions, where somebody may have tried
    ///   it with another SKU.
    public static func read(_ token: Token, everywhere: Bool = false, databaseURL: String) throws
        -> IntentTrace?
    {
        var settings = SessionSettings(url: databaseURL, applicationName: "weir trace")
        settings.statementTimeoutSeconds = 0
        settings.answerTimeoutSeconds = 3_600
        let session = try Session(settings)
        defer { session.close() }
        let shelf = try DeadLetterShelf(session)
        let found = try session.run(Query(Queries.lookIntents, [.texts([token.text])]))
        let intent = found.optionalText(0, 4) == nil ? nil : Intent(found, 0)
        var entries = try letters(of: token, shelf)
        if let intent {
            let home = shelf.partitioning.partition(of: intent.sku)
            let gone = try pruned(intent, in: home, session)
            let log = try events(of: intent, in: home, hasBeginning: gone == nil, session)
            if let gone {
                entries.append(gone)
            } else if let asked = accepted(log, home) {
                entries.insert(asked, at: 0)
            }
            entries += log
            for other in 0..<shelf.partitioning.count where everywhere && other != home {
                entries += try events(of: intent, in: other, session)
            }
        }
        guard intent != nil || !entries.isEmpty else { return nil }
        return IntentTrace(token: token, intent: intent, entries: inOrder(entries))
    }

    /// By time; what has none comes first, and what happened at once stays as it is.
    private static func inOrder(_ entries: [Entry]) -> [Entry] {
        entries.enumerated().sorted { one, other in
            let (left, right) = (one.element.at, other.element.at)
            if left == right { return one.offset < other.offset }
            guard let left, let right else { return left == nil }
            return left < right
        }.map(\.element)
    }

    // MARK: The log

    private static func events(
        of intent: Intent, in partition: Int, hasBeginning: Bool = true, _ session: Session
    ) throws -> [Entry] {
        func read(from moment: Int64) throws -> [Entry] {
            let rows = try session.run(
                Query(
                    Queries.lookTrace,
                    [.int2(Int16(partition)), .timestamp(moment), .text(intent.token.text)]))
            return (0..<rows.count).map { event(rows, $0, partition) }
        }
        let entries = try read(from: intent.decidedAt.microseconds)
        // The clock may have been set back meanwhile: then the log is not in its order, and is read from the beginning.
        let isHome = entries.contains { $0.at == intent.decidedAt }
        return isHome || !hasBeginning ? entries : try read(from: .min)
    }

    private static func event(_ rows: Rows, _ row: Int, _ partition: Int) -> Entry {
        let (type, body) = (rows.text(row, 2), rows.bytes(row, 6))
        return Entry(
            at: Timestamp(microseconds: rows.timestamp(row, 1)), kind: type,
            detail: (try? Happening(type: type, body: body))?.inWords
                ?? "an event that this binary cannot read",
            place: Place(
                partition: partition, seq: rows.int8(row, 0), isPublished: rows.bool(row, 7),
                replyTo: rows.optionalText(row, 3), correlationID: rows.optionalText(row, 4),
                trace: rows.optionalText(row, 5).flatMap(TraceParent.init)))
    }

    /// The first event knows who asked for it.
    private static func accepted(_ log: [Entry], _ partition: Int) -> Entry? {
        guard let place = log.first?.place, place.replyTo != nil || place.trace != nil else { return nil }
        let ingress = place.replyTo.flatMap { queue -> String? in
            let prefix = BrokerTopology.ingressQueuePrefix
            return queue.hasPrefix(prefix) ? String(queue.dropFirst(prefix.count)) : nil
        }
        let sender = ingress.map { "the ingress \(printable($0))" } ?? "a sender of its own queue"
        return Entry(
            at: nil, kind: "accepted",
            detail: "\(sender) put it into the queue \(BrokerTopology.intentsQueue(partition))",
            place: Place(
                partition: partition, replyTo: place.replyTo, correlationID: place.correlationID,
                trace: place.trace))
    }

    /// What a prune has left of the intent's beginning.
    private static func pruned(_ intent: Intent, in partition: Int, _ session: Session) throws -> Entry? {
        let rows = try session.run(Query(Queries.pruneIntents, [.texts([intent.token.text])]))
        guard rows.count == 1, let image = Intent(rows, 0) else { return nil }
        let seq = try Checkpoints(session).seqs[partition] ?? 0
        return Entry(
            at: image.decidedAt, kind: "pruned",
            detail: "decided; what happened up to event \(seq) was pruned, and left it \(image.inWords)",
            place: Place(partition: partition))
    }

    // MARK: Dead letters

    private static func letters(of token: Token, _ shelf: DeadLetterShelf) throws -> [Entry] {
        var filter = DeadLetterFilter()
        filter.token = token.text
        filter.state = nil
        var entries: [Entry] = []
        try shelf.each(filter) { letter in
            let place = Place(partition: letter.partition, letter: letter.id)
            entries.append(
                Entry(
                    at: letter.firstSeen, kind: "dead_letter",
                    detail: "could not be decided: \(letter.detail)",
                    place: place))
            if letter.seen > 1 {
                entries.append(
                    Entry(
                        at: letter.lastSeen, kind: "seen_again",
                        detail: "came for the last time, the \(letter.seen). in all", place: place))
            }
            for action in try shelf.history(of: letter.id) { entries += done(action, to: letter) }
        }
        return entries
    }

    private static func done(_ action: DeadLetterAction, to letter: DeadLetterView) -> [Entry] {
        let place = Place(partition: letter.partition, letter: letter.id, replay: action.replay)
        let why = action.why.isEmpty ? "" : ": \(printable(action.why))"
        var detail = "by \(printable(action.who))\(why)"
        if action.decides { detail += "; the worker is told to reject its intent" }
        var entries = [Entry(at: action.at, kind: action.action, detail: detail, place: place)]
        if let at = action.confirmedAt {
            entries.append(
                Entry(at: at, kind: "replay_confirmed", detail: "the broker has taken it", place: place))
        }
        if let at = action.returnedAt {
            entries.append(
                Entry(at: at, kind: "came_back", detail: "it could not be decided again", place: place))
        }
        return entries
    }
}

extension IntentTrace {
    /// Writes the members of a trace's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("token", token.text)
        json.member("status", intent?.state.rawValue ?? "queued")
        if let intent { json.member("intent") { intent.write(to: &$0) } }
        json.member("entries", array: entries) { json, entry in
            if let at = entry.at { json.member("at", at.rfc3339) }
            json.member("kind", entry.kind)
            json.member("detail", entry.detail)
            entry.place.write(to: &json)
        }
    }
}

extension IntentTrace.Place {
    /// Writes what is known as members of a JSON object.
    func write(to json: inout JSONWriter) {
        if let partition { json.member("partition", Int64(partition)) }
        if let seq { json.member("seq", seq) }
        if let isPublished { json.member("published", isPublished) }
        if let letter { json.member("dead_letter", letter) }
        if let replay { json.member("replay", replay) }
        if let replyTo { json.member("reply_to", replyTo) }
        if let correlationID { json.member("correlation_id", correlationID) }
        if let trace { json.member("traceparent", trace.text) }
    }
}
