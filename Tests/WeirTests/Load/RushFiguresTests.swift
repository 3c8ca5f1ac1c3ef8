import Foundation
import Testing
import WeirSandbox

@testable import weir

/// The figures of a demo add up, whatever became of the answers.
@Suite struct RushFiguresTests {
    @Test func everyBuyerIsAcceptedTurnedAwayOrGaveUpAndEveryAcceptedOneHasAnOutcome() async throws {
        let room = try await SharedSandbox.room()
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        #expect(try Run(["migrate", "--partitions", "1"], servers).code == 0)
        #expect(try Run(["topology", "apply"], servers).code == 0)
        let port = Int.random(in: 20_000..<32_000)
        let served = try Served(["--port", "\(port)"], servers)
        defer { served.stop() }
        try await WeirClient.with(url: "http://127.0.0.1:\(port)", connections: 4, patienceSeconds: 30) {
            client in
            try await eventually("the SKU is defined", within: .seconds(60)) {
                (try? await client.putSKU("tea", stocked: 1, holdSeconds: 3_600)) != nil
            }
            let item = RushPlan.Item(sku: "tea", stocked: 1, holdSeconds: 3_600)
            let buyers = (0..<3).map { number in
                RushPlan.Buyer(
                    number: number, item: item, token: "buyer-\(number)", quantity: 1, duplicate: nil,
                    sendsWrongPayload: true, losesFirstAnswer: false, intention: .letExpire,
                    thoughtMilliseconds: 0)
            }
            // The first buyer's request took the last unit, and its answer was lost; the gate has closed since.
            let lost = try await client.submit(
                token: buyers[0].token, sku: "tea", quantity: 1, buyer: buyers[0].name, waitSeconds: 20)
            #expect(lost.status == .reserved)
            try await eventually("the gate is closed", within: .seconds(60)) {
                do throws(WeirClientError) {
                    _ = try await client.submit(
                        token: UUID().uuidString, sku: "tea", quantity: 1, buyer: "eve", waitSeconds: 20)
                    return false
                } catch {
                    return error.problem?.name == "sold-out"
                }
            }
            let tally = RushTally()
            var checks = RushChecks()
            for buyer in buyers {
                let record = await RushBuyer(buyer, client: client, tally: tally).buy()
                checks.look(at: record, of: buyer, buyer.number == 0 ? lost : nil)
            }
            let numbers = tally.now
            #expect(numbers.sent == 3 && numbers.accepted == 1 && numbers.turnedAway == 2)
            #expect(numbers.sent == numbers.accepted + numbers.turnedAway + numbers.gaveUp)
            #expect(
                numbers.accepted
                    == numbers.reserved + numbers.soldAtOnce + numbers.soldOut + numbers.otherRejections)

            // Only who was accepted sends another payload, and each answer to one is counted where it belongs.
            let payloads = try #require(checks.checks.first { $0.name == "payload" })
            #expect(payloads.checked == 1 && payloads.broken == 0)
            #expect(numbers.conflictsRefused + numbers.conflictsSoldOut == payloads.checked)
            #expect(checks.holds && checks.unheard == 0)

            // A request that comes to rest behind the buyer's back is counted by itself.
            checks.look(at: RushRecord(number: 1), of: buyers[1], lost)
            #expect(checks.unheard == 1)
        }
    }
}
