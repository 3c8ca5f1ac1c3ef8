import Testing

@testable import AMQPClient

@Suite struct AddressTests {
    @Test func partsAreDecodedAndDefaultsApply() throws {
        let full = try AMQPAddress("amqp://us%40er:p%3Aa%2Fss@broker.example:5673/my%2Fhost")
        #expect(full.user == "us@er" && full.password == "p:a/ss")
        #expect(full.host == "broker.example" && full.port == 5673 && full.vhost == "my/host")
        let short = try AMQPAddress("amqp://localhost")
        #expect(
            short.user == "guest" && short.password == "guest" && short.port == 5672 && short.vhost == "/")
        #expect(try AMQPAddress("AMQP://[::1]:5999/").host == "::1")
        #expect(try AMQPAddress("amqp://[::1]:5999/").port == 5999)
        #expect(try AMQPAddress("amqp://a:b:c@h").password == "b:c")
        #expect(full.authorities == nil && short.authorities == nil)
    }

    @Test func aSecureAddressNamesWhomItTrusts() throws {
        let secure = try AMQPAddress(
            "amqps://u:p@broker.example/v?cacertfile=/etc/my%20ca.pem&verify=verify_peer")
        #expect(secure.authorities == "/etc/my ca.pem" && secure.port == 5671 && secure.vhost == "v")
        #expect(try AMQPAddress("AMQPS://h:1234?cacertfile=ca.pem").port == 1234)
    }

    @Test(arguments: [
        "", "localhost", "http://localhost", "amqps://localhost", "amqp://", "amqp:///vhost", "amqp://h:0",
        "amqp://h:65536", "amqp://h:x", "amqp://h/a/b", "amqp://h/%zz", "amqp://h/%0", "amqp://h/%00",
        "amqp://u:secret%ff@h", "amqp://h?heartbeat=3", "amqp://u:pass?secret@h",
        "amqps://h?cacertfile=", "amqps://h?cacertfile=a&cacertfile=b", "amqps://h?verify=verify_peer",
        "amqps://h?cacertfile=a&verify=verify_none", "amqp://h?cacertfile=a", "amqps://h?cacertfile=a#b",
        "amqps://h?cacertfile=%zz", "amqp://[::1", "amqp://[::1]x",
    ])
    func malformedIsOneSentenceWithoutThePassword(url: String) {
        let error = #expect(throws: AMQPError.self) { try AMQPAddress(url) }
        #expect(error?.kind == .invalid)
        #expect(error?.message.contains("secret") == false)
    }
}

@Suite struct MessageLimitsTests {
    private func flaw(_ change: (inout OutgoingMessage) -> Void) -> String? {
        var message = toQueue("q", [1])
        change(&message)
        if case .failure(let flaw) = MessageLimits.headerSize(of: message, user: "guest") { return flaw.text }
        return nil
    }

    @Test func whatCannotBeSentHasAReason() {
        let long = String(repeating: "é", count: 128)
        let fits = String(repeating: "x", count: 255)
        #expect(flaw { _ in } == nil)
        #expect(flaw { $0.routingKey = long } == "the routing key has 256 bytes, the limit is 255")
        #expect(flaw { $0.exchange = long } != nil)
        for path in [
            \MessageProperties.contentType, \.contentEncoding, \.type, \.messageID, \.correlationID,
            \.replyTo,
            \.appID,
        ] {
            #expect(flaw { $0.properties[keyPath: path] = fits } == nil)
            #expect(flaw { $0.properties[keyPath: path] = long } != nil)
        }
        #expect(flaw { $0.properties.userID = "guest" } == nil)
        #expect(flaw { $0.properties.userID = "somebody" } != nil)
        #expect(flaw { $0.properties.expiration = "60000" } == nil)
        for bad in ["", "soon", "-1", "+1", "4294967296"] {
            #expect(flaw { $0.properties.expiration = bad } != nil)
        }
        #expect(flaw { $0.properties.deliveryMode = 3 } != nil)
        #expect(flaw { $0.properties.headers = [("CC", "q")] } != nil)
        #expect(flaw { $0.properties.headers = ["CC": .array(["q"])] } == nil)
        #expect(flaw { $0.properties.headers = [(long, 1)] } != nil)
        #expect(flaw { $0.properties.headers = ["a": .bytes(Array(repeating: 0, count: 131_072))] } != nil)
        #expect(flaw { $0.body = Array(repeating: 0, count: (16 << 20) + 1) } != nil)
        var deep = FieldValue.int(1)
        for _ in 0..<40 { deep = .table(["a": deep]) }
        #expect(flaw { $0.properties.headers = ["a": deep] } != nil)
    }
}

@Suite struct ContentAssemblerTests {
    private let opening = ContentAssembler.Opening.delivery(
        tag: 1, redelivered: false, exchange: "", routingKey: "q", consumerTag: "c")

    private func feed(_ assembler: inout ContentAssembler, _ bytes: [UInt8]) throws -> [UInt8]? {
        let content = try bytes.withUnsafeBytes { try assembler.fragment($0) }
        if case .delivery(let delivery) = content { return delivery.body }
        return nil
    }

    @Test func fragmentsBecomeOneBody() throws {
        var assembler = ContentAssembler()
        try assembler.begin(opening)
        #expect(assembler.isInside)
        #expect(try assembler.header(MessageProperties(), bodySize: 3) == nil)
        #expect(try feed(&assembler, [1]) == nil)
        #expect(try feed(&assembler, [2, 3]) == [1, 2, 3])
        #expect(!assembler.isInside)
        try assembler.begin(opening)
        #expect(try assembler.header(MessageProperties(), bodySize: 0) != nil)
    }

    @Test func framesOutOfOrderOrTooLargeAreAnError() throws {
        var assembler = ContentAssembler()
        #expect(throws: AMQPError.self) { try feed(&assembler, [1]) }
        #expect(throws: AMQPError.self) { try assembler.header(MessageProperties(), bodySize: 1) }
        try assembler.begin(opening)
        #expect(throws: AMQPError.self) { try assembler.begin(opening) }
        #expect(throws: AMQPError.self) { try assembler.header(MessageProperties(), bodySize: .max) }
        _ = try assembler.header(MessageProperties(), bodySize: 1)
        #expect(throws: AMQPError.self) { try feed(&assembler, [1, 2]) }
    }
}

@Suite struct BackoffTests {
    @Test func pausesGrowToFiveSecondsAndStartAgain() {
        var backoff = Backoff()
        var highest = Highest()
        #expect(
            (0..<9).map { _ in backoff.next(using: &highest) }.map(milliseconds)
                == [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
        for _ in 0..<1000 { #expect(backoff.next(using: &highest) == .seconds(5)) }
        backoff.reset()
        #expect(backoff.next(using: &highest) == .milliseconds(100))
    }

    private func milliseconds(_ pause: Duration) -> Int { Int(pause / .milliseconds(1)) }

    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }
}
