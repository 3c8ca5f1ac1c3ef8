import PostgresClient
import WeirCore
import WeirTopology
import WeirWire

/// All that the database knows of one token, in the order of time: who asked, what the partitions decided, what became of
/// its dead letters. A token may name an intent, a line of an order, an order, or an intent and an order.
public struct IntentTrace: Sendable {
    /// The token.
    public let token: Token
    /// The intent as it stands; nil when nobody has decided one.
    public let intent: Intent?
    /// The order as it stands; nil when nobody has recorded one.
    public let order: Order?
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
        let order = token.isLine ? nil : try OrderTrace(token, session)
        var entries = try letters(of: token, shelf)
        if let order { entries += try order.entries(everywhere: everywhere, shelf.partitioning, session) }
        if let intent {
            let home = shelf.partitioning.partition(of: intent.sku)
            let gone = try pruned(intent, in: home, session)
            let log = try events(of: intent, in: home, hasBeginning: gone == nil, session)
            if let gone {
                entries.append(gone)
            } else if !token.isLine, let asked = accepted("it", log.first, home) {
                entries.insert(asked, at: 0)
            }
            entries += log
            for other in 0..<shelf.partitioning.count where everywhere && other != home {
                entries += try events(of: intent, in: other, session)
            }
        }
        guard intent != nil || order != nil || !entries.isEmpty else { return nil }
        return IntentTrace(token: token, intent: intent, order: order?.order, entries: inOrder(entries))
    }

    /// The token that a person names: a client's, or that of an order's line, `<order>/<n>`; nil when it is neither.
    public static func token(named text: String) -> Token? {
        if let token = Token(text) { return token }
        guard let line = Token(unchecked: text).line, let order = Token(line.order.text) else { return nil }
        return .line(line.number, of: order)
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
            try events(intent.token, ofOrder: false, in: partition, from: moment, session).map(\.entry)
        }
        let entries = try read(from: intent.decidedAt.microseconds)
        // The clock may have been set back meanwhile: then the log is not in its order, and is read from the beginning.
        let isHome = entries.contains { $0.at == intent.decidedAt }
        return isHome || !hasBeginning ? entries : try read(from: .min)
    }

    /// The events of an intent or of an order in one partition's log, each as it was read, if it could be.
    static func events(
        _ token: Token, ofOrder isOrder: Bool, in partition: Int, from moment: Int64, _ session: Session
    ) throws -> [(entry: Entry, happening: Happening?)] {
        let rows = try session.run(
            Query(
                Queries.lookTrace,
                [.int2(Int16(partition)), .timestamp(moment), .text(token.text), .bool(isOrder)]))
        return (0..<rows.count).map { event(rows, $0, partition) }
    }

    private static func event(_ rows: Rows, _ row: Int, _ partition: Int) -> (Entry, Happening?) {
        let (type, body) = (rows.text(row, 2), rows.bytes(row, 6))
        let happening = try? Happening(type: type, body: body)
        let entry = Entry(
            at: Timestamp(microseconds: rows.timestamp(row, 1)), kind: type,
            detail: happening?.inWords ?? "an event that this binary cannot read",
            place: Place(
                partition: partition, seq: rows.int8(row, 0), isPublished: rows.bool(row, 7),
                replyTo: rows.optionalText(row, 3), correlationID: rows.optionalText(row, 4),
                trace: rows.optionalText(row, 5).flatMap(TraceParent.init)))
        return (entry, happening)
    }

    /// The event that decided it knows who asked for it.
    static func accepted(_ name: String, _ decided: Entry?, _ partition: Int) -> Entry? {
        guard let place = decided?.place, place.replyTo != nil || place.trace != nil else { return nil }
        let ingress = place.replyTo.flatMap { queue -> String? in
            let prefix = BrokerTopology.ingressQueuePrefix
            return queue.hasPrefix(prefix) ? String(queue.dropFirst(prefix.count)) : nil
        }
        let sender = ingress.map { "the ingress \(printable($0))" } ?? "a sender of its own queue"
        return Entry(
            at: nil, kind: "accepted",
            detail: "\(sender) put \(name) into the queue \(BrokerTopology.intentsQueue(partition))",
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
        if action.decides { detail += "; the worker is told to reject its \(letter.wish)" }
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

extension DeadLetterView {
    /// What the message was about.
    fileprivate var wish: String { type?.hasPrefix("weir.order.") ?? false ? "order" : "intent" }
}
