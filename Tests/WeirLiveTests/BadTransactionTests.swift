import Testing
import WeirCore

/// A message of good form that PostgreSQL nevertheless refuses: the data's fault, found by halving the batch.
@Suite struct BadTransactions {
    @Test(arguments: ["22003", "22P05"]) func theCulpritIsFoundAndTheOthersAreDecided(
        state: String
    ) async throws {
        let batch = try await BadBatch.make()
        try batch.room.refuse("culprit", state)
        let letters = try await batch.run([batch.honest("culprit")])
        #expect(letters == [.init(reason: "data_error", seen: 1)])
        #expect(try batch.room.texts("select token from dead_letter") == ["culprit"])
        #expect(try batch.room.count("select sold from sku") == 499)
    }

    @Test func severalCulpritsAreFoundTogether() async throws {
        let batch = try await BadBatch.make()
        try batch.room.refuse("culprit%", "22023")
        let letters = try await batch.run((0..<5).map { batch.honest("culprit-\($0)") })
        #expect(letters.map(\.reason) == Array(repeating: "data_error", count: 5))
        #expect(try batch.room.count("select count(distinct token) from dead_letter") == 5)
    }

    /// Another partition's worker was in the way: the same batch again, and nobody is punished.
    @Test func aDeadlockIsTriedAgain() async throws {
        let batch = try await BadBatch.make()
        try batch.room.refuse("unlucky", "40P01", times: 3)
        let letters = try await batch.run([batch.honest("unlucky")])
        #expect(letters.isEmpty)
        #expect(try batch.room.count("select sold from sku") == 500)
    }

    /// FAULTS.md row 4: the session ends in the middle of its transaction, several times.
    @Test func aBackendTerminatedInATransactionIsReplacedAndTheBatchDecidedAgain() async throws {
        let batch = try await BadBatch.make()
        try batch.room.refuse("victim", nil, times: 3)
        let letters = try await batch.run([batch.honest("victim")])
        #expect(letters.isEmpty)
        #expect(try batch.room.count("select sold from sku") == 500)
        #expect(try batch.room.count("select count(*) from event where token = 'victim'") == 1)
    }
}

extension LiveRoom {
    /// Has the database refuse intents with such a token, at most so many times; without a state the backend that
    /// wants to write them ends. A sequence counts, because it is not rolled back.
    func refuse(_ token: String, _ state: String?, times: Int = 1_000_000) throws {
        let strike =
            state.map { "raise exception using errcode = '\($0)', message = 'refused by the test';" }
            ?? "perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1);"
        try execute(
            """
            create sequence strikes;
            create function strike() returns trigger language plpgsql as $$
            begin
                if new.token like '\(token)' and nextval('strikes') <= \(times) then
                    \(strike)
                end if;
                return new;
            end
            $$;
            create trigger strike before insert on intent for each row execute function strike();
            """)
    }
}
