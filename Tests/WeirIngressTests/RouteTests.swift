import Testing

/// Every route's good answer, through real servers and a real worker.
@Suite struct RouteTests {
    @Test func anIntentIsTakenInDecidedConfirmedAndCancelled() async throws {
        try await IngressRoom.with { room in
            let created = try await room.define("shoe", 5, holdSeconds: 600)
            #expect(created.status == 201)
            #expect(created.headers.first(name: "location") == "/v1/skus/shoe")
            #expect(created.number("available") == 5 && created.number("version") == 1)
            #expect(created.number("partition") != nil && created.number("hold_seconds") == 600)

            let queued = try await room.submit("t1", "shoe", 2, buyer: "ann")
            #expect(queued.status == 202)
            #expect(queued.headers.first(name: "location") == "/v1/intents/t1?sku=shoe")
            #expect(queued.text("status") == "queued" && queued.number("quantity") == 2)
            #expect(queued.text("token") == "t1" && queued.text("buyer") == "ann")
            #expect(queued.headers.first(name: "content-type") == "application/json")
            #expect(queued.headers.first(name: "date")?.hasSuffix("GMT") == true)

            let decided = try await room.get("/v1/intents/t1?sku=shoe&wait=10")
            #expect(decided.status == 200 && decided.text("status") == "reserved")
            #expect(decided.text("hold_until") != nil)

            let confirmed = try await room.command("t1", "confirm", query: "?sku=shoe")
            #expect(confirmed.status == 200 && confirmed.text("status") == "confirmed")
            let again = try await room.command("t1", "confirm")
            #expect(again.status == 200 && again.text("status") == "confirmed")
            let cancelled = try await room.command("t1", "cancel", headers: [("Idempotency-Key", "c1")])
            #expect(cancelled.status == 200 && cancelled.text("status") == "cancelled")
            let repeated = try await room.command("t1", "cancel", headers: [("Idempotency-Key", "c1")])
            #expect(repeated.status == 200 && repeated.text("status") == "cancelled")
            #expect(repeated.headers.first(name: "idempotent-replayed") == "true")
        }
    }

    @Test func aClientThatWaitsGetsTheOutcomeAndARejectionIsOne() async throws {
        try await IngressRoom.with {
            $0.soldOutGate = false
        } _: { room in
            try await room.define("one", 1, holdSeconds: 0)
            let sold = try await room.submit("a", "one", wait: 10)
            #expect(sold.status == 200 && sold.text("status") == "confirmed")
            #expect(sold.headers.first(name: "preference-applied") == "wait=10")
            #expect(sold.headers.first(name: "idempotent-replayed") == nil)
            let soldOut = try await room.submit("b", "one", wait: 10)
            #expect(soldOut.status == 200)
            #expect(soldOut.text("status") == "rejected" && soldOut.text("reason") == "sold_out")
            let unknown = try await room.submit("c", "nothing", wait: 10)
            #expect(unknown.status == 200 && unknown.text("reason") == "unknown_sku")
            let replayed = try await room.submit("a", "one", wait: 10)
            #expect(replayed.status == 200 && replayed.text("status") == "confirmed")
            #expect(replayed.headers.first(name: "idempotent-replayed") == "true")
        }
    }

    @Test func theDoorCanBeLeftToTheWorker() async throws {
        try await IngressRoom.with {
            $0.lookUpAtTheDoor = false
        } _: { room in
            try await room.define("one", 3)
            let first = try await room.submit("a", "one", wait: 10)
            let second = try await room.submit("a", "one", wait: 10)
            #expect(second.status == 200 && second.bodyText == first.bodyText)
            #expect(second.headers.first(name: "idempotent-replayed") == "true")
            let conflict = try await room.submit("a", "one", 2, wait: 10)
            #expect(conflict.status == 422 && conflict.problem == "token-conflict")
        }
    }

    @Test func stockIsDefinedAdjustedShownAndListed() async throws {
        try await IngressRoom.with { room in
            for number in 1...5 { try await room.define("s\(number)", number * 10) }
            let changed = try await room.define("s1", 999, holdSeconds: 60)
            #expect(changed.status == 200 && changed.number("stocked") == 10)
            #expect(changed.number("hold_seconds") == 60 && changed.number("version") == 2)

            let headers = [("Content-Type", "application/json"), ("Idempotency-Key", "\"adj-1\"")]
            let adjusted = try await room.send(
                "POST", "/v1/skus/s1/adjustments", headers: headers, body: #"{"delta":7,"reason":"found"}"#)
            #expect(adjusted.status == 200 && adjusted.number("stocked") == 17)
            let repeated = try await room.send(
                "POST", "/v1/skus/s1/adjustments", headers: headers, body: #"{"delta":7,"reason":"found"}"#)
            #expect(repeated.status == 200 && repeated.number("stocked") == 17)
            #expect(repeated.headers.first(name: "idempotent-replayed") == "true")

            let shown = try await room.get("/v1/skus/s1")
            #expect(shown.status == 200 && shown.number("available") == 17)
            let head = try await room.send("HEAD", "/v1/skus/s1")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers.first(name: "content-length") == String(shown.body.count))

            var (names, after) = ([String](), "")
            while true {
                let page = try await room.get("/v1/skus?limit=2" + (after.isEmpty ? "" : "&after=\(after)"))
                #expect(page.status == 200)
                guard case .array(let skus) = page.value("skus") else { break }
                #expect(skus.count <= 2)
                for case .object(var sku) in skus {
                    if case .text(let name) = sku.take("sku") { names.append(name) }
                }
                guard let next = page.text("next") else { break }
                after = next
            }
            #expect(names == ["s1", "s2", "s3", "s4", "s5"])
        }
    }

    @Test func healthIsTold() async throws {
        try await IngressRoom.with { room in
            #expect(try await room.get("/livez").status == 200)
            let ready = try await room.get("/readyz")
            #expect(ready.status == 200)
            for name in ["database", "publisher", "outcome_queue", "partition_queues"] {
                #expect(ready.bodyText.contains(name))
            }
        }
    }

    @Test func readinessNamesTheQueueThatIsMissing() async throws {
        try await IngressRoom.with(workers: false, topology: false, waitUntilReady: false) { room in
            try await eventually("only the topology is missing") {
                let text = try await room.get("/readyz").bodyText
                return text.contains(#"{"name":"database","ok":true}"#)
                    && text.contains(#"{"name":"publisher","ok":true}"#)
                    && text.contains("weir.intents.p00")
            }
            let unready = try await room.get("/readyz")
            #expect(unready.status == 503 && unready.bodyText.contains("weir.intents.p00"))
            let submitted = try await room.submit("t", "s")
            #expect(submitted.status == 503)
        }
    }

    @Test func commandsThatCannotBeSayWhy() async throws {
        try await IngressRoom.with {
            $0.soldOutGate = false
        } _: { room in
            try await room.define("gone", 1, holdSeconds: 0)
            _ = try await room.submit("sold", "gone", wait: 10)
            _ = try await room.submit("late", "gone", wait: 10)

            let wrong = try await room.command("late", "confirm")
            #expect(wrong.status == 409 && wrong.problem == "wrong-state")
            #expect(wrong.text("reason") == "wrong_state")
            #expect(wrong.value("intent", "status") == .text("rejected"))

            let nobody = try await room.command("nobody", "confirm", query: "?sku=gone")
            #expect(nobody.status == 404 && nobody.problem == "unknown-token")
            let unknown = try await room.command("nobody", "confirm")
            #expect(unknown.status == 404 && unknown.headers.first(name: "retry-after") == "1")
            let otherSKU = try await room.command("sold", "cancel", query: "?sku=other")
            #expect(otherSKU.status == 404 && otherSKU.problem == "unknown-token")

            func adjust(_ sku: String, _ delta: Int64, _ key: String) async throws -> Reply {
                try await room.send(
                    "POST", "/v1/skus/\(sku)/adjustments",
                    headers: [("Content-Type", "application/json"), ("Idempotency-Key", key)],
                    body: #"{"delta":\#(delta),"reason":"r"}"#)
            }
            let below = try await adjust("gone", -1, "k1")
            #expect(below.status == 409 && below.problem == "below-committed")
            #expect(below.value("stock", "available") == .integer(0))
            let above = try await adjust("gone", 1_000_000_000_000, "k2")
            #expect(above.status == 409 && above.problem == "stock-limit")
            let nothing = try await adjust("never", 1, "k3")
            #expect(nothing.status == 404 && nothing.problem == "unknown-sku")
            let other = try await adjust("gone", 5, "k1")
            #expect(other.status == 422 && other.problem == "command-conflict")
            #expect(other.place == "Idempotency-Key")
        }
    }

    /// The stored answer is a refusal as well, and whoever gets it again is told so.
    @Test func aRefusalThatIsRepeatedSaysSo() async throws {
        try await IngressRoom.with { room in
            try await room.define("tea", 1)
            func adjust() async throws -> Reply {
                try await room.send(
                    "POST", "/v1/skus/tea/adjustments",
                    headers: [("Content-Type", "application/json"), ("Idempotency-Key", "k1")],
                    body: #"{"delta":-5,"reason":"r"}"#)
            }
            let (first, second) = (try await adjust(), try await adjust())
            #expect(first.status == 409 && second.status == 409 && first.bodyText == second.bodyText)
            #expect(first.headers.first(name: "idempotent-replayed") == nil)
            #expect(second.headers.first(name: "idempotent-replayed") == "true")
            // Nothing was asked before under a name that the server made up.
            _ = try await room.submit("t1", "tea", wait: 10)
            _ = try await room.command("t1", "confirm")
            let again = try await room.command("t1", "confirm")
            #expect(again.status == 200 && again.headers.first(name: "idempotent-replayed") == nil)
        }
    }

    @Test func aLateConfirmWithoutUnitsIsAShortfall() async throws {
        try await IngressRoom.with {
            $0.soldOutGate = false
        } _: { room in
            try await room.define("rare", 1, holdSeconds: 1)
            #expect(try await room.submit("first", "rare", wait: 10).text("status") == "reserved")
            try await eventually("the hold expires") {
                try await room.get("/v1/intents/first").text("status") == "expired"
            }
            #expect(try await room.submit("second", "rare", wait: 10).text("status") == "reserved")
            let late = try await room.command("first", "confirm")
            #expect(late.status == 409 && late.problem == "shortfall")
            #expect(late.value("intent", "status") == .text("expired"))
        }
    }
}
