import Testing
import WeirCore
import WeirWire

/// Events of orders, and the messages that some of them are.
@Suite struct OrderEventTests {
    @Test func everyEventReadsWhatItWrites() throws {
        var random = SplitMix64(seed: 31)
        for _ in 0..<2_000 {
            let happening = Happening.order(random.orderHappening())
            let body = happening.body(partition: 3)
            #expect(try Happening(type: happening.type, body: body) == happening)
        }
    }

    @Test func storedLinesReadWhatTheyWrite() throws {
        var random = SplitMix64(seed: 32)
        for _ in 0..<1_000 {
            let order = random.order()
            #expect(try Order.storedLines(order.storedLines, order.state) == order.lines)
        }
    }

    @Test func imagesAnswersAndInquiriesAreMessagesAndNothingElseIs() throws {
        var random = SplitMix64(seed: 33)
        for _ in 0..<1_000 {
            let told = random.orderHappening()
            let happening = Happening.order(told)
            let body = happening.body(partition: 0)
            let read = try? OrderMessage.read(type: happening.type, body: body)
            switch told {
            case .state(let order, _), .told(let order): #expect(read == .image(order))
            case .part(let answer): #expect(read == .answer(answer))
            case .inquired(let inquiry): #expect(read == .inquiry(inquiry))
            case .shortfall, .conflict, .answered: #expect(read == nil)
            }
        }
        #expect(throws: WireRefusal.self) { try OrderMessage.read(type: nil, body: Array("{}".utf8)) }
        let submit = random.command(.submit)
        #expect(throws: WireRefusal.self) {
            try OrderMessage.read(type: submit.kind.rawValue, body: submit.body)
        }
    }

    /// Whoever may write into a public queue can never say what only another partition may say.
    @Test func noMessageBetweenPartitionsIsReadAsACommand() {
        var random = SplitMix64(seed: 34)
        for _ in 0..<500 {
            let happening = Happening.order(random.orderHappening())
            #expect(throws: WireRefusal.self) {
                try Command.read(
                    type: happening.type, messageID: "x", contentType: nil, body: happening.body(partition: 0)
                )
            }
        }
        #expect(throws: WireRefusal.self) {
            try Command.read(
                type: CommandKind.orderMessage.rawValue, messageID: "x", contentType: nil,
                body: Array(#"{"token":"a"}"#.utf8))
        }
    }

    /// A line's token stands in events, and nowhere else can anybody say it.
    @Test func aLineIsAnIntentInEventsAndInNoCommand() throws {
        let line = Intent(
            token: .line(7, of: Token("order-1")!), sku: SKU("tea")!, quantity: Quantity(2)!,
            buyer: Buyer("b")!,
            onShortage: .reject, state: .reserved, decidedAt: Timestamp(microseconds: 5))
        let happening = Happening.intent(line, from: nil, stock: nil)
        #expect(try Happening(type: happening.type, body: happening.body(partition: 0)) == happening)
        let bodies = [
            ("weir.intent.submit.v1", #"{"token":"order-1/7","sku":"tea","quantity":2,"buyer":"b"}"#),
            ("weir.intent.confirm.v1", #"{"token":"order-1/7","sku":"tea"}"#),
            ("weir.intent.cancel.v1", #"{"token":"order-1/7","sku":"tea"}"#),
            (
                "weir.intent.extend.v1",
                #"{"token":"order-1/7","sku":"tea","hold_until":"2026-01-01T00:00:00Z"}"#
            ),
            ("weir.order.submit.v1", #"{"token":"o/1","buyer":"b","lines":[{"sku":"tea","quantity":1}]}"#),
            ("weir.order.confirm.v1", #"{"token":"o/1"}"#),
            (
                "weir.intent.submit.v1",
                #"{"token":"x","sku":"tea","quantity":2,"buyer":"b","replaces":"order-1/7"}"#
            ),
        ]
        for (type, body) in bodies {
            #expect(throws: WireRefusal.self, "\(type)") {
                try Command.read(type: type, messageID: "x", contentType: nil, body: Array(body.utf8))
            }
        }
        for text in ["order-1/0", "order-1/501", "order-1/x", "order-1/", "/1", "a b/1", "a/1/2"] {
            let body = String(decoding: happening.body(partition: 0), as: UTF8.self)
                .replacing("order-1/7", with: text)
            #expect(throws: WireRefusal.self, "\(text)") {
                try Happening(type: happening.type, body: Array(body.utf8))
            }
        }
    }
}
