import Synchronization
import Testing
import WeirSandbox

/// FAULTS.md row 22 with a process of its own; inside one it is shown by ShutdownTests and by the worker's Stopping.
@Suite(.serialized) struct TerminationTests {
    private final class Ledger: Sendable {
        let accepted = Mutex<[String: String]>([:])
        let odd = Mutex<[String]>([])
    }

    @Test("Fault 22: SIGTERM under load answers what was accepted, finishes the batches and exits with 0")
    func terminationUnderLoadAnswersWhatWasAcceptedAndExitsWithZero() async throws {
        try await FaultShop.with { shop in
            let served = try await shop.serveIngress()
            defer { served.stop() }
            try await shop.define("shoe", 100_000, holdSeconds: 0)
            let ledger = Ledger()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<32 {
                    group.addTask {
                        var number = 0
                        // Until nobody takes a connection any more.
                        while let reply = try? await shop.submit("c\(client)-\(number)", "shoe", wait: 10) {
                            let (token, status) = ("c\(client)-\(number)", reply.text("status"))
                            if [200, 202].contains(reply.status), let status {
                                ledger.accepted.withLock { $0[token] = status }
                            } else {
                                ledger.odd.withLock { $0.append("\(reply.status) \(reply.body)") }
                            }
                            number += 1
                        }
                    }
                }
                try await eventually("under load", within: .seconds(60)) {
                    ledger.accepted.withLock { $0.count } > 300
                }
                let start = ContinuousClock.now
                #expect(served.stop() == 0)
                #expect(ContinuousClock.now - start < .seconds(30))
                try await group.waitForAll()
            }
            #expect(ledger.odd.withLock { $0 } == [])
            // Whatever the process still had to decide, the next one decides.
            let worker = try await shop.serve(["--role", "worker"])
            defer { worker.stop() }
            let accepted = ledger.accepted.withLock { $0 }
            try await eventually("what was accepted is decided", within: .seconds(60)) {
                try Set(accepted.keys).isSubset(of: shop.outcomes().keys)
            }
            let outcomes = try shop.outcomes()
            for (token, status) in accepted where status != "queued" { #expect(outcomes[token] == status) }
            try shop.expectAudit()
            // There may have been nothing left to do, and then it has hardly begun.
            try await eventually("the worker owns its partitions", within: .seconds(60)) {
                try shop.ownedPartitions() > 0
            }
            #expect(worker.stop() == 0)
        }
    }
}
