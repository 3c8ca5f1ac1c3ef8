import Testing
import WeirCore
import WeirWire

@testable import WeirPipeline

/// A delivery is a command of its partition, or a dead letter with its reason.
@Suite struct DeliveryReadingTests {
    private let partitioning = Partitioning(count: 8)!
    private var home: Int { partitioning.partition(of: shoe) }

    @Test func everyKindOfCommandIsRead() {
        let adjustment = Adjustment(id: CommandID("x")!, sku: shoe, delta: -1, reason: "r")
        for command in [submit("a"), confirm("a"), define(3), .adjust(adjustment)] {
            guard case .command(let read) = delivery(command).read(for: home, of: partitioning) else {
                Issue.record("\(command)")
                continue
            }
            #expect(read == command)
        }
    }

    @Test func everyRefusalIsADeadLetterWithItsCode() {
        let big = Array(repeating: UInt8(ascii: " "), count: Command.largestBody + 1)
        let cases: [(WireRefusal.Code, (inout Delivery) -> Void)] = [
            (.malformedJSON, { $0.body = [] }),
            (.missingField, { $0.body = Array("{}".utf8) }),
            (.invalidField, { $0.body = Array(#"{"token":1}"#.utf8) }),
            (.unknownField, { $0.body = $0.body.dropLast() + Array(#","x":1}"#.utf8) }),
            (.unknownType, { $0.type = "weir.intent.buy.v1" }),
            (.missingProperty, { $0.type = nil }),
            (.invalidProperty, { $0.contentType = "text/xml" }),
            (.tooLarge, { $0.body = big }),
            (.wrongPartition, { $0.body = Array(submit("a", sku: stranger).body) }),
        ]
        #expect(Set(cases.map(\.0)) == Set(WireRefusal.Code.allCases))
        for (code, change) in cases {
            var damaged = delivery(submit("a"))
            change(&damaged)
            #expect(letter(damaged)?.reason == code.rawValue)
        }
    }

    @Test func aSKUOfAnotherPartitionIsRefusedWithTheRightOne() throws {
        let other = partitioning.partition(of: stranger)
        let letter = try #require(self.letter(delivery(submit("a", sku: stranger))))
        #expect(letter.detail.contains("lives in partition \(other), not \(home)"))
        #expect(letter.detail.contains("routing key \(other)"))
        #expect(letter.token == "a" && letter.sku == stranger.text)
    }

    @Test func theRoutingKeyProvesNothing() {
        var misled = delivery(submit("a", sku: stranger))
        misled.routingKey = String(home)
        #expect(letter(misled)?.reason == "wrong_partition")
    }

    @Test(arguments: [
        "weir.ingress.x1", "mine", "amq.gen-x", "weirdo", "Weir.dead",
    ])
    func answersGoWhereTheSenderSays(_ replyTo: String) {
        #expect(letter(asking(replyTo)) == nil)
    }

    @Test(arguments: [
        "weir.intents.p00", "weir.internal.p01", "weir.dead", "weir.", "weir.ingress", "weir.ingressx",
    ])
    func noAnswerGoesIntoTheQueuesThatWeirWorksFrom(_ replyTo: String) {
        let letter = letter(asking(replyTo))
        #expect(letter?.reason == "invalid_property")
        #expect(letter?.detail.contains("'reply_to' names '\(replyTo)'; name a queue of your own") ?? false)
    }

    @Test(arguments: ["a\u{0}", "\n", "a\u{1F}b", "\u{7F}"])
    func controlCharactersInAnAddressAreRefused(_ text: String) {
        var asking = delivery(submit("a"))
        asking.replyTo = text
        #expect(letter(asking)?.detail.contains("'reply_to' must not hold control characters") ?? false)
        asking.replyTo = nil
        asking.correlationID = text
        #expect(letter(asking)?.detail.contains("'correlation_id' must not hold control characters") ?? false)
    }

    @Test func aDeadLetterKeepsWhatCanBeRead() {
        let bodies: [(String, String?, String?)] = [
            (#"{"token":"t1","sku":"shoe"}"#, "t1", "shoe"), (#"{"token":"t1","sku":7}"#, "t1", nil),
            (#"{"token":"not a token","sku":"a b"}"#, nil, nil),
            (#"{"token":"t\u0000","sku":"shoe"}"#, nil, "shoe"),
            ("{", nil, nil), ("[]", nil, nil), ("", nil, nil),
        ]
        for (body, token, sku) in bodies {
            let letter = letter(rubbish(body))
            #expect(letter?.token == token)
            #expect(letter?.sku == sku)
            #expect(letter?.delivery.body == Array(body.utf8))
        }
    }

    @Test func randomBytesAreNeverReadAndNeverTrap() {
        var random = SplitMix64(seed: 9)
        for _ in 0..<3_000 {
            let length = Int.random(in: 0...60, using: &random)
            var noise = rubbish()
            noise.body = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(letter(noise) != nil)
        }
    }

    private var stranger: SKU {
        (0..<100).map { SKU(unchecked: "sku-\($0)") }.first { partitioning.partition(of: $0) != home } ?? shoe
    }

    private func asking(_ replyTo: String) -> Delivery {
        var asking = delivery(submit("a"))
        asking.replyTo = replyTo
        return asking
    }

    private func letter(_ delivery: Delivery) -> DeadLetter? {
        guard case .undecidable(let letter) = delivery.read(for: home, of: partitioning) else { return nil }
        return letter
    }
}
