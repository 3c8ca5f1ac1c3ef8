import Testing
import WeirCore

/// A buyer is bytes of UTF-8 without control characters.
@Suite struct BuyerTests {
    @Test(arguments: [
        ("\u{EB}", "e\u{308}"), ("\u{212B}", "\u{C5}"), ("\u{1E9B}\u{323}", "\u{17F}\u{323}\u{307}"),
        ("\u{AC00}", "\u{1100}\u{1161}"), ("q\u{307}\u{323}", "q\u{323}\u{307}"),
    ])
    func buyersThatUnicodeCallsEquivalentAreDifferent(_ one: String, _ other: String) throws {
        #expect(one == other, "the example does not show what it should")
        let (left, right) = (try #require(Buyer(one)), try #require(Buyer(other)))
        #expect(left != right)
        #expect(Set([left, right, left]).count == 2)
        #expect(!intent(tokenA, shirt, 2, .reserved, buyer: left).repeats(wish(by: right)))
        #expect(intent(tokenA, shirt, 2, .reserved, buyer: left).repeats(wish(by: left)))
    }

    @Test func equalBytesAreTheSameBuyer() {
        let other = Buyer(String(decoding: Array("Zoë".utf8), as: UTF8.self))
        #expect(Buyer("Zoë") == other)
        #expect(Buyer("Zoë").hashValue == other.hashValue)
        #expect(Buyer("Zoë") != Buyer("Zoë "))
        #expect(Buyer("Zo") != Buyer("Zoë"))
    }

    @Test func controlCharactersAreRefusedWhereverTheyStand() {
        for value in UInt32(0)...0x2FF {
            let scalar = Unicode.Scalar(value)!
            let isControl = scalar.properties.generalCategory == .control
            for text in ["\(scalar)", "a\(scalar)", "\(scalar)a", "a\(scalar)b"] {
                #expect((Buyer(text) == nil) == isControl, "U+\(String(value, radix: 16))")
            }
        }
        #expect(Buyer("a\r\nb") == nil)
    }

    @Test(arguments: ["x", "é", "語", "😀"])
    func lengthIsCountedInBytes(_ character: String) {
        let most = 128 / character.utf8.count
        let text = String(repeating: character, count: most)
        let full = text + String(repeating: "x", count: 128 - text.utf8.count)
        #expect(Buyer(full)?.text.utf8.count == 128)
        #expect(Buyer(full + "x") == nil)
        #expect(Buyer(String(full.dropLast()) + character + "x") == nil)
    }

    @Test func aBuyerMayBeAnyOtherText() {
        #expect(Buyer("") == nil)
        for text in [" ", "-", "Ann O'Neil", "ann@example.org", "1", "a\u{301}", "\u{301}", "عميل"] {
            #expect(Buyer(text)?.text == text)
            #expect(Buyer(text)?.description == text)
        }
    }
}
