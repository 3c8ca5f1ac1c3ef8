import Glibc
import PostgresClient
import Testing
import WeirCore
import WeirPipeline
import WeirTopology

@testable import WeirLive

/// A room whose log is written by hand, batch by batch, and pruned at moments between them.
struct PruneRoom {
    let room: LiveRoom
    let store: LivePartitionStore

    /// Its session belongs to the thread: nothing may be awaited while it is in use.
    init(_ room: LiveRoom) throws {
        self.room = room
        store = try room.openPatientStore()
    }

    // MARK: History

    @discardableResult
    func decide(_ commands: Command...) throws -> BatchWrite { try store.decideByHand(commands) }

    /// The database's clock, behind everything that was decided so far.
    func now() throws -> Timestamp { try room.session().now() }

    /// Says that the broker has confirmed every event.
    func publish() throws { try room.execute("update partition set published = head") }

    /// Lets holds expire, once they are due.
    func expire() throws {
        let isDone = try untilTrue {
            let write = try store.prepare([], partition: 0, dueUntil: try now())
            guard !write.decision.changed.isEmpty else { return false }
            try store.commit(write)
            return true
        }
        #expect(isDone, "no hold came due")
    }

    // MARK: Pruning

    func prune(
        _ before: Timestamp, sold: Timestamp? = nil, step: Int = Prune.step
    ) throws -> PruneReport {
        try Prune(databaseURL: room.databaseURL, step: step).perform(
            PruneOrder(before: before, soldBefore: sold))
    }

    func audit() throws -> AuditReport { try LiveAudit(databaseURL: room.databaseURL).run() }

    func expectPromisesKept(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let report = try audit()
        #expect(report.holds, "\(report.lines)", sourceLocation: sourceLocation)
    }

    /// Every token that has a row, and its status.
    func statuses() throws -> [String] {
        try room.texts("select token || ' ' || status from intent order by token")
    }

    /// All that the database holds of what a prune touches, as text.
    func everything() throws -> [String] {
        try [
            "event", "intent", "command", "sku", "buyer_total", "checkpoint", "checkpoint_sku",
            "checkpoint_intent", "pruned_buyer", "orders", "order_part", "event_address", "checkpoint_order",
            "late_payment",
        ].flatMap { try room.texts("select row(t.*)::text from \($0) t order by 1") }
    }

    func outcome(of token: String) throws -> String? {
        try room.texts(
            "select status || coalesce(' ' || reason::text, '') from intent where token = $1", [.text(token)]
        ).first
    }
}

/// Asks again and again, without leaving the thread.
func untilTrue(_ condition: () throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        usleep(10_000)
    }
    return try condition()
}

func confirm(_ token: String, _ sku: String, id: String? = nil) -> Command {
    .confirm(
        IntentChange(
            id: CommandID(unchecked: id ?? "confirm-\(token)"), token: Token(unchecked: token),
            sku: SKU(unchecked: sku)))
}

func cancel(_ token: String, _ sku: String, _ units: Int64? = nil, id: String? = nil) -> Command {
    .cancel(
        IntentChange(
            id: CommandID(unchecked: id ?? "cancel-\(token)"), token: Token(unchecked: token),
            sku: SKU(unchecked: sku), quantity: units.map(Quantity.init(unchecked:))))
}

func define(_ sku: String, stocked: Int64, id: String, _ change: (inout SKUPolicy) -> Void) -> Command {
    var policy = SKUPolicy(holdSeconds: 3_600)
    change(&policy)
    return .define(
        Definition(
            id: CommandID(unchecked: id), sku: SKU(unchecked: sku), stocked: stocked, policy: policy))
}

extension LiveRoom {
    /// A store whose session may be idle for as long as the rest of a test takes.
    func openPatientStore(_ partition: Int = 0) throws -> LivePartitionStore {
        let store = try openStore(partition)
        try store.session.execute(script: "set idle_session_timeout = 0")
        return store
    }
}

extension Session {
    /// The database's clock; ends the session.
    func now() throws -> Timestamp {
        defer { close() }
        return Timestamp(microseconds: try run(Query(Queries.prunePages)).timestamp(0, 2))
    }
}
