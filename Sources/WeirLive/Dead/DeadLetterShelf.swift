import PostgresClient
import WeirCore
import WeirTopology
import WeirWire

/// The table of dead letters as a person works with it; looking never counts as a delivery.
///
/// It belongs to the thread that made it.
public final class DeadLetterShelf {
    let session: Session
    /// How many partitions there are.
    public let partitioning: Partitioning

    /// Connects.
    public convenience init(databaseURL: String, applicationName: String = "weir dead") throws {
        let settings = SessionSettings(url: databaseURL, applicationName: applicationName)
        try self.init(try Session(settings))
    }

    init(_ session: Session) throws {
        self.session = session
        partitioning = try Installation.read(session).partitioning
    }

    /// The letters that a filter names, behind an id, the oldest first; with `bodies` all that arrived.
    public func list(
        _ filter: DeadLetterFilter = .init(), after id: Int64 = 0, upTo last: Int64 = .max, limit: Int,
        bodies: Bool = false
    ) throws -> [DeadLetterView] {
        let rows = try session.run(
            Query(
                Queries.lookDeadLetters,
                filter.binds + [.int8(id), .int8(last), .int8(Int64(limit)), .bool(bodies)]))
        return (0..<rows.count).map { DeadLetterView(rows, $0) }
    }

    /// One letter with all that arrived; nil when there is none under this id.
    public func letter(_ id: Int64) throws -> DeadLetterView? {
        try list(.init(ids: [id]), limit: 1, bodies: true).first
    }

    /// What was done to a letter, the first action first.
    public func history(of id: Int64) throws -> [DeadLetterAction] {
        let rows = try session.run(Query(Queries.deadHistory, [.int8(id)]))
        return (0..<rows.count).map { DeadLetterAction(rows, $0) }
    }

    /// Letters that failed in the same way, the largest group first.
    public func groups(_ filter: DeadLetterFilter = .init(), limit: Int) throws -> [DeadLetterGroup] {
        let rows = try session.run(Query(Queries.deadGroups, filter.binds + [.int8(Int64(limit))]))
        return (0..<rows.count).map { DeadLetterGroup(rows, $0) }
    }

    /// How many letters a filter names, and the last one's id; 0 when there is none.
    public func count(_ filter: DeadLetterFilter) throws -> (letters: Int, last: Int64) {
        let rows = try session.run(Query(Queries.deadCount, filter.binds))
        return (rows.int(0, 0), rows.int8(0, 1))
    }

    /// Records something that was done without changing a letter.
    public func note(_ action: String, _ signature: Signature) throws {
        _ = try session.run(
            Query(Queries.deadNote, [.text(action), .text(signature.who), .text(signature.why)]))
    }

    /// Hands every letter that a filter names over, with all that arrived, the oldest first, in bounded memory.
    public func each(_ filter: DeadLetterFilter, limit: Int = .max, _ body: (DeadLetterView) throws -> Void)
        throws
    {
        let last = try count(filter).last
        var (after, left) = (Int64(0), limit)
        while left > 0 {
            let letters = try list(filter, after: after, upTo: last, limit: min(50, left), bodies: true)
            guard let end = letters.last else { return }
            for letter in letters { try body(letter) }
            after = end.id
            left -= letters.count
        }
    }

    /// Whether its session has ended.
    public var isBroken: Bool { session.isBroken }

    /// One replay; nil when there is none under this number.
    public func replay(_ id: Int64) throws -> ReplayView? { try ledger.run(id) }

    /// Replays, the newest first.
    public func replays(limit: Int) throws -> [ReplayView] { try ledger.runs(limit: limit) }

    /// Asks a replay to stop, wherever it runs; false when it has ended or is unknown.
    public func askReplayToStop(_ id: Int64) throws -> Bool { try ledger.askToStop(id) }

    private var ledger: ReplayLedger { ReplayLedger(session, partitioning) }

    /// Disconnects.
    public func close() { session.close() }
}

/// Why something cannot be done to a dead letter: one sentence with the remedy.
public struct DeadLetterError: Error, CustomStringConvertible, Sendable {
    /// What kind of refusal it is.
    public enum Kind: Sendable {
        /// There is no such letter.
        case missing
        /// The letter's state does not allow it.
        case state
        /// What was asked for is not valid.
        case invalid
        /// The broker did not take it.
        case broker
    }

    /// What kind of refusal it is.
    public let kind: Kind
    /// The sentence.
    public let description: String
    /// The members of an edit that are to blame, with pointers into an edit as JSON: `/set/quantity`, `/body`, `/type`.
    public let flaws: [FieldFlaw]

    init(_ kind: Kind, _ description: String, _ flaws: [FieldFlaw] = []) {
        self.kind = kind
        self.description = description
        self.flaws = flaws
    }
}
