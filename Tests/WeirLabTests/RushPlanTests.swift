import Testing

@testable import weir_lab

@Suite struct RushPlanTests {
    @Test func twoOfAHundredRequestsRepeatTheTokenBefore() {
        let plan = RushPlan(prefix: "p", skus: ["hot"], repeats: 2, exponent: 1)
        let repeated = (1..<10_000).filter { plan.token(of: $0) == plan.token(of: $0 - 1) }
        #expect(repeated.count == 199)
        #expect(Set((0..<10_000).map(plan.token)).count == 10_000 - 199)
    }

    @Test func aRepeatedTokenIsTheSameRequest() throws {
        let plan = RushPlan(prefix: "p", skus: (0..<50).map { "s\($0)" }, repeats: 2, exponent: 1)
        #expect(plan.request(50) == plan.request(49))
        #expect(plan.request(51) != plan.request(50))
    }

    @Test func withoutRepeatsEveryTokenIsNew() {
        let plan = RushPlan(prefix: "p", skus: ["hot"], repeats: 0, exponent: 1)
        #expect(Set((0..<1_000).map(plan.token)).count == 1_000)
    }

    @Test func zipfGivesTheSecondHalfOfTheFirst() {
        let shares = ZipfShares(count: 100, exponent: 1)
        var hits = [Int](repeating: 0, count: 100)
        for number in 0..<200_000 { hits[shares.place(of: number)] += 1 }
        #expect((1.9...2.1).contains(Double(hits[0]) / Double(hits[1])))
        #expect((3.8...4.2).contains(Double(hits[0]) / Double(hits[3])))
        #expect(hits[99] > 0)
    }

    @Test func oneSKUGetsEverything() {
        let shares = ZipfShares(count: 1, exponent: 1)
        #expect(Set((0..<1_000).map(shares.place)) == [0])
    }

    @Test func answersComeInPieces() {
        var received = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel".utf8)
        #expect(HTTPAnswer.take(from: &received) == nil)
        received += Array("loHTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n".utf8)
        #expect(HTTPAnswer.take(from: &received) == HTTPAnswer(status: 200, body: Array("hello".utf8)))
        #expect(HTTPAnswer.take(from: &received) == HTTPAnswer(status: 503, body: []))
        #expect(received.isEmpty)
    }

    @Test func onlyAnOutcomeIsAVerdict() {
        func verdict(_ status: Int, _ body: String) -> Verdict? {
            RushClients.verdict(HTTPAnswer(status: status, body: Array(body.utf8)))
        }
        #expect(verdict(200, #"{"token":"t","status":"confirmed"}"#) == .confirmed)
        #expect(verdict(200, #"{"status":"rejected","reason":"sold_out"}"#) == .rejected)
        #expect(verdict(202, #"{"status":"queued"}"#) == nil)
        #expect(verdict(503, #"{"status":"confirmed"}"#) == nil)
    }

    @Test func onlyTheGateTurnsAway() {
        func isTurnedAway(_ status: Int, _ body: String) -> Bool {
            RushClients.isTurnedAway(HTTPAnswer(status: status, body: Array(body.utf8)))
        }
        #expect(isTurnedAway(409, #"{"type":"/problems/sold-out","status":409}"#))
        #expect(!isTurnedAway(409, #"{"type":"/problems/wrong-state"}"#))
        #expect(!isTurnedAway(503, #"{"type":"/problems/sold-out"}"#))
    }
}
