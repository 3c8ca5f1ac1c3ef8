import Foundation
import Testing

/// FAULTS.md row 20. The database's clock is the one that counts, so the day is put between it and everybody else.
@Suite(.serialized) struct ClockTests {
    private static let day = 86_400

    @Test("Fault 20: clocks a day ahead and a day behind change nothing", arguments: [day, -day])
    func clocksADayAheadAndADayBehindChangeNothing(_ shift: Int) async throws {
        let mischief = try Mischief()
        defer { mischief.remove() }
        try await FaultShop.with { shop in
            let worker = try await shop.serve(
                ["--role", "worker", "--log-format", "json"], mischief.clock(shiftedBy: shift))
            defer { worker.stop() }
            // The other way round, so that the two are two days apart.
            let ingress = try await shop.serveIngress("ingress", mischief.clock(shiftedBy: -shift))
            defer { ingress.stop() }
            let date = try #require(try await shop.get("/livez").headers["date"])
            try expectShift(-shift, of: date, "EEE, dd MMM yyyy HH:mm:ss zzz", "the ingress")
            try await eventually("the worker writes a line") { worker.log.contains(#""time":""#) }
            let time = try #require(worker.log.split(separator: #""time":""#).dropFirst().first?.prefix(19))
            try expectShift(shift, of: time + "Z", "yyyy-MM-dd'T'HH:mm:ssX", "the worker")

            try await shop.define("brief", 10, holdSeconds: 3)
            try await shop.define("long", 10, holdSeconds: 900)
            #expect(try await shop.submit("expires", "brief").text("status") == "reserved")
            #expect(try await shop.submit("bought", "brief").text("status") == "reserved")
            #expect(try await shop.submit("stays", "long").text("status") == "reserved")
            let bought = try await shop.send("POST", "/v1/intents/bought/confirm")
            #expect(bought.text("status") == "confirmed", "\(bought.body)")
            // By the database's clock every hold has its full time, from the moment of its decision.
            #expect(
                try shop.room.holds(
                    """
                    select count(*) from intent where abs(extract(epoch from clock_timestamp() - decided_at)) < 120
                        and hold_until = decided_at + case sku when 'brief' then 3 else 900 end * interval '1 second'
                        or status <> 'reserved'
                    """) == 3)
            try await eventually("a hold that nobody confirms expires", within: .seconds(60)) {
                try shop.outcomes()["expires"] == "expired"
            }
            // Not a moment too early.
            #expect(
                try shop.room.holds(
                    """
                    select count(*) from event e join intent i on i.token = e.token
                    where e.type = 'weir.intent.expired.v1' and e.at >= i.decided_at + interval '3 seconds'
                    """) == 1)
            #expect(
                try shop.outcomes() == ["expires": "expired", "bought": "confirmed", "stays": "reserved"])
            let late = try await shop.send("POST", "/v1/intents/stays/confirm")
            #expect(late.text("status") == "confirmed", "\(late.body)")
            try shop.expectAudit()
        }
    }

    /// That the lie works: who tells the time tells it so many seconds off.
    private func expectShift(
        _ shift: Int, of text: some StringProtocol, _ format: String, _ who: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = format
        let told = try #require(formatter.date(from: String(text)), "\(text)", sourceLocation: sourceLocation)
        let difference = told.timeIntervalSinceNow - Double(shift)
        #expect(abs(difference) < 3_600, "\(who) says \(text)", sourceLocation: sourceLocation)
    }
}
