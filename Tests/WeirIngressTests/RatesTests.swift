import Testing
import WeirCore

@testable import WeirIngress

/// Buckets by their own clock, then quotas before a server.
@Suite struct RatesTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func aBucketGivesItsRequestsAndThenOneAtATime() throws {
        let limit = try #require(RateLimit("4/2"))
        var bucket: UInt64 = 0
        let start = 1_000 * Self.second
        for left in [3, 2, 1, 0] {
            let taken = limit.take(1, from: &bucket, now: start)
            #expect(taken.isGranted && taken.left == left)
        }
        let refused = limit.take(1, from: &bucket, now: start)
        #expect(!refused.isGranted && refused.left == 0)
        #expect(refused.waitFor == Self.second / 2 && refused.fullIn == 2 * Self.second)
        // What was refused took nothing: half a second later there is one, and only one.
        let half = start + Self.second / 2
        #expect(limit.take(1, from: &bucket, now: half).isGranted)
        #expect(!limit.take(1, from: &bucket, now: half).isGranted)
        // A full bucket holds no more than it did at first.
        let later = start + 100 * Self.second
        #expect(limit.take(4, from: &bucket, now: later).isGranted)
        #expect(!limit.take(1, from: &bucket, now: later).isGranted)
        #expect(!limit.take(5, from: &bucket, now: later + 100 * Self.second).isGranted)
    }

    @Test(arguments: [
        "", "0", "0/1", "1/0", "-1/1", "1/", "/1", "1/1/1", "x", "1.5", "1000001", "1/86401", " 1",
    ])
    func whatIsNoQuotaIsRefused(_ text: String) { #expect(RateLimit(text) == nil) }

    @Test func aQuotaIsWrittenAsItIsRead() {
        #expect(RateLimit("100/10")?.description == "100/10")
        #expect(RateLimit("7")?.description == "7/1")
    }

    @Test func bucketsAreBoundedAndThoseInUseStay() throws {
        let limit = try #require(RateLimit("2/60"))
        var table = BucketTable(limit, most: 100)
        let start = 1_000 * Self.second
        #expect(table.take(2, 0, now: start).isGranted)
        for key in 1..<10_000 {
            #expect(table.take(1, UInt64(key), now: start).isGranted)
            // Who comes all the time is remembered all the time, however many others come.
            if key.isMultiple(of: 50) { #expect(!table.take(1, 0, now: start).isGranted) }
            #expect(table.count <= 200)
        }
    }

    @Test func idleBucketsAreForgottenWhenTheyAreFull() throws {
        let limit = try #require(RateLimit("2/1"))
        var table = BucketTable(limit, most: 100)
        let start = 1_000 * Self.second
        for key in 0..<50 { _ = table.take(2, UInt64(key), now: start + UInt64(key)) }
        #expect(table.count == 50)
        #expect(!table.take(1, 49, now: start + Self.second / 4).isGranted)
        _ = table.take(1, 1_000, now: start + 3 * Self.second)
        _ = table.take(1, 1_000, now: start + 6 * Self.second)
        #expect(table.count == 1)
    }

    @Test func aBuyerWhoComesTooOftenIsToldWhenToComeBack() async throws {
        try await IngressRoom.with {
            $0.ratePerBuyer = RateLimit("2/60")
        } _: { room in
            try await room.define("shoe", 10)
            let first = try await room.submit("t1", "shoe", buyer: "ann")
            #expect(first.status == 202)
            #expect(first.headers.first(name: "ratelimit-policy") == #""buyer";q=2;w=60"#)
            #expect(first.headers.first(name: "ratelimit") == #""buyer";r=1;t=30"#)
            #expect(try await room.submit("t2", "shoe", buyer: "ann").status == 202)
            let third = try await room.submit("t3", "shoe", buyer: "ann")
            #expect(third.status == 429 && third.problem == "rate-limited")
            let seconds = try #require(third.headers.first(name: "retry-after").flatMap { Int($0) })
            #expect((25...30).contains(seconds))
            #expect(third.headers.first(name: "ratelimit-policy") == #""buyer";q=2;w=60"#)
            #expect(third.headers.first(name: "ratelimit")?.hasPrefix(#""buyer";r=0;t="#) == true)
            #expect(try await room.get("/v1/intents/t3").status == 404)
            // Somebody else is not disturbed, and in a batch each line counts for its buyer.
            #expect(try await room.submit("t4", "shoe", buyer: "bob").status == 202)
            let lines = ["ann", "bob", "bob"].enumerated().map {
                #"{"token":"b\#($0)","sku":"shoe","quantity":1,"buyer":"\#($1)"}"#
            }
            let batch = try await room.send(
                "POST", "/v1/intents/batch", headers: [("Content-Type", "application/x-ndjson")],
                body: lines.joined(separator: "\n"))
            let answers = batch.bodyText.split(separator: "\n").map { $0.contains("rate-limited") }
            #expect(answers == [true, false, true])
            #expect(room.ingress.handler.rates.counts.buyer == 3)
        }
    }

    @Test func allTogetherAreCountedBeforeAnythingIsRead() async throws {
        try await IngressRoom.with(workers: false) {
            $0.rateOverall = RateLimit("3/60")
        } _: { room in
            let first = try await room.get("/v1/skus")
            #expect(first.status == 200)
            #expect(first.headers.first(name: "ratelimit") == #""overall";r=2;t=20"#)
            // What is wrong counts too, and says so.
            let wrong = try await room.send("POST", "/v1/intents")
            #expect(wrong.status == 400)
            #expect(wrong.headers.first(name: "ratelimit")?.hasPrefix(#""overall";r=1;"#) == true)
            // A batch counts with all of its lines.
            let lines = (0..<3).map { #"{"token":"b\#($0)","sku":"shoe","quantity":1,"buyer":"ann"}"# }
            let batch = try await room.send(
                "POST", "/v1/intents/batch", headers: [("Content-Type", "application/x-ndjson")],
                body: lines.joined(separator: "\n"))
            #expect(batch.status == 429 && batch.problem == "rate-limited")
            let refused = try await room.submit("t", "shoe")
            #expect(refused.status == 429)
            #expect(refused.text("detail")?.contains("3 requests in 60 s") == true)
            // Health and descriptions are for everybody.
            for path in ["/livez", "/readyz", "/openapi.yaml", "/problems/rate-limited"] {
                #expect(try await room.get(path).status == 200)
            }
        }
    }
}
