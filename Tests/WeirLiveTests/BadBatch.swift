import AMQPClient
import Synchronization
import Testing
import WeirCore
import WeirLive
import WeirTopology

/// Puts messages that nobody should send among 499 honest ones, in one batch of a real worker, and looks at what
/// became of all of them.
struct BadBatch {
    let room: LiveRoom
    let sku: String
    let publisher: Publisher

    /// A dead letter, as far as tests ask.
    struct Letter: Hashable {
        let reason: String
        let seen: Int
    }

    static func make() async throws -> BadBatch {
        let room = try await LiveRoom.make(partitions: 2)
        let publisher = room.publisher()
        #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
        return BadBatch(room: room, sku: room.sku(in: 0), publisher: publisher)
    }

    /// An honest wish that a test may spoil.
    func honest(_ token: String, _ change: (inout OutgoingMessage) -> Void = { _ in }) -> OutgoingMessage {
        var message = room.message(submit(token, sku))
        change(&message)
        return message
    }

    /// Publishes 499 honest wishes with the bad ones in their middle, then starts a worker, so that they are one
    /// batch, and waits until the queue is empty. `meanwhile` runs before the worker starts.
    @discardableResult
    func run(
        _ bad: [OutgoingMessage], meanwhile: () async throws -> Void = {},
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [Letter] {
        var messages = [room.message(define(sku, stocked: 10_000))]
        messages += (0..<249).map { honest("good-\($0)") } + bad + (249..<499).map { honest("good-\($0)") }
        let outcomes = try await publish(messages)
        #expect(outcomes.allSatisfy { $0 == .confirmed }, "\(outcomes)", sourceLocation: sourceLocation)
        try await meanwhile()
        // Whoever sees these decided knows that everything before them is done.
        let ends = (0..<2).map { room.message(submit("end-\($0)", room.sku(in: $0, "end"))) }
        #expect(try await publish(ends) == [.confirmed, .confirmed], sourceLocation: sourceLocation)
        return try await work(sourceLocation: sourceLocation)
    }

    /// Lets a worker empty the queues, and checks the honest wishes.
    func work(sourceLocation: SourceLocation = #_sourceLocation) async throws -> [Letter] {
        let pool = room.pool()
        pool.start()
        let isDone = try await eventually {
            try room.count("select count(*) from intent where token in ('end-0', 'end-1')") == 2
        }
        #expect(
            try room.count("select count(*) from intent where token like 'good-%'") == 499,
            sourceLocation: sourceLocation)
        #expect(isDone, "the batch was not decided: \(pool.stopped)", sourceLocation: sourceLocation)
        let isCaughtUp = try await eventually(within: .seconds(10)) {
            try room.count("select count(*) from partition where published < head") == 0
        }
        #expect(isCaughtUp, "the cursor lags", sourceLocation: sourceLocation)
        try await onThread { [publisher] in
            pool.stop()
            publisher.stop(drain: .zero)
        }
        // Stopped in order, everything was acknowledged: nothing comes back.
        let isEmpty = try await eventually { try room.depth(0) == 0 && room.depth(1) == 0 }
        #expect(isEmpty, sourceLocation: sourceLocation)
        let report = try LiveAudit(databaseURL: room.databaseURL).run()
        #expect(report.holds, "\(report.lines)", sourceLocation: sourceLocation)
        return try room.texts("select reason || '|' || seen from dead_letter order by id").map {
            let parts = $0.split(separator: "|")
            return Letter(reason: String(parts[0]), seen: Int(parts[1]) ?? 0)
        }
    }

    /// Publishes one behind the other; the outcomes in the order of the messages.
    func publish(_ messages: [OutgoingMessage]) async throws -> [Publisher.Outcome] {
        let ledger = Ledger()
        publisher.publish(messages) { position, outcome in ledger.note(position, outcome) }
        _ = try await eventually { ledger.outcomes.count == messages.count }
        let known = ledger.outcomes
        return messages.indices.map { known[$0] ?? .timedOut }
    }
}

/// What became of messages, by their position.
private final class Ledger: Sendable {
    private let known = Mutex<[Int: Publisher.Outcome]>([:])
    var outcomes: [Int: Publisher.Outcome] { known.withLock { $0 } }
    func note(_ position: Int, _ outcome: Publisher.Outcome) { known.withLock { $0[position] = outcome } }
}

extension LiveRoom {
    /// How many messages of a partition are ready.
    func depth(_ partition: Int) throws -> Int {
        let connection = try connection()
        defer { connection.close() }
        return try connection.checkQueue(BrokerTopology.intentsQueue(partition)).messageCount
    }
}
