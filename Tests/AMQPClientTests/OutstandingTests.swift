import Testing

@testable import AMQPClient

@Suite struct OutstandingTests {
    private func job(_ number: Int, mandatory: Bool = true, deadline: UInt64 = .max) -> Job {
        Job(
            toQueue("q", text(number), mandatory: mandatory), headerSize: 0, deadline: deadline,
            listener: .task(OneShot()))
    }

    private func bodies(_ jobs: [Job]) -> [Int] {
        jobs.compactMap { Int(String(decoding: $0.message.body, as: UTF8.self)) }
    }

    private func back(_ number: Int) -> ReturnedMessage {
        ReturnedMessage(
            code: 312, text: "NO_ROUTE", exchange: "", routingKey: "q", properties: MessageProperties(),
            body: text(number))
    }

    @Test func confirmsOutOfOrderAndForSeveral() throws {
        var outstanding = Outstanding()
        for number in 1...6 { outstanding.append(job(number)) }
        #expect(bodies(try outstanding.confirm(3, multiple: false)) == [3])
        #expect(bodies(try outstanding.confirm(3, multiple: false)) == [])
        #expect(bodies(try outstanding.confirm(4, multiple: true)) == [1, 2, 4])
        #expect(bodies(try outstanding.confirm(0, multiple: true)) == [5, 6])
        #expect(outstanding.count == 0)
        #expect(throws: AMQPError.self) { try outstanding.confirm(7, multiple: false) }
        #expect(throws: AMQPError.self) { try outstanding.confirm(0, multiple: false) }
    }

    @Test func aReturnFindsItsMessageAmongOthers() throws {
        var outstanding = Outstanding()
        for number in 1...5 { outstanding.append(job(number, mandatory: number != 2)) }
        #expect(outstanding.returned(back(3)).map { bodies([$0]) } == [3])
        #expect(outstanding.returned(back(2)) == nil)
        #expect(outstanding.returned(back(5)).map { bodies([$0]) } == [5])
        // Against the broker's order it is found all the same.
        #expect(outstanding.returned(back(1)).map { bodies([$0]) } == [1])
        #expect(bodies(try outstanding.confirm(5, multiple: true)) == [2, 4])
    }

    @Test func headersTellEqualMessagesApart() throws {
        var outstanding = Outstanding()
        for color in ["red", "blue"] {
            var message = toQueue("q", text(1))
            message.properties.headers = ["color": .string(color)]
            outstanding.append(Job(message, headerSize: 0, deadline: .max, listener: .task(OneShot())))
        }
        var blue = back(1)
        blue.properties.headers = ["color": "blue"]
        #expect(outstanding.returned(blue)?.message.properties.headers == ["color": "blue"])
    }

    @Test func expiryTakesTheOldOnesOnce() throws {
        var outstanding = Outstanding()
        for number in 1...4 { outstanding.append(job(number, deadline: UInt64(number * 10))) }
        #expect(outstanding.nextDeadline == 10)
        _ = try outstanding.confirm(2, multiple: false)
        #expect(!outstanding.hasExpired)
        #expect(bodies(outstanding.expire(30)) == [1, 3])
        #expect(outstanding.hasExpired)
        #expect(outstanding.nextDeadline == 40)
        #expect(bodies(try outstanding.confirm(3, multiple: true)) == [])
        #expect(bodies(outstanding.removeAll()) == [4])
        #expect(outstanding.nextDeadline == .max)
    }

    /// Against an obvious model: whatever the broker answers, each message comes out once.
    @Test(arguments: 0..<200) func randomHistories(seed: UInt64) throws {
        var random = Seeded(seed)
        var outstanding = Outstanding()
        var waiting: [UInt64: Int] = [:]
        var sent: UInt64 = 0
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                sent += 1
                outstanding.append(job(Int(sent)))
                waiting[sent] = Int(sent)
            case 5..<7 where sent > 0:
                let tag = UInt64.random(in: 1...sent, using: &random)
                #expect(
                    bodies(try outstanding.confirm(tag, multiple: false)) == (waiting[tag].map { [$0] } ?? [])
                )
                waiting[tag] = nil
            case 7 where sent > 0:
                let tag = UInt64.random(in: 1...sent, using: &random)
                let expected = waiting.keys.filter { $0 <= tag }.sorted().map(Int.init)
                #expect(bodies(try outstanding.confirm(tag, multiple: true)) == expected)
                for tag in expected { waiting[UInt64(tag)] = nil }
            case 8:
                guard let tag = waiting.keys.sorted().randomElement(using: &random) else { continue }
                #expect(outstanding.returned(back(Int(tag))).map { bodies([$0]) } == [Int(tag)])
                waiting[tag] = nil
            default: break
            }
            #expect(outstanding.count == waiting.count)
        }
        #expect(bodies(outstanding.removeAll()) == waiting.keys.sorted().map(Int.init))
    }
}

/// SplitMix64: a failing seed replays.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
