import Foundation
import PostgresClient
import Testing

/// The URL of a new, empty database of the test's own.
func testDatabaseURL() async throws -> String {
    try PrivatePostgres.shared.get().newDatabaseURL()
}

/// A session on a server, with short time-outs where a test needs them.
func makeSession(_ url: String, _ change: (inout SessionSettings) -> Void = { _ in }) throws -> Session {
    var settings = SessionSettings(url: url, applicationName: "tests")
    change(&settings)
    return try Session(settings)
}

/// An ad-hoc query for a test.
func query(_ sql: String, _ binds: [Bind] = []) -> Query {
    Query(Statement(name: "test", sql: sql), binds)
}

/// The PostgresError that a closure throws; anything else fails the test.
func postgresError(_ body: () throws -> Void) throws -> PostgresError {
    let error = #expect(throws: PostgresError.self) { try body() }
    return try #require(error)
}

/// Asks again and again, without pausing, until the answer is yes. The question is a round trip and so costs little.
func eventually(withinSeconds seconds: Double = 10, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try condition() { return }
    }
    Issue.record("the condition did not come true within \(seconds) s")
}
