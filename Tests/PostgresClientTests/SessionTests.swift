import Foundation
import PostgresClient
import Testing

/// How sessions begin, wait and end.
@Suite struct SessionTests {
    @Test func settingsReachTheServerAndTheURLWins() async throws {
        let url = try await testDatabaseURL()
        let plain = try makeSession(url) { $0.idleSessionTimeoutSeconds = 7 }
        func show(_ session: Session, _ name: String) throws -> String {
            try session.run(query("SELECT current_setting($1)", [.text(name)])).text(0, 0)
        }
        #expect(try show(plain, "application_name") == "tests")
        #expect(try show(plain, "tcp_user_timeout") == "5000")
        #expect(try show(plain, "client_connection_check_interval") == "1s")
        #expect(try show(plain, "tcp_keepalives_idle") == "2")
        #expect(try show(plain, "tcp_keepalives_interval") == "1")
        #expect(try show(plain, "tcp_keepalives_count") == "3")
        #expect(try show(plain, "statement_timeout") == "30s")
        #expect(try show(plain, "idle_in_transaction_session_timeout") == "5s")
        #expect(try show(plain, "idle_session_timeout") == "7s")
        #expect(try show(plain, "client_encoding") == "UTF8")
        #expect(try plain.run(query("SELECT pg_backend_pid()")).int4(0, 0) == plain.backendPID)
        let explicit = try makeSession(
            url + "?application_name=mine&client_encoding=LATIN1&options=-c%20statement_timeout%3D9s")
        #expect(try show(explicit, "application_name") == "mine")
        #expect(try show(explicit, "statement_timeout") == "9s")
        #expect(try show(explicit, "tcp_user_timeout") == "5000")
        #expect(try show(explicit, "client_encoding") == "UTF8")
    }

    @Test func aRefusedConnectionIsOneSentenceAtOnce() throws {
        let listener = try Listener()
        listener.close()
        let begin = ContinuousClock.now
        let error = try postgresError {
            _ = try makeSession("postgres://postgres:secret@127.0.0.1:\(listener.port)/none")
        }
        #expect(ContinuousClock.now - begin < .seconds(2))
        #expect(error.kind == .away)
        #expect("\(error)".contains("Connection refused"))
        #expect(!"\(error)".contains("\n"))
        #expect(!String(reflecting: error).contains("secret"))
    }

    @Test func aServerThatNeverAnswersIsGivenUp() throws {
        let listener = try Listener()
        defer { listener.close() }
        let begin = ContinuousClock.now
        let error = try postgresError {
            _ = try makeSession("postgres://postgres@127.0.0.1:\(listener.port)/none") {
                $0.connectTimeoutSeconds = 2
            }
        }
        #expect(error.kind == .away)
        #expect(ContinuousClock.now - begin < .seconds(5))
    }

    @Test(arguments: ["postgres://u:secret@[h/d", "postgres//u:secret@h/db", "postgres://h/d?secret=1"])
    func aBadURLIsToldWithoutThePassword(_ url: String) throws {
        let error = try postgresError { _ = try makeSession(url) }
        #expect(error.kind == .other)
        #expect(!String(reflecting: error).contains("secret"))
    }

    @Test func aBlackHoleEndsWithTheAnswerTimeout() async throws {
        let proxy = try Proxy(to: try await testDatabaseURL())
        defer { proxy.close() }
        let session = try makeSession(proxy.url) { $0.answerTimeoutSeconds = 1 }
        proxy.set(.hole)
        let begin = ContinuousClock.now
        let error = try postgresError { _ = try session.run(query("SELECT 1")) }
        #expect(error.kind == .away)
        #expect(session.isBroken)
        #expect((.seconds(1) ... .seconds(3)).contains(ContinuousClock.now - begin))
    }

    @Test func anIdleSessionLearnsWhyItWasEnded() async throws {
        let url = try await testDatabaseURL()
        let watcher = try makeSession(url)
        let session = try makeSession(url)
        let pid = session.backendPID
        _ = try watcher.run(query("SELECT pg_terminate_backend($1, 5000)", [.int4(pid)]))
        let error = try postgresError { _ = try session.transaction([query("SELECT 1")]) }
        #expect(error.kind == .away)
        #expect(error.sqlState == "57P01")
        #expect(session.isBroken)
        #expect(session.backendPID == pid)
        #expect(try postgresError { _ = try session.run([]) }.kind == .away)
    }

    @Test func anAbandonedOrClosedSessionIsGoneFromTheServer() async throws {
        let url = try await testDatabaseURL()
        let watcher = try makeSession(url)
        for end in [Session.abandon, Session.close] {
            let session = try makeSession(url)
            let pid = session.backendPID
            end(session)()
            session.close()
            #expect(session.isBroken)
            #expect(try postgresError { try session.execute(script: "SELECT 1") }.kind == .away)
            try eventually {
                try watcher.run(query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [.int4(pid)])).count
                    == 0
            }
        }
    }

    @Test func aStatementThatTakesTooLongIsStoppedAndTheSessionGoesOn() async throws {
        let session = try makeSession(try await testDatabaseURL()) { $0.statementTimeoutSeconds = 1 }
        let error = try postgresError { _ = try session.transaction([query("SELECT pg_sleep(20)")]) }
        #expect(error.kind == .away)
        #expect(error.sqlState == "57014")
        #expect(try session.run(query("SELECT 1")).int(0, 0) == 1)
    }

    @Test func aPipelineLargerThanEverySocketBufferDoesNotDeadlock() async throws {
        let session = try makeSession(try await testDatabaseURL())
        let text = String(repeating: "x", count: 500_000)
        let answers = try session.run((0..<60).map { _ in query("SELECT $1", [.text(text)]) })
        #expect(answers.count == 60)
        #expect(answers.allSatisfy { $0.text(0, 0) == text })
    }

    @Test(arguments: [false, true]) func aHundredThousandRowsStreamInBatches(_ ahead: Bool) async throws {
        let session = try makeSession(try await testDatabaseURL())
        let series = query("SELECT n FROM generate_series(1, $1) AS n", [.int4(100_000)])
        var sum = 0
        var sizes: [Int] = []
        try session.stream(series, batch: 3_000, ahead: ahead) { rows in
            sizes.append(rows.count)
            for row in 0..<rows.count { sum += rows.int(row, 0) }
            // The session is free in between, unless the next batch is on its way already.
            guard !ahead else { return }
            let between = try session.run(query("SELECT 1"))
            #expect(between.count == 1)
        }
        #expect(sum == 100_000 * 100_001 / 2)
        #expect(sizes == Array(repeating: 3_000, count: 33) + [1_000])
        var batches = 0
        try session.stream(query("SELECT 1 WHERE false"), batch: 10, ahead: ahead) { _ in batches += 1 }
        #expect(batches == 0)
        try session.stream(query("SELECT n FROM generate_series(1, 20) AS n"), batch: 10, ahead: ahead) { _ in
            batches += 1
        }
        #expect(batches == 2)
        #expect(try session.transaction([]).isEmpty)
    }

    @Test(arguments: [false, true]) func aStreamThatFailsLeavesTheSessionUsable(_ ahead: Bool) async throws {
        struct Enough: Error {}
        let session = try makeSession(try await testDatabaseURL())
        let series = query("SELECT 100 / (500 - n) FROM generate_series(1, 1000) AS n")
        #expect(throws: Enough.self) {
            try session.stream(series, batch: 10, ahead: ahead) { _ in throw Enough() }
        }
        let error = try postgresError { try session.stream(series, batch: 100, ahead: ahead) { _ in } }
        #expect(error.kind == .data)
        #expect(try session.transaction([]).isEmpty)
        _ = try session.run(query("BEGIN"))
        #expect(throws: Enough.self) {
            try session.stream(series, batch: 10, ahead: ahead) { _ in throw Enough() }
        }
        #expect(try session.run(query("SELECT 1 FROM pg_cursors WHERE name LIKE 'stream%'")).count == 0)
        try session.stream(query("SELECT 1"), batch: 10) { rows in #expect(rows.count == 1) }
        #expect(try session.run(query("COMMIT")).tag == "COMMIT")
    }
}
