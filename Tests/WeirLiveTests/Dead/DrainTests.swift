import AMQPClient
import Testing
import WeirTopology

@testable import WeirLive

/// What the broker dead-letters itself reaches the table, by whichever worker drains.
@Suite struct DrainTests {
    @Test func aMessageThatTheBrokerGaveUpBecomesALetterWithItsPartitionAndReason() async throws {
        let dead = try await DeadRoom.make()
        var message = dead.room.message(submit("late", dead.other))
        message.properties.expiration = "1"
        // A consumer that looks at the queue makes the broker notice what has expired; without one it lies there.
        #expect(await dead.publisher.publish(message) == .confirmed)
        let letter: DeadLetterView = try await {
            try await dead.work {
                try await eventually { try dead.room.count("select count(*) from dead_letter") == 1 }
            }
            return try await dead.letter("late")
        }()
        #expect(letter.reason == "broker_expired" && letter.partition == 1 && letter.sku == dead.other)
        #expect(letter.exchange == BrokerTopology.intents && letter.routingKey == "1")
        #expect(letter.body == message.body && letter.state == .open)
        #expect(try await eventually { try dead.waiting() == 0 })
        // It can be saved like any other.
        #expect(try await dead.replay().published == 1)
        try await dead.work { try await eventually { try dead.status("late") == "rejected" } }
        try await dead.end()
    }

    @Test func aLetterThatComesTwiceIsOneRow() async throws {
        let dead = try await DeadRoom.make()
        for _ in 0..<3 { #expect(await dead.publisher.publish(dead.given("t")) == .confirmed) }
        try await dead.work {
            try await eventually {
                try dead.room.count("select coalesce(sum(seen), 0)::bigint from dead_letter") == 3
            }
        }
        let letters = try await dead.list()
        #expect(letters.map(\.seen) == [3])
        #expect(letters.first?.reason == "broker_delivery_limit" && letters.first?.partition == 0)
        try await dead.end()
    }

    @Test func whatStrangersPublishToTheDeadIsKeptAndNotBelieved() async throws {
        let dead = try await DeadRoom.make()
        let bodies: [[UInt8]] = [[], [0xFF, 0x00], Array("{".utf8), Array(#"{"token":"x","sku":"y"}"#.utf8)]
        for body in bodies {
            var message = OutgoingMessage(exchange: BrokerTopology.dead, routingKey: "", body: body)
            message.properties.headers = FieldTable([
                (
                    "x-death",
                    .array([.table(FieldTable([("reason", .string("nonsense")), ("queue", .int(7))]))])
                )
            ])
            #expect(await dead.publisher.publish(message) == .confirmed)
        }
        try await dead.work {
            try await eventually { try dead.room.count("select count(*) from dead_letter") == bodies.count }
        }
        let letters = try await dead.list()
        #expect(letters.allSatisfy { $0.reason == "not_dead_lettered" })
        #expect(letters.map(\.body) == bodies)
        // Only the one that names a SKU belongs somewhere.
        #expect(letters.map { $0.partition == nil } == [true, true, true, false])
        try await dead.end()
    }

    @Test func theDoctorsProbeIsNoLetter() async throws {
        let dead = try await DeadRoom.make()
        let probe = OutgoingMessage(
            exchange: BrokerTopology.dead, routingKey: "",
            properties: MessageProperties(type: DeadQueueDrain.probeType), body: [])
        var withBody = probe
        withBody.body = [1]
        #expect(await dead.publisher.publish(probe) == .confirmed)
        #expect(await dead.publisher.publish(withBody) == .confirmed)
        try await dead.work {
            try await eventually {
                try dead.room.count("select count(*) from dead_letter") == 1 && dead.waiting() == 0
            }
        }
        #expect(try await dead.list().map(\.body) == [[1]])
        try await dead.end()
    }

    /// Promise 7: as long as the row cannot be committed the message stays with the broker.
    @Test func aLetterIsAcknowledgedOnlyAfterItsRowIsCommitted() async throws {
        let dead = try await DeadRoom.make()
        try dead.room.execute(
            """
            create function refuse() returns trigger language plpgsql as
                $$ begin raise exception using errcode = '53100', message = 'no room'; end $$;
            create trigger refuse before insert on dead_letter execute function refuse();
            """)
        #expect(await dead.publisher.publish(dead.given("t")) == .confirmed)
        let pool = dead.room.pool()
        pool.start()
        // It was delivered, and the transaction was tried.
        #expect(try await eventually { pool.isDraining })
        #expect(
            try await eventually {
                try dead.room.count(
                    "select xact_rollback from pg_stat_database where datname = current_database()") > 0
            })
        #expect(try dead.room.count("select count(*) from dead_letter") == 0)
        try dead.room.execute("drop trigger refuse on dead_letter")
        #expect(try await eventually { try dead.room.count("select count(*) from dead_letter") == 1 })
        try await onThread { pool.stop() }
        #expect(try await dead.list().map(\.seen) == [1])
        #expect(try dead.waiting() == 0)
        try await dead.end()
    }

    @Test func whatPostgresRefusesOfALetterDoesNotKeepTheOthers() async throws {
        let dead = try await DeadRoom.make()
        try dead.room.execute(
            """
            create function refuse() returns trigger language plpgsql as $$ begin
                if new.token = 'bad' then raise exception using errcode = '22021', message = 'refused'; end if;
                return new;
            end $$;
            create trigger refuse before insert on dead_letter for each row execute function refuse();
            """)
        for token in ["a", "bad", "c"] {
            #expect(await dead.publisher.publish(dead.given(token)) == .confirmed)
        }
        try await dead.work {
            try await eventually { try dead.room.count("select count(*) from dead_letter") == 3 }
        }
        let letters = try await dead.list()
        #expect(letters.map(\.token) == ["a", nil, "c"])
        #expect(letters[1].body == dead.given("bad").body)
        #expect(letters[1].detail.contains("could not be stored"))
        try await dead.end()
    }

    @Test func anotherWorkerTakesOverWhenTheDrainerDies() async throws {
        let dead = try await DeadRoom.make()
        let pools = (0..<2).map { _ in dead.room.pool() }
        pools.forEach { $0.start() }
        #expect(try await eventually { pools.contains { $0.isDraining } })
        #expect(pools.count(where: \.isDraining) == 1)
        // Its session ends without a goodbye; somebody goes on.
        try dead.room.execute(
            """
            select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
            where d.datname = current_database() and l.locktype = 'advisory' and l.granted
                and l.classid::integer = x'57454944'::integer
            """)
        #expect(await dead.publisher.publish(dead.given("one")) == .confirmed)
        #expect(try await eventually { try dead.room.count("select count(*) from dead_letter") == 1 })
        // It stops; the other one goes on.
        let leaving = try #require(pools.first { $0.isDraining })
        let staying = try #require(pools.first { $0 !== leaving })
        try await onThread { leaving.stop() }
        #expect(try await eventually { staying.isDraining })
        #expect(await dead.publisher.publish(dead.given("two")) == .confirmed)
        #expect(try await eventually { try dead.room.count("select count(*) from dead_letter") == 2 })
        try await onThread { staying.stop() }
        try await dead.end()
    }
}

extension DeadRoom {
    /// A wish as the broker would bring it to the dead after too many deliveries.
    func given(_ token: String) -> OutgoingMessage {
        var message = room.message(submit(token, sku))
        message.exchange = BrokerTopology.dead
        message.routingKey = ""
        message.properties.headers = FieldTable([
            (
                "x-death",
                .array([
                    .table(
                        FieldTable([
                            ("reason", .string("delivery_limit")),
                            ("queue", .string(BrokerTopology.intentsQueue(0))),
                            ("exchange", .string(BrokerTopology.intents)),
                            ("routing-keys", .array([.string("0")])),
                        ]))
                ])
            )
        ])
        return message
    }

    /// How many messages wait in `weir.dead`.
    func waiting() throws -> Int {
        let connection = try room.connection()
        defer { connection.close() }
        return try connection.checkQueue(BrokerTopology.dead).messageCount
    }
}
