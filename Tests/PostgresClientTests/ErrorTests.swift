import PostgresClient
import Testing

/// What the server refuses becomes one error with the right kind, and the session goes on.
@Suite struct ErrorTests {
    static let cases: [(String, PostgresError.Kind, String)] = [
        ("SELECT 1 / 0", .data, "22012"),
        ("SELECT 'secret'::text::int4", .data, "22P02"),
        ("INSERT INTO thing VALUES (1, 1)", .unique, "23505"),
        ("INSERT INTO thing VALUES (2, -1)", .constraint, "23514"),
        ("INSERT INTO thing VALUES (NULL, 1)", .constraint, "23502"),
        ("DO $$ BEGIN RAISE 'again' USING ERRCODE = '40001'; END $$", .retry, "40001"),
        (
            "DO $$ BEGIN RAISE 'head' USING ERRCODE = 'WR001', DETAIL = 'd', HINT = 'h'; END $$", .raised,
            "WR001"
        ),
        ("DO $$ BEGIN RAISE 'full' USING ERRCODE = '53100'; END $$", .away, "53100"),
        ("SELECT * FROM nowhere", .other, "42P01"),
        ("SELEC", .other, "42601"),
    ]

    @Test(arguments: cases)
    func aRefusalHasItsKindAndTheSessionGoesOn(_ sql: String, _ kind: PostgresError.Kind, _ state: String)
        async throws
    {
        let session = try makeSession(try await testDatabaseURL())
        try session.execute(
            script: "CREATE TABLE thing (id int PRIMARY KEY, n int CONSTRAINT n_positive CHECK (n > 0));"
                + "INSERT INTO thing VALUES (1, 1)")
        let attempts: [(Session) throws -> Void] = [
            { _ = try $0.run(query(sql)) },
            { _ = try $0.run([query("SELECT 1"), query(sql), query("SELECT 2"), query("SELECT 1 / 0")]) },
            { _ = try $0.transaction([query("SELECT 1"), query(sql), query("SELECT 2")]) },
            { try $0.execute(script: "SELECT 1; \(sql)") },
            { try $0.execute(script: "BEGIN; \(sql); COMMIT") },
        ]
        for (attempt, index) in zip(attempts, [0, 1, 1, nil, nil] as [Int?]) {
            let error = try postgresError { try attempt(session) }
            #expect(error.kind == kind)
            #expect(error.sqlState == state)
            #expect(error.queryIndex == index)
            #expect(!session.isBroken)
            #expect(try session.run(query("SELECT 5")).int(0, 0) == 5)
            #expect(try session.transaction([query("SELECT 6")])[0].int(0, 0) == 6)
        }
    }

    @Test func descriptionsKeepValuesToThemselves() async throws {
        let session = try makeSession(try await testDatabaseURL())
        try session.execute(script: "CREATE TABLE card (number text CONSTRAINT card_once UNIQUE)")
        let insert = Query(Statement(name: "add_card", sql: "INSERT INTO card VALUES ($1)"), [.text("4111")])
        _ = try session.run(insert)
        let unique = try postgresError { _ = try session.run(insert) }
        #expect(unique.constraint == "card_once")
        #expect(unique.table == "card")
        #expect(unique.statement == "add_card")
        #expect(!"\(unique)".contains("4111"))
        #expect(String(reflecting: unique).contains("4111"))
        let data = try postgresError {
            _ = try session.run(query("SELECT $1::text::int4", [.text("4111\"x")]))
        }
        #expect(!"\(data)".contains("4111"))
        #expect("\(data)".contains("SQLSTATE 22P02"))
    }

    @Test func textWithNULIsTheDatasFault() async throws {
        let session = try makeSession(try await testDatabaseURL())
        for value in [Bind.text("a\0b"), .texts(["fine", "\0"])] {
            let error = try postgresError { _ = try session.transaction([query("SELECT $1", [value])]) }
            #expect(error.kind == .data)
            #expect(error.sqlState == "22021")
            #expect(error.queryIndex == 0)
        }
        #expect(try session.run([]).isEmpty)
        #expect(try postgresError { try session.execute(script: "SELECT 1;\0 SELECT 2") }.kind == .other)
    }

    @Test func aStatementThatCouldNotBePreparedIsPreparedAgain() async throws {
        let session = try makeSession(try await testDatabaseURL())
        let late = query("SELECT n FROM late")
        for _ in 0..<2 {
            #expect(try postgresError { _ = try session.run([late, late]) }.queryIndex == 0)
        }
        let behind = query("SELECT 1 AS behind")
        #expect(try postgresError { _ = try session.run([query("SELECT 1 / 0"), behind]) }.queryIndex == 0)
        try session.execute(script: "CREATE TABLE late AS SELECT 3 AS n")
        #expect(try session.run([late, late, behind]).map { $0.int(0, 0) } == [3, 3, 1])
    }

    @Test func aPreparedStatementThatTheServerLostHealsAfterOneError() async throws {
        let session = try makeSession(try await testDatabaseURL())
        try session.execute(script: "CREATE TABLE shape AS SELECT 1 AS n")
        let select = query("SELECT * FROM shape")
        _ = try session.run(select)
        try session.execute(script: "DEALLOCATE ALL")
        #expect(try postgresError { _ = try session.run(select) }.sqlState == "26000")
        #expect(try session.run(select).columnCount == 1)
        try session.execute(script: "ALTER TABLE shape ADD m int")
        #expect(try postgresError { _ = try session.run(select) }.sqlState == "0A000")
        #expect(try session.run(select).columnCount == 2)
    }

    @Test func copyEndsTheSessionInsteadOfHangingIt() async throws {
        let url = try await testDatabaseURL()
        let script = try makeSession(url)
        _ = try postgresError { try script.execute(script: "CREATE TABLE t (n int); COPY t FROM STDIN") }
        #expect(script.isBroken)
        let pipeline = try makeSession(url)
        _ = try postgresError { _ = try pipeline.run(query("COPY (SELECT 1) TO STDOUT")) }
        #expect(pipeline.isBroken)
    }

    @Test func tooManyValuesAreRefusedBeforeTheyAreSent() async throws {
        let session = try makeSession(try await testDatabaseURL())
        let error = try postgresError {
            _ = try session.run(query("SELECT 1", Array(repeating: .int4(1), count: 65_536)))
        }
        #expect(error.kind == .data)
    }
}
