import PostgresClient
import WeirCore
import WeirLive
import WeirWire

@testable import WeirPipeline

extension PartitionStore {
    /// Every second event has one.
    private static var trace: TraceParent? {
        TraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    }

    /// Decides commands as a worker would, but writes nothing yet.
    func prepare(
        _ commands: [Command], partition: Int, dueUntil: Timestamp? = nil
    ) throws -> BatchWrite {
        var snapshot = try read(SnapshotRequest(for: commands, dueUntil: dueUntil))
        let decision = try LineMemory().decide(commands, &snapshot, self)
        var write = BatchWrite(
            headBefore: snapshot.head, decision: decision, at: snapshot.now,
            published: try position().published)
        write.events = decision.events.map { event in
            LoggedEvent(
                seq: event.seq, at: event.at, type: event.happening.type,
                sku: event.happening.sku?.text ?? "",
                token: (event.happening.token ?? event.happening.order)?.text, replyTo: nil,
                correlationID: nil,
                trace: event.seq.isMultiple(of: 2) ? Self.trace : nil,
                body: event.happening.body(partition: partition))
        }
        return write
    }

    /// Decides commands and commits.
    @discardableResult
    func decideByHand(_ commands: [Command], partition: Int = 0) throws -> BatchWrite {
        let write = try prepare(commands, partition: partition)
        try commit(write)
        return write
    }
}

extension LiveRoom {
    /// Takes a partition's lock; tries again while its former owner's session is still ending.
    func openStore(_ partition: Int = 0) throws -> LivePartitionStore {
        let settings = SessionSettings(url: databaseURL, applicationName: "test")
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do throws(StoreError) {
                return try LivePartitionStore(settings, partition: partition, of: partitioning)
            } catch {
                guard error.kind == .notOwner, ContinuousClock.now < deadline else { throw error }
            }
        }
    }
}
