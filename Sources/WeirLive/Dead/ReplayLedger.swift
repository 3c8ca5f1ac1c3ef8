import PostgresClient
import WeirCore
import WeirTopology
import WeirWire

/// The table of replays, and what a run writes about letters. It belongs to the thread that made it.
public final class ReplayLedger {
    let session: Session
    /// How many partitions there are.
    public let partitioning: Partitioning

    /// Connects.
    public init(databaseURL: String) throws {
        var settings = SessionSettings(url: databaseURL, applicationName: "weir replay")
        // A process that is frozen must not keep letters from others for ever.
        settings.idleSessionTimeoutSeconds = 60
        session = try Session(settings)
        partitioning = try Installation.read(session).partitioning
    }

    init(_ session: Session, _ partitioning: Partitioning) {
        self.session = session
        self.partitioning = partitioning
    }

    /// Writes down what a new run shall do; returns its number.
    public func begin(_ order: ReplayOrder) throws -> Int64 {
        let rows = try session.run(
            Query(
                Queries.replayBegin,
                order.filter.binds + [
                    .int8(order.limit), order.rate.map { .text(String($0)) } ?? .null, .bool(order.asNew),
                    .bool(order.isDryRun), .text(order.signature.who), .text(order.signature.why),
                    .text(order.filter.json),
                ]))
        return rows.int8(0, 0)
    }

    /// One run; nil when there is none under this number.
    public func run(_ id: Int64) throws -> ReplayView? { try look(id, before: .max, limit: 1).first }

    /// Runs before a number, the newest first.
    public func runs(before id: Int64 = .max, limit: Int) throws -> [ReplayView] {
        try look(nil, before: id, limit: limit)
    }

    private func look(_ id: Int64?, before: Int64, limit: Int) throws -> [ReplayView] {
        let rows = try session.run(
            Query(
                Queries.replayShow,
                [
                    .int4(LockClass.replay), id.map(Bind.int8) ?? .null, .int8(before), .int8(Int64(limit)),
                ]))
        return (0..<rows.count).map { ReplayView(rows, $0) }
    }

    /// How many letters of a run are neither decided nor back.
    public func pending(_ id: Int64) throws -> Int {
        try session.run(Query(Queries.replayPending, [.int8(id)])).int(0, 0)
    }

    /// Asks a run to stop, wherever it runs; false when it has ended or is unknown.
    public func askToStop(_ id: Int64) throws -> Bool {
        try session.run(Query(Queries.replayStop, [.int8(id)])).count == 1
    }

    /// Lets a run that was stopped go on.
    func reopen(_ id: Int64) throws {
        _ = try session.run(Query(Queries.replayResume, [.int8(id)]))
    }

    /// Takes a run for this session alone; false when somebody else has it.
    func take(_ id: Int64) throws -> Bool {
        try session.run(
            Query(Queries.ownTryLock, [.int4(LockClass.replay), .int4(Int32(id % 2_147_483_647))])
        ).bool(0, 0)
    }

    /// How far a run has come; returns whether somebody asked it to stop.
    func note(
        _ id: Int64, done: Int64, published: Int, findings: ReplayFindings, ended: Bool = false,
        trouble: String? = nil
    ) throws -> Bool {
        let skipped = findings.counts.values.reduce(0, +) - findings[.published]
        let rows = try session.run(
            Query(
                Queries.replayProgress,
                [
                    .int8(id), .int8(done), .int8(Int64(published)), .int8(Int64(skipped)),
                    .text(findings.json), .bool(ended), trouble.map(Bind.text) ?? .null,
                ]))
        return rows.count == 1 && rows.bool(0, 0)
    }

    /// The next letters, and which of them this session has got for itself.
    func takeLetters(
        _ filter: DeadLetterFilter, after: Int64, upTo last: Int64, limit: Int
    ) throws -> (all: [Int64], mine: [Int64]) {
        let rows = try session.run(
            Query(
                Queries.replayTake,
                filter.binds + [
                    .int8(after), .int8(last), .int8(Int64(limit)), .int4(LockClass.letter),
                ]))
        let all = (0..<rows.count).map { rows.int8($0, 0) }
        return (all, (0..<rows.count).filter { rows.bool($0, 1) }.map { rows.int8($0, 0) })
    }

    /// Lets others have letters again.
    func giveBack(_ ids: [Int64]) throws {
        _ = try session.run(Query(Queries.replayGive, [.int4(LockClass.letter), .int8s(ids)]))
    }

    /// Writes down, before anything is published, who sends which letter under which key.
    func noteSending(_ letters: [(id: Int64, key: String)], _ run: Int64, _ signature: Signature) throws {
        _ = try session.run(
            Query(
                Queries.replaySend,
                [
                    .int8s(letters.map(\.id)), .texts(letters.map(\.key)), .int8(run), .text(signature.who),
                    .text(signature.why),
                ]))
    }

    /// Writes down that the broker confirmed these.
    func mark(_ keys: [String]) throws {
        for attempt in 1... {
            do throws(PostgresError) {
                _ = try session.run(Query(Queries.replayMark, [.texts(keys)]))
                return
            } catch {
                // A worker that writes letters which came back can be in the way.
                guard error.kind == .retry, attempt < 20 else { throw error }
            }
        }
    }

    /// The moment before which tokens may have been forgotten; nil when nothing was ever pruned.
    func horizon() throws -> Timestamp? {
        let rows = try session.run(Query(Queries.pruneHorizon))
        return rows.optionalTimestamp(0, 0).map(Timestamp.init(microseconds:))
    }

    /// Disconnects.
    public func close() { session.close() }
}
