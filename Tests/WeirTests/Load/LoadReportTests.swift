import Testing
import WeirWire

@testable import weir

@Suite struct LoadReportTests {
    private func report(_ loop: LoadReport.Loop) -> LoadReport {
        let tally = Tally()
        for number in 1...100 {
            #expect(
                tally.begin(late: .milliseconds(number > 98 ? 20 : 0), duplicate: number == 1, limit: 100))
            tally.accepted(after: .milliseconds(number))
            tally.end(
                number <= 60 ? .reserved : .soldOut, replayed: number == 1,
                outcomeAfter: .milliseconds(number))
        }
        return LoadReport(
            loop: loop, numbers: tally.now, seconds: 2, waitSeconds: 10, wasInterrupted: false)
    }

    @Test func numbersAreInTheText() {
        let text = report(.open(rate: 50, due: 120, maxInFlight: 100)).text
        #expect(text.contains("open loop, 50 intents per second: 120 due, 100 sent, 0 dropped"))
        #expect(text.contains("2 started late"))
        #expect(text.contains("answers: reserved 60, sold out 40"))
        #expect(text.contains("duplicates: 1 sent again, 1 answered from memory"))
        #expect(text.contains("outcomes per second: 50\n"))
        #expect(report(.closed(clients: 4)).text.hasPrefix("closed loop, 4 clients: 100 sent in 2 s"))
    }

    @Test func jsonIsAnObjectWithTheSameNumbers() throws {
        var fields = try JSONFields(report(.open(rate: 50, due: 120, maxInFlight: 100)).json)
        #expect(fields.integer("sent") == 100)
        #expect(fields.integer("late") == 2)
        #expect(fields.integer("outcomes_per_second") == 50)
        guard case .object(var latency) = fields.take("to_outcome_microseconds") else {
            Issue.record("no latencies")
            return
        }
        #expect(latency.integer("count") == 100)
        #expect((49_900...50_100).contains(latency.integer("p50") ?? 0))
        #expect((98_900...99_200).contains(latency.integer("p99") ?? 0))
    }

    @Test func requestsBeyondTheLimitAreDroppedNotDelayed() {
        let tally = Tally()
        #expect(tally.begin(late: .zero, duplicate: false, limit: 1))
        #expect(!tally.begin(late: .zero, duplicate: false, limit: 1))
        tally.end(.confirmed, outcomeAfter: .zero)
        #expect(tally.begin(late: .zero, duplicate: false, limit: 1))
        #expect(tally.now.dropped == 1 && tally.now.sent == 2)
    }

    @Test func silentServerIsAFailureAndASlowOneIsNot() {
        let tally = Tally()
        _ = tally.begin(late: .zero, duplicate: false, limit: 9)
        tally.fail(.unreachable(url: "u", reason: "r"))
        func failure() -> Failure? {
            LoadReport(
                loop: .closed(clients: 1), numbers: tally.now, seconds: 1, waitSeconds: 1,
                wasInterrupted: false
            ).failure
        }
        #expect(failure()?.code == .unavailable)
        _ = tally.begin(late: .zero, duplicate: false, limit: 9)
        tally.end(.accepted, outcomeAfter: nil)
        #expect(failure() == nil)
    }

    @Test(arguments: [
        (1.0, 2, "1.00"), (0.005, 2, "0.01"), (-1.25, 1, "-1.3"), (-0.001, 2, "0.00"), (12.6, 0, "13"),
    ])
    func fixedDigits(number: Double, digits: Int, text: String) {
        #expect(number.fixed(digits) == text)
    }

    @Test(arguments: [(2000.0, 3, "2000"), (0.5, 3, "0.5"), (10.0, 0, "10"), (1.25, 1, "1.3")])
    func roundedDigits(number: Double, digits: Int, text: String) {
        #expect(number.rounded(to: digits) == text)
    }
}
