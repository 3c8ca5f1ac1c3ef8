import AMQPClient
import PostgresClient
import Testing
import WeirCore
import WeirSandbox
import WeirTopology
import WeirWire

@testable import WeirLive

/// A person mends letters, gives them up, brings them back, and moves them between databases.
@Suite struct LetterChangeTests {
    // MARK: Edit

    @Test func anEditMendsALetterAndKeepsWhatItWas() async throws {
        let dead = try await DeadRoom.make()
        let message = dead.broken("t")
        try await dead.kill([dead.room.message(define(dead.sku, stocked: 5)), message], letters: 1)
        let id = try await dead.letter("t").id
        var edit = LetterEdit()
        try edit.set("quantity=2")
        let edited = try await dead.shelf { [edit] in
            try $0.edit(id, edit, Signature(who: "bob", why: "zero is one"))
        }
        #expect(
            String(decoding: edited.body ?? [], as: UTF8.self)
                == #"{"token":"t","sku":"\#(dead.sku)","quantity":2,"buyer":"b"}"#)
        let action = try #require(try await dead.history(id).first)
        #expect(action.action == "edited" && action.who == "bob" && action.why == "zero is one")
        #expect(action.bodyBefore == message.body && action.typeBefore == CommandKind.submit.rawValue)
        #expect(try await dead.replay().published == 1)
        try await dead.work { try await eventually { try dead.status("t") == "confirmed" } }
        #expect(try dead.room.count("select sold from sku") == 2)
        // Its sender repeats what was wrong: the letter is found again, and still reads as it was mended.
        #expect(await dead.publisher.publish(message) == .confirmed)
        try await dead.work { try await eventually { try await dead.letter("t").seen == 2 } }
        #expect(try await dead.letter("t").state == .open)
        #expect(try await dead.letter("t").body == edited.body)
        try await dead.end()
    }

    @Test func whatAWorkerWouldRefuseIsNotSaved() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill([dead.broken("t")])
        let before = try await dead.letter("t")
        func refuse(_ part: String, _ make: (inout LetterEdit) throws -> Void) async throws {
            var edit = LetterEdit()
            try make(&edit)
            do {
                _ = try await dead.edit(before.id, edit)
                Issue.record("\(part): it must throw")
            } catch let error as DeadLetterError {
                #expect(error.description.contains(part), "\(error)")
            }
        }
        try await refuse("'quantity' is -1") { try $0.set("quantity=-1") }
        try await refuse("'quantity' must be a whole number") { try $0.set("quantity=two") }
        try await refuse("the token cannot change") {
            try $0.set("quantity=1")
            try $0.set("token=other")
        }
        try await refuse("the token cannot change") {
            $0.type = CommandKind.adjust.rawValue
            $0.body = Array(#"{"sku":"s","delta":1,"reason":"r"}"#.utf8)
        }
        try await refuse("'buyer' is missing") {
            try $0.set("quantity=1")
            $0.members.append(("buyer", nil))
        }
        try await refuse("unknown") { $0.type = "weir.nonsense.v1" }
        try await refuse("'colour' is unknown") {
            try $0.set("quantity=1")
            try $0.set("colour=red")
        }
        try await refuse("nothing would change") { _ in }
        try await refuse("would still be refused") { $0.body = Array("{".utf8) }
        #expect(throws: DeadLetterError.self) {
            var edit = LetterEdit(); try edit.set("quantity")
        }
        #expect(throws: DeadLetterError.self) {
            var edit = LetterEdit(); try edit.set("=2")
        }
        let after = try await dead.letter("t")
        #expect(after.body == before.body && after.type == before.type)
        #expect(try await dead.history(before.id).isEmpty)
        do {
            _ = try await dead.edit(9_999, LetterEdit())
            Issue.record("it must throw")
        } catch let error as DeadLetterError {
            #expect(error.description.contains("no dead letter 9999"))
        }
        try await dead.end()
    }

    @Test func aBodyThatIsNoJSONAndATypeThatIsMissingCanBeMended() async throws {
        let dead = try await DeadRoom.make()
        var noType = dead.room.message(submit("u", dead.sku))
        noType.properties.type = nil
        noType.properties.contentType = "text/plain"
        var noJSON = dead.broken("t")
        noJSON.body = Array("token=t".utf8)
        try await dead.kill([noType, noJSON])
        let letters = try await dead.list()
        #expect(letters.map(\.fault) == ["missing_property type", "malformed_json"])
        var edit = LetterEdit()
        edit.type = CommandKind.submit.rawValue
        let (first, second) = (letters[0].id, letters[1].id)
        _ = try await dead.edit(first, edit)
        var set = LetterEdit()
        try set.set("quantity=1")
        await #expect(throws: DeadLetterError.self) {
            try await dead.edit(second, set)
        }
        var whole = LetterEdit()
        whole.body = dead.room.message(submit("t", dead.sku)).body
        let mended = try await dead.edit(second, whole)
        #expect(mended.token == "t")
        #expect(try await dead.replay().published == 2)
        try await dead.work {
            try await eventually { try dead.status("t") != nil && dead.status("u") != nil }
        }
        try await dead.end()
    }

    // MARK: Discard and restore

    @Test func discardingAnAcceptedIntentDecidesItSoThatNobodyWaits() async throws {
        let dead = try await DeadRoom.make()
        let answers = "answers-\(UInt32.random(in: 0...(.max)))"
        let room = dead.room
        try await onThread {
            let connection = try room.connection()
            try connection.declareQueue(name: answers, durable: false)
            connection.close()
        }
        var message = dead.astray("t")
        message.properties.replyTo = answers
        message.properties.correlationID = "me"
        try await dead.kill([room.message(define(dead.sku, stocked: 5)), message], letters: 1)
        let filter = DeadLetterFilter()
        await #expect(throws: DeadLetterError.self) {
            _ = try await dead.shelf {
                try $0.discard(filter, Signature(who: "ann"), amqpURL: room.amqpURL, logger: .quiet)
            }
        }
        let outcome = try await dead.discard(filter, "sold elsewhere")
        #expect(outcome == .init(letters: 1, intents: 1))
        try await dead.work { try await eventually { try dead.status("t") == "rejected" } }
        #expect(try room.texts("select reason::text from intent") == ["discarded"])
        #expect(try room.count("select available from sku") == 5)
        // Whoever waits is told.
        let answer = try await onThread {
            let connection = try room.connection()
            defer { connection.close() }
            return try connection.get(queue: answers, noAck: true)
        }
        #expect(
            answer?.properties.type == "weir.intent.rejected.v1" && answer?.properties.correlationID == "me")
        let letter = try await dead.letter("t")
        #expect(letter.state == .discarded && letter.intentState == "rejected")
        let action = try #require(try await dead.history(letter.id).first)
        #expect(action.action == "discarded" && action.why == "sold elsewhere" && action.decides)
        // A decision is final, and the same wish again gets it.
        #expect(try await dead.restore(.any) == .init(refused: 1))
        #expect(await dead.publisher.publish(room.message(submit("t", dead.sku))) == .confirmed)
        #expect(await dead.publisher.publish(room.message(submit("end", dead.sku))) == .confirmed)
        try await dead.work { try await eventually { try dead.status("end") == "confirmed" } }
        #expect(try dead.status("t") == "rejected")
        #expect(try await onThread { try LiveAudit(databaseURL: room.databaseURL).run() }.holds)
        try await dead.end()
    }

    @Test func aLetterWithoutAnIntentIsRestoredUntilItsTokenIsAskedForAgain() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill([dead.broken("t"), dead.broken("u"), dead.broken("v")])
        #expect(try await dead.discard(DeadLetterFilter(), "rubbish") == .init(letters: 3))
        #expect(try await dead.list(DeadLetterFilter()).isEmpty)
        var one = DeadLetterFilter.any
        one.token = "t"
        #expect(try await dead.restore(one) == .init(letters: 1))
        #expect(try await dead.letter("t").state == .open)
        #expect(
            try await dead.history(try await dead.letter("t").id).map(\.action) == ["discarded", "restored"])
        // Asked for again in a valid way, it is decided: nothing is left to restore.
        #expect(await dead.publisher.publish(dead.room.message(submit("u", dead.sku))) == .confirmed)
        try await dead.work { try await eventually { try dead.status("u") != nil } }
        one.token = "u"
        #expect(try await dead.restore(one) == .init(refused: 1))
        // The very same message again opens its letter by itself.
        #expect(await dead.publisher.publish(dead.broken("v")) == .confirmed)
        try await dead.work { try await eventually { try await dead.letter("v").state == .open } }
        try await dead.end()
    }

    @Test func whatTheBrokerDoesNotTakeStaysOpen() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill([dead.astray("t"), dead.broken("u")])
        try await onThread {
            let connection = try dead.room.connection()
            try connection.deleteQueue(BrokerTopology.intentsQueue(0))
            connection.close()
        }
        await #expect(throws: DeadLetterError.self) { try await dead.discard(DeadLetterFilter(), "no") }
        #expect(try await dead.letter("t").state == .open)
        #expect(try await dead.letter("u").state == .discarded)
        await #expect(throws: AMQPError.self) {
            _ = try await dead.shelf {
                try $0.discard(.init(), DeadRoom.me, amqpURL: "amqp://weir@127.0.0.1:9/", logger: .quiet)
            }
        }
        try await dead.end()
    }

    // MARK: Export and import

    @Test func anExportIsImportedAsItWas() async throws {
        let (here, there) = (try await DeadRoom.make(), try await DeadRoom.make())
        var binary = here.broken("b")
        binary.body = [0xFF, 0, 10, 13, 34]
        binary.properties.headers = FieldTable([
            ("n", .table(FieldTable([("m", .int(7))]))), ("t", .string("é\"\n")),
        ])
        try await here.kill([here.astray("a"), binary, here.broken("c")])
        let lines = try await here.export(.any)
        #expect(lines.count == 3)
        let first = try await there.importLines(lines)
        #expect(first.imported == 3 && first.known == 0 && first.bad.isEmpty)
        let again = try await there.importLines(lines)
        #expect(again.imported == 0 && again.known == 3)
        let (mine, theirs) = (try await here.list(), try await there.list())
        func key(_ letter: DeadLetterView) -> [String] {
            [
                letter.reason, letter.fault, letter.detail, letter.type ?? "", letter.token ?? "",
                letter.sku ?? "",
                letter.exchange, letter.routingKey, letter.properties, letter.headers, "\(letter.body ?? [])",
                "\(letter.partition ?? -1)", letter.firstSeen.rfc3339, letter.lastSeen.rfc3339,
            ]
        }
        #expect(mine.map(key) == theirs.map(key))
        #expect(try await there.history(theirs[0].id).map(\.action) == ["imported"])
        // Messages that arrive there find their rows.
        #expect(await there.publisher.publish(there.broken("c")) == .confirmed)
        try await there.work { try await eventually { try await there.letter("c").seen == 2 } }
        try await here.end()
        try await there.end()
    }

    @Test func aBadLineSpoilsOnlyItself() async throws {
        let dead = try await DeadRoom.make()
        let good = #"{"reason":"r","body":"x\#u{0041}"}"#
        let lines = [
            good, "", "{", #"{"body":"x"}"#, #"{"reason":"r"}"#, #"{"reason":"r","body":"x","nonsense":1}"#,
            #"{"reason":"r","body_hex":"0"}"#, #"{"reason":"r","body_hex":"zz"}"#,
            #"{"reason":"r","body":"x","properties":"{"}"#, #"{"reason":"r","body":"x","partition":2}"#,
            #"{"reason":"r","body":"x","first_seen":"yesterday"}"#, #"{"reason":1,"body":"x"}"#,
            #"{"reason":"r","body":"y","headers":{"a":[1,{"b":null}]},"properties":{"type":"t"},"body_hex":null}"#,
            #"{"reason":"a\u0000b","body":"z"}"#,
        ]
        let outcome = try await dead.importLines(lines.map { Array($0.utf8) })
        #expect(outcome.imported == 3, "\(outcome.bad)")
        #expect(outcome.bad.map(\.line) == [3, 4, 5, 6, 7, 8, 10, 11, 12, 9])
        #expect(
            try await dead.list().map { String(decoding: $0.body ?? [], as: UTF8.self) } == ["xA", "y", "z"])
        try await dead.end()
    }

    // MARK: Filters

    @Test func everyConditionOfAFilterCounts() async throws {
        let dead = try await DeadRoom.make()
        var cancel = dead.room.message(
            .cancel(
                IntentChange(
                    id: CommandID(unchecked: "c"), token: Token(unchecked: "a"),
                    sku: SKU(unchecked: dead.other))))
        cancel.routingKey = "0"
        try await dead.kill([
            dead.astray("a"), dead.broken("b"), cancel, dead.broken("d", quantity: #""d,e""#),
        ])
        try dead.room.execute(
            "update dead_letter set last_seen_at = now() - interval '3 hours' where token = 'b'")
        func ids(_ text: String) async throws -> [Int64] {
            var filter = DeadLetterFilter()
            try filter.add(where: text, now: .init(microseconds: try dead.room.microseconds()))
            return try await dead.list(filter).map(\.id)
        }
        #expect(try await ids("sku=\(dead.sku)") == [1, 2, 4])
        #expect(try await ids("sku=\(dead.sku),reason=wrong_partition") == [1])
        #expect(try await ids("fault=invalid_field quantity") == [2, 4])
        #expect(try await ids("type=weir.intent.cancel.v1") == [3])
        #expect(try await ids("token=a") == [1, 3])
        #expect(try await ids("partition=1") == [1])
        #expect(try await ids("since=2h") == [1, 3, 4])
        #expect(try await ids("until=2h") == [2])
        #expect(try await ids("since=4h,until=10000d") == [])
        #expect(try await ids("since=2000-01-01T00:00:00Z") == [1, 2, 3, 4])
        #expect(try await ids(#"text=d\,e"#) == [4])
        #expect(try await ids("text=lives in partition 1") == [3])
        #expect(try await ids("text=%") == [])
        #expect(try await ids("state=any") == [1, 2, 3, 4])
        #expect(try await ids("state=discarded") == [])
        #expect(try await dead.shelf { try $0.groups(limit: 10) }.map(\.count) == [2, 1, 1])
        for text in [
            "", "sku", "sku=", "colour=red", "since=soon", "since=99999999d", "state=gone", "partition=x",
            "partition=64", "since=-1h",
        ] {
            #expect(throws: WireRefusal.self, "\(text)") {
                var filter = DeadLetterFilter()
                try filter.add(where: text, now: .init(microseconds: 0))
            }
        }
        try await dead.end()
    }

    @Test func aFilterSurvivesItsJSON() throws {
        var filter = DeadLetterFilter(ids: [3, 5])
        filter.state = .discarded
        filter.partition = 3
        filter.text = #"a,"b"\"#
        filter.since = Timestamp(microseconds: 1_700_000_000_123_456)
        (filter.sku, filter.reason, filter.fault, filter.type, filter.token) = ("s", "r", "f", "t", "k")
        filter.until = filter.since?.adding(seconds: 9)
        #expect(try DeadLetterFilter(json: filter.json) == filter)
        #expect(try DeadLetterFilter(json: DeadLetterFilter.any.json) == .any)
    }

    // MARK: Migration

    @Test func lettersOfTheFirstVersionAreTakenOver() async throws {
        let room = try await SharedSandbox.room()
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        try session.execute(script: Migrations.all[0].text)
        try session.execute(
            script: """
                create table migration (name text primary key, applied_at timestamptz not null default now());
                insert into migration (name) values ('m0001_start');
                insert into dead_letter (partition, reason, detail, token, exchange, routing_key, properties, headers,
                    body, digest)
                values (1, 'malformed_json', 'd', 't', '', '', '{}', '{}', 'x', 'y');
                """)
        let outcome = try Migrator(databaseURL: room.databaseURL).run(partitions: Partitioning(count: 2))
        #expect(outcome.applied.contains("m0005_operations"))
        let letter = try #require(try DeadLetterShelf(databaseURL: room.databaseURL).list(limit: 10).first)
        #expect(letter.fault == "malformed_json" && letter.state == .open && letter.partition == 1)
        #expect(letter.replayed == 0 && letter.token == "t")
    }
}

extension DeadRoom {
    @discardableResult
    func edit(_ id: Int64, _ edit: LetterEdit) async throws -> DeadLetterView {
        try await shelf { try $0.edit(id, edit, Self.me) }
    }

    @discardableResult
    func discard(_ filter: DeadLetterFilter, _ why: String) async throws -> DeadLetterShelf.Outcome {
        try await shelf { [room] in
            try $0.discard(filter, Signature(who: "ann", why: why), amqpURL: room.amqpURL, logger: .quiet)
        }
    }

    func restore(_ filter: DeadLetterFilter) async throws -> DeadLetterShelf.Outcome {
        try await shelf { try $0.restore(filter, Self.me) }
    }

    func export(_ filter: DeadLetterFilter) async throws -> [[UInt8]] {
        try await shelf { shelf in
            var lines: [[UInt8]] = []
            try shelf.each(filter) { letter in lines.append(JSONWriter.object { letter.write(to: &$0) }) }
            return lines
        }
    }

    func importLines(_ lines: [[UInt8]]) async throws -> DeadLetterShelf.Import {
        try await shelf { try $0.importLines(lines, Self.me, now: Timestamp(microseconds: 0)) }
    }
}

extension LiveRoom {
    /// The database's clock.
    func microseconds() throws -> Int64 {
        Int64(try count("select (extract(epoch from clock_timestamp()) * 1000000)::bigint"))
    }
}
