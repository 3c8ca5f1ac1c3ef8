import Testing
import WeirCore

@testable import WeirWire

/// Several bodies in one message.
@Suite struct BundleTests {
    @Test func whatIsBundledComesApartAgain() throws {
        var random = SplitMix64(seed: 21)
        for count in [1, 2, 17, Bundle.most] {
            let bodies = (0..<count).map { _ in random.command(.submit).body }
            #expect(Bundle.lines(of: Bundle.body(of: bodies)) == bodies)
        }
    }

    @Test func whatIsNoBundleIsRefusedWhole() {
        let line = Array("{}".utf8)
        #expect(Bundle.lines(of: []) == nil)
        #expect(Bundle.lines(of: Array("\n\n\n".utf8)) == nil)
        #expect(Bundle.lines(of: Bundle.body(of: Array(repeating: line, count: Bundle.most + 1))) == nil)
        #expect(Bundle.lines(of: Array(repeating: 0x20, count: Bundle.largestBody + 1)) == nil)
        #expect(throws: WireRefusal.self) {
            try Command.read(type: Bundle.submits, messageID: nil, contentType: nil, body: [])
        }
    }

    @Test func aBrokenLineStaysALineOfItsOwn() {
        let body = Array("{\n[]\nx".utf8)
        #expect(Bundle.lines(of: body) == [Array("{".utf8), Array("[]".utf8), Array("x".utf8)])
    }

    @Test func aHeaderSpeaksOfEveryLineOrOfNone() {
        #expect(Bundle.values("a,,c", count: 3) == ["a", "", "c"])
        #expect(Bundle.values("", count: 1) == [""])
        #expect(Bundle.values("a,b", count: 3) == nil)
        #expect(Bundle.values("a,b,c,d", count: 3) == nil)
    }
}

/// The quick reader of the common submit agrees with the general one, whatever it is given.
@Suite struct PlainSubmitTests {
    private func general(_ body: [UInt8]) -> Submit? {
        guard var fields = try? JSONFields(body),
            let token = try? fields.identifier("token", as: Token.self)
        else { return nil }
        return try? Submit(token: token, from: &fields)
    }

    @Test func itReadsWhatWeirWrites() {
        var random = SplitMix64(seed: 22)
        var read = 0
        for _ in 0..<2_000 {
            let command = random.command(.submit)
            guard case .submit(let submit) = command, let plain = Submit(plain: command.body) else {
                continue
            }
            #expect(plain == submit)
            read += 1
        }
        #expect(read > 50)
        let common = Array(#"{"token":"t-1","sku":"shoe:42","quantity":3,"buyer":"Ann O'Hara"}"#.utf8)
        #expect(Submit(plain: common) == general(common))
        #expect(Submit(plain: common) != nil)
    }

    @Test func whereverItReadsTheGeneralOneReadsTheSame() {
        var random = SplitMix64(seed: 23)
        let seeds = [
            #"{"token":"t-1","sku":"shoe:42","quantity":3,"buyer":"ann"}"#,
            #" { "quantity" : 12 , "sku":"a.b_c", "buyer":" x ", "token":"~t" } "#,
            #"{"token":"t","sku":"s","quantity":2147483647,"buyer":"b","on_shortage":"reject"}"#,
            #"{"token":"t","sku":"s","quantity":01,"buyer":"b"}"#,
        ].map { Array($0.utf8) }
        let pieces: [[UInt8]] = [
            "\"", "\\", ",", "0", "-", "1e3", "{", "}", ":", " ", "\u{0}", "é", "token", "\n", "9", "a",
            "\u{C}", "\t",
        ].map { Array($0.utf8) }
        var read = 0
        for _ in 0..<60_000 {
            var body = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<body.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: body.remove(at: place)
                case 1: body.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
                default: body[place] = UInt8.random(in: 0...255, using: &random)
                }
                if body.isEmpty { break }
            }
            guard let plain = Submit(plain: body) else { continue }
            read += 1
            let text = String(decoding: body, as: UTF8.self)
            #expect(plain == general(body), "\(text)")
        }
        #expect(read > 3_000)
    }
}
