import Testing

@testable import PostgresClient

/// Every kind of value goes to the server and comes back.
@Suite struct BindTests {
    @Test func scalarsRoundTrip() async throws {
        let session = try makeSession(try await testDatabaseURL())
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            let int2 = Int16.random(in: .min ... .max, using: &random)
            let int4 = Int32.random(in: .min ... .max, using: &random)
            let int8 = Int64.random(in: .min ... .max, using: &random)
            let text = randomText()
            let bytes = (0..<Int.random(in: 0...300)).map { _ in UInt8.random(in: .min ... .max) }
            let time = Int64.random(in: -60_000_000_000_000_000...8_000_000_000_000_000_000)
            let rows = try session.run(
                query(
                    "SELECT $1, $2, $3, $4, $5, $6, $7, $8",
                    [
                        .bool(int2 > 0), .int2(int2), .int4(int4), .int8(int8), .text(text), .bytes(bytes),
                        .timestamp(time), .null,
                    ]))
            #expect(rows.count == 1)
            #expect(rows.columnCount == 8)
            #expect(rows.bool(0, 0) == (int2 > 0))
            #expect(rows.int2(0, 1) == int2)
            #expect(rows.int4(0, 2) == int4)
            #expect(rows.int8(0, 3) == int8)
            #expect((1...3).map { rows.int(0, $0) } == [Int(int2), Int(int4), Int(int8)])
            #expect(rows.text(0, 4) == text)
            #expect(rows.bytes(0, 5) == bytes)
            #expect(rows.timestamp(0, 6) == time)
            #expect(rows.isNull(0, 7))
            #expect(rows.optionalText(0, 7) == nil)
            #expect(rows.optionalTimestamp(0, 7) == nil)
            #expect(rows.optionalBytes(0, 5) == bytes)
        }
    }

    @Test func theServerUnderstandsWhatWeMean() async throws {
        let session = try makeSession(try await testDatabaseURL())
        let rows = try session.run(
            query(
                """
                SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text,
                       1.5::float4, 2.25::float8, NULL::int4, now() - now() = interval '0'
                """,
                [
                    .timestamp(0), .timestamp(.max), .timestamp(.min), .optionalInt4s([1, nil, -3]),
                    .texts(["a", "", "ü,\"{}"]), .bools([true, false]), .byteStrings([[], [0, 255]]),
                    .int8s([]),
                ]))
        #expect(rows.text(0, 0) == "1970-01-01 00:00:00+00")
        #expect(rows.text(0, 1) == "infinity")
        #expect(rows.text(0, 2) == "-infinity")
        #expect(rows.text(0, 3) == "{1,NULL,-3}")
        #expect(rows.text(0, 4) == #"{a,"","ü,\"{}"}"#)
        #expect(rows.text(0, 5) == "{t,f}")
        #expect(rows.text(0, 6) == #"{"\\x","\\x00ff"}"#)
        #expect(rows.text(0, 7) == "{}")
        #expect(rows.double(0, 8) == 1.5)
        #expect(rows.double(0, 9) == 2.25)
        #expect(rows.optionalInt(0, 10) == nil)
        #expect(rows.optionalBool(0, 11) == true)
    }

    @Test(arguments: [0, 1, 2, 1000])
    func arraysRoundTripElementByElement(_ count: Int) async throws {
        let session = try makeSession(try await testDatabaseURL())
        func random<T>(_ make: () -> T) -> [T] { (0..<count).map { _ in make() } }
        let bools = random { Bool.random() }
        let int2s = random { Int16.random(in: .min ... .max) }
        let int4s = random { Int32.random(in: .min ... .max) }
        let int8s = random { Int64.random(in: .min ... .max) }
        let some4s = random { Bool.random() ? Int32.random(in: .min ... .max) : nil }
        let some8s = random { Bool.random() ? Int64.random(in: .min ... .max) : nil }
        let texts = random { randomText() }
        let someTexts = random { Bool.random() ? randomText() : nil }
        let strings = random { (0..<Int.random(in: 0...20)).map { _ in UInt8.random(in: .min ... .max) } }
        let someTimes = random { Bool.random() ? Int64.random(in: 0...2_000_000_000_000_000) : nil }
        let times = random { Int64.random(in: 0...2_000_000_000_000_000) }
        let rows = try session.run(
            query(
                """
                SELECT * FROM unnest($1::bool[], $2::int2[], $3::int4[], $4::int8[], $5::int4[], $6::int8[],
                    $7::text[], $8::text[], $9::bytea[], $10::timestamptz[], $11::timestamptz[])
                """,
                [
                    .bools(bools), .int2s(int2s), .int4s(int4s), .int8s(int8s), .optionalInt4s(some4s),
                    .optionalInt8s(some8s), .texts(texts), .optionalTexts(someTexts), .byteStrings(strings),
                    .optionalTimestamps(someTimes), .timestamps(times),
                ]))
        #expect(rows.count == count)
        #expect(rows.affected == count)
        let all = 0..<rows.count
        #expect(all.map { rows.bool($0, 0) } == bools)
        #expect(all.map { rows.int2($0, 1) } == int2s)
        #expect(all.map { rows.int4($0, 2) } == int4s)
        #expect(all.map { rows.int8($0, 3) } == int8s)
        #expect(all.map { rows.optionalInt($0, 4) } == some4s.map { $0.map { Int($0) } })
        #expect(all.map { rows.optionalInt($0, 5) } == some8s.map { $0.map { Int($0) } })
        #expect(all.map { rows.text($0, 6) } == texts)
        #expect(all.map { rows.optionalText($0, 7) } == someTexts)
        #expect(all.map { rows.bytes($0, 8) } == strings)
        #expect(all.map { rows.optionalTimestamp($0, 9) } == someTimes)
        #expect(all.map { rows.timestamp($0, 10) } == times)
    }

    @Test func aTextOfFiveMegabytesRoundTrips() async throws {
        let session = try makeSession(try await testDatabaseURL())
        let text = String(repeating: "Stauwehr-ß-", count: 450_000)
        #expect(text.utf8.count > 5_000_000)
        #expect(try session.run(query("SELECT $1", [.text(text)])).text(0, 0) == text)
    }

    @Test func timesBeyondTheCalendarAreRefusedAndStopNothing() async throws {
        let session = try makeSession(try await testDatabaseURL())
        let times: [Int64] = [.min + 1, .min + 946_684_800_000_000, -300_000_000_000_000_000]
        for time in times {
            let error = try postgresError { _ = try session.run(query("SELECT $1", [.timestamp(time)])) }
            #expect(error.kind == .data)
        }
        let last = try session.run(query("SELECT timestamptz '294276-12-31 23:59:59+00'"))
        #expect(last.timestamp(0, 0) == .max)
    }

    @Test func theSameStatementTakesValuesOfOtherTypes() async throws {
        let session = try makeSession(try await testDatabaseURL())
        let sql = "SELECT pg_typeof($1)::text, $1::text"
        for _ in 0..<2 {
            #expect(try session.run(query(sql, [.int4(7)])).text(0, 0) == "integer")
            #expect(try session.run(query(sql, [.int8(7)])).text(0, 0) == "bigint")
            #expect(try session.run(query(sql, [.null])).isNull(0, 1))
        }
        let count = try session.run(query("SELECT count(*) FROM pg_prepared_statements"))
        #expect(count.int(0, 0) == 3)
    }

    private func randomText() -> String {
        let letters = Array("abcXYZ019 äß€漢🦦\"'\\\n,{}")
        return String((0..<Int.random(in: 0...40)).map { _ in letters.randomElement()! })
    }
}
