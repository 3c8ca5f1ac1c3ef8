import Foundation
import PostgresClient
import Testing

/// A transaction takes effect once, not at all, or says that it does not know.
@Suite struct TransactionTests {
    private static let table = "CREATE TABLE fact (n int PRIMARY KEY)"

    private func add(_ n: Int32) -> Query { query("INSERT INTO fact VALUES ($1)", [.int4(n)]) }

    private func count(_ session: Session) throws -> Int {
        try session.run(query("SELECT count(*) FROM fact")).int(0, 0)
    }

    @Test func everyQueryIsAnsweredInOrder() async throws {
        let session = try makeSession(try await testDatabaseURL())
        try session.execute(script: Self.table)
        let answers = try session.transaction([add(1), add(2), query("SELECT n FROM fact ORDER BY n")])
        #expect(answers.map(\.affected) == [1, 1, 2])
        #expect(answers.map(\.tag) == ["INSERT 0 1", "INSERT 0 1", "SELECT 2"])
        #expect(answers[2].int(1, 0) == 2)
        #expect(try session.transaction([]).isEmpty)
    }

    @Test func nothingOfAFailedBatchStays() async throws {
        let session = try makeSession(try await testDatabaseURL())
        try session.execute(script: Self.table)
        #expect(try postgresError { _ = try session.transaction([add(1), add(1)]) }.queryIndex == 1)
        #expect(try postgresError { _ = try session.run([add(2), add(2)]) }.queryIndex == 1)
        #expect(try count(session) == 0)
    }

    @Test func aDeferredConstraintFailsAtCommit() async throws {
        let session = try makeSession(try await testDatabaseURL())
        try session.execute(
            script: Self.table
                + "; CREATE TABLE child (n int REFERENCES fact DEFERRABLE INITIALLY DEFERRED)")
        let error = try postgresError { _ = try session.transaction([query("INSERT INTO child VALUES (9)")]) }
        #expect(error.kind == .constraint)
        #expect(error.queryIndex == nil)
        #expect(error.statement == "COMMIT")
        #expect(try count(session) == 0)
    }

    @Test func aCommitWithTheTagRollbackIsNoCommit() async throws {
        let url = try await testDatabaseURL()
        let proxy = try Proxy(to: url)
        defer { proxy.close() }
        let session = try makeSession(proxy.url)
        let commit = Array("C\0\0\0\u{0B}COMMIT\0".utf8)
        proxy.set(.rewrite(commit, Array("C\0\0\0\u{0D}ROLLBACK\0".utf8)))
        let error = try postgresError { _ = try session.transaction([query("SELECT 1")]) }
        #expect(error.kind == .other)
        #expect(error.message.contains("ROLLBACK"))
        proxy.set(.forward)
        #expect(try session.transaction([query("SELECT 1")]).count == 1)
    }

    @Test func aTransactionInsideATransactionIsRefused() async throws {
        let session = try makeSession(try await testDatabaseURL())
        _ = try session.run(query("BEGIN"))
        #expect(try postgresError { _ = try session.transaction([]) }.kind == .other)
        _ = try session.run(query("ROLLBACK"))
        #expect(try session.transaction([]).isEmpty)
    }

    @Test func twoSessionsInEachOthersWayAreToldToRetry() async throws {
        let url = try await testDatabaseURL()
        let first = try makeSession(url)
        func lock(_ key: Int32) -> Query { query("SELECT pg_advisory_xact_lock($1)", [.int4(key)]) }
        _ = try first.run([query("BEGIN")])
        _ = try first.run(lock(2))
        let other = Pending<PostgresError.Kind?> {
            let second = try makeSession(url)
            do {
                _ = try second.transaction([
                    query("SELECT pg_advisory_xact_lock(1)"), query("SELECT pg_advisory_xact_lock(2)"),
                ])
                return nil
            } catch let error as PostgresError { return error.kind }
        }
        try eventually { try first.run(query("SELECT 1 FROM pg_locks WHERE NOT granted")).count == 1 }
        var kind: PostgresError.Kind?
        do { _ = try first.run(lock(1)) } catch { kind = error.kind }
        _ = try first.run(query("ROLLBACK"))
        let kinds = [kind, try other.value()]
        #expect(kinds == [.retry, nil] || kinds == [nil, .retry])
    }

    @Test func aLostAnswerToCommitIsUncertainAndWasCommitted() async throws {
        let url = try await testDatabaseURL()
        let proxy = try Proxy(to: url)
        defer { proxy.close() }
        let watcher = try makeSession(url)
        try watcher.execute(script: Self.table)
        let session = try makeSession(proxy.url)
        _ = try session.transaction([add(1)])
        proxy.set(.cutOnAnswer)
        let error = try postgresError { _ = try session.transaction([add(2)]) }
        #expect(error.kind == .commitUncertain)
        #expect(session.isBroken)
        #expect(try count(watcher) == 2)
        #expect(try postgresError { _ = try session.transaction([add(3)]) }.kind == .away)
    }

    @Test func aLostCommitIsUncertainAndWasNotCommitted() async throws {
        let url = try await testDatabaseURL()
        let proxy = try Proxy(to: url)
        defer { proxy.close() }
        let watcher = try makeSession(url)
        try watcher.execute(script: Self.table)
        let session = try makeSession(proxy.url)
        proxy.set(.cutOnRequest)
        #expect(try postgresError { _ = try session.transaction([add(2)]) }.kind == .commitUncertain)
        #expect(try count(watcher) == 0)
    }

    @Test func aBlackHoleDuringCommitIsUncertain() async throws {
        let proxy = try Proxy(to: try await testDatabaseURL())
        defer { proxy.close() }
        let session = try makeSession(proxy.url) { $0.answerTimeoutSeconds = 1 }
        proxy.set(.hole)
        let error = try postgresError { _ = try session.transaction([query("SELECT 1")]) }
        #expect(error.kind == .commitUncertain)
        #expect(error.message.contains("within 1 s"))
    }

    @Test func aBackendThatEndsBeforeCommitIsCertain() async throws {
        let url = try await testDatabaseURL()
        let watcher = try makeSession(url)
        try watcher.execute(script: Self.table)
        let worker = Pending<PostgresError.Kind?> {
            let session = try makeSession(url)
            do {
                _ = try session.transaction([
                    query("INSERT INTO fact VALUES (1)"), query("SELECT pg_sleep(30)"),
                ])
                return nil
            } catch let error as PostgresError {
                return session.isBroken && error.sqlState == "57P01" && error.queryIndex == 1
                    ? error.kind : nil
            }
        }
        try eventually {
            try watcher.run(
                query(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE wait_event = 'PgSleep' AND datname = current_database()
                    """)
            ).count == 1
        }
        #expect(try worker.value() == .away)
        #expect(try count(watcher) == 0)
    }
}
