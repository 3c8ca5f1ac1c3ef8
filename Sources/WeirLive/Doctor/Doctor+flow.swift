import AMQPClient
import PostgresClient
import WeirTopology

/// Whether what comes in goes through: owners, deliveries, the cursor. Looks twice, some seconds apart.
extension Doctor {
    private struct Look {
        var heads: [Int64] = []
        var published: [Int64] = []
        /// How long the first unpublished event has waited, in seconds.
        var waits: [Int?] = []
        /// Of each queue the messages that are ready, and its consumers.
        var queues: [QueueStatus] = []
    }

    func flow(_ session: Session, _ connection: Connection, partitions: Int) throws -> [Finding] {
        let first = try look(session, connection, partitions)
        StopSignal().wait(watch)
        let second = try look(session, connection, partitions)
        let owners = try PartitionOwners(session)
        return [try ownership(owners, partitions, session)]
            + deliveries(first, second, owners, connection)
            + [cursor(first, second, owners), try deadLetters(session, second)]
    }

    private func look(_ session: Session, _ connection: Connection, _ partitions: Int) throws -> Look {
        var look = Look()
        let rows = try session.run(Query(Queries.doctorPartitions))
        for row in 0..<rows.count {
            look.heads.append(rows.int8(row, 1))
            look.published.append(rows.int8(row, 2))
            look.waits.append(rows.optionalInt(row, 3))
        }
        for queue in BrokerTopology(partitions: partitions).queues {
            look.queues.append(try connection.checkQueue(queue.name))
        }
        return look
    }

    private func ownership(_ owners: PartitionOwners, _ partitions: Int, _ session: Session) throws -> Finding
    {
        let orphans = (0..<partitions).filter { owners.processes[$0] == nil }
        guard !orphans.isEmpty else { return .well("owners", "every partition has one") }
        let rows = try session.run(
            Query(Queries.ownShowLocks, [.int4(LockClass.partition), .int4(LockClass.worker)]))
        let workers = (0..<rows.count).count { rows.int4($0, 0) == LockClass.worker }
        let list = orphans.map(String.init).joined(separator: ", ")
        return .sick(
            "owners",
            "without an owner: partition\(orphans.count == 1 ? "" : "s") \(list) of \(partitions), with \(workers) worker"
                + " process\(workers == 1 ? "" : "es") there",
            mend: workers == 0
                ? "weir serve --role worker"
                : "look into the workers' logs for 'partition stopped', which says why; then restart them")
    }

    private func deliveries(
        _ first: Look, _ second: Look, _ owners: PartitionOwners, _ connection: Connection
    ) -> [Finding] {
        var findings: [Finding] = []
        for (before, after) in zip(first.queues, second.queues) where after.messageCount > 0 {
            let waiting = "\(after.messageCount) messages are ready in \(after.name)"
            if after.consumerCount == 0 {
                findings.append(
                    .sick(
                        "deliveries", "\(waiting), and nobody consumes it", mend: "weir serve --role worker"))
                continue
            }
            let partition = Int(after.name.suffix(2))
            let hasMoved = partition.map { first.heads[$0] != second.heads[$0] } ?? false
            guard before.messageCount > 0, after.messageCount >= before.messageCount, !hasMoved else {
                continue
            }
            let owner = partition.flatMap { owners.processes[$0] }
            findings.append(
                .sick(
                    "deliveries", "\(waiting), and in \(watch) none was decided though it has a consumer",
                    mend: owner.map { "restart the worker that owns it: kill \($0), on its machine" }
                        ?? "rabbitmqctl -p '\(connection.virtualHost)' list_consumers shows who holds it without deciding"
                ))
        }
        return findings.isEmpty ? [.well("deliveries", "no queue waits for its consumer")] : findings
    }

    private func cursor(_ first: Look, _ second: Look, _ owners: PartitionOwners) -> Finding {
        for (partition, wait) in second.waits.enumerated() {
            guard let wait, wait > Self.publishPatience,
                first.published[partition] == second.published[partition]
            else { continue }
            let count = second.heads[partition] - second.published[partition]
            return .sick(
                "cursor",
                "\(count) event\(count == 1 ? "" : "s") of partition \(partition) \(count == 1 ? "is" : "are") not"
                    + " published, the first one for \(wait) s",
                mend: owners.processes[partition] == nil
                    ? "weir serve --role worker"
                    : "rabbitmqctl status shows whether an alarm stops publishers")
        }
        let most = zip(second.heads, second.published).map { $0 - $1 }.max() ?? 0
        return .well("cursor", "at most \(most) events behind")
    }

    /// Open letters are a person's work and no sickness; a queue that nobody drains is one.
    private func deadLetters(_ session: Session, _ look: Look) throws -> Finding {
        let open = try DeadLetterShelf(session).count(.init()).letters
        return .well(
            "dead_letters", open == 0 ? "none is open" : "\(open) open: `weir dead groups` shows why")
    }
}
