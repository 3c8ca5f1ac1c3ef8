import Synchronization
import Testing
import WeirSandbox

/// FAULTS.md row 23. Each fsync of PostgreSQL and of RabbitMQ sleeps half a second before it begins: what a bad disk, or a
/// neighbour on the same one, does to them.
@Suite(.serialized) struct SlowDiskTests {
    private final class Ledger: Sendable {
        let answers = Mutex<[String: String]>([:])
        let refused = Mutex<[String]>([])
        let odd = Mutex<[String]>([])
    }

    @Test("Fault 23: on a disk that takes half a second for each fsync batches grow and no answer is wrong")
    func onASlowDiskBatchesGrowAndNoAnswerIsWrong() async throws {
        let mischief = try Mischief()
        defer { mischief.remove() }
        var options = Sandbox.Options()
        options.environment = mischief.slowDisk
        let sandbox = try await Sandbox.start(options)
        do {
            try await FaultShop.with(sandbox) { shop in
                let served = try await shop.serveIngress()
                defer { served.stop() }
                try await shop.define("shoe", 300, holdSeconds: 0)
                #expect(try await shop.submit("warm", "shoe").text("status") == "confirmed")
                try mischief.slowDown()
                let start = ContinuousClock.now
                let ledger = Ledger()
                try await rush(shop, ledger)
                let took = ContinuousClock.now - start

                #expect(ledger.odd.withLock { $0 } == [])
                let answers = ledger.answers.withLock { $0 }
                try await eventually("what was accepted is decided", within: .seconds(60)) {
                    try Set(answers.keys).isSubset(of: shop.outcomes().keys)
                }
                let outcomes = try shop.outcomes()
                for (token, status) in answers where status != "queued" {
                    #expect(outcomes[token] == status, "\(token)")
                }
                #expect(outcomes.values.count { $0 == "confirmed" } == 300)
                // At two commits a second one intent a commit would be a matter of minutes.
                let batches = try shop.room.holds("select count(distinct decided_at) from intent")
                #expect(
                    batches > 0 && outcomes.count / batches >= 20, "\(outcomes.count) in \(batches) batches")
                #expect(took < .seconds(60), "\(outcomes.count) intents took \(took)")

                // Who was refused may ask again under the same token, and gets one answer.
                mischief.speedUp()
                for token in ledger.refused.withLock({ $0 }).prefix(50) {
                    let reply = try await shop.submit(token, "shoe")
                    let outcome = try shop.outcomes()[token]
                    #expect(reply.status == 200 && reply.text("status") == outcome)
                }
                try shop.expectAudit()
                #expect(served.stop() == 0)
            }
        } catch {
            await sandbox.stop()
            throw error
        }
        await sandbox.stop()
    }

    /// 200 buyers with five wishes each, one after the other.
    private func rush(_ shop: FaultShop, _ ledger: Ledger) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for buyer in 0..<200 {
                group.addTask {
                    for number in 0..<5 {
                        let token = "b\(buyer)-\(number)"
                        let reply = try await shop.submit(token, "shoe")
                        switch (reply.status, reply.text("status")) {
                        case (200, let status?): ledger.answers.withLock { $0[token] = status }
                        case (202, _): ledger.answers.withLock { $0[token] = "queued" }
                        case (503, _) where reply.headers["retry-after"] != nil:
                            ledger.refused.withLock { $0.append(token) }
                        // The gate answers at the door once everything is sold.
                        case (409, _) where reply.body.contains("/problems/sold-out"): break
                        default: ledger.odd.withLock { $0.append("\(token): \(reply.status) \(reply.body)") }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
