import Testing
import WeirCore

/// The form of SKUs, tokens and command ids, byte by byte.
@Suite struct IdentifierTests {
    private static let alphanumeric =
        Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    private func checkEveryByte<Name: Identifier>(of type: Name.Type, marks: String) {
        let permitted = Self.alphanumeric.union(marks.utf8)
        for byte in UInt8.min...UInt8.max {
            // A byte above 0x7F is no text by itself; it becomes the scalar of that number, two bytes long.
            let text = String(Unicode.Scalar(byte))
            #expect((Name(text) != nil) == Self.alphanumeric.contains(byte), "first byte \(byte)")
            #expect((Name("a" + text) != nil) == permitted.contains(byte), "second byte \(byte)")
            #expect((Name("a" + text + "z") != nil) == permitted.contains(byte), "middle byte \(byte)")
            #expect(Name.permits(byte) == permitted.contains(byte), "byte \(byte)")
        }
    }

    @Test func aSKUPermitsTheseBytesAndNoOthers() { checkEveryByte(of: SKU.self, marks: "._:-") }

    @Test func aTokenPermitsTheseBytesAndNoOthers() { checkEveryByte(of: Token.self, marks: "._:~-") }

    @Test func aCommandIDHasTheFormOfAToken() {
        checkEveryByte(of: CommandID.self, marks: "._:~-")
        #expect(CommandID.longest == Token.longest)
    }

    private func checkLength<Name: Identifier>(of type: Name.Type, longest: Int) {
        #expect(Name.longest == longest)
        #expect(Name("") == nil)
        #expect(Name("x")?.text == "x")
        let text = String(repeating: "x", count: longest)
        #expect(Name(text)?.text == text)
        #expect(Name(text)?.description == text)
        #expect(Name(text + "x") == nil)
        #expect(Name.form.hasPrefix("1 to \(longest) characters"))
    }

    @Test func identifiersHaveAGreatestLength() {
        checkLength(of: SKU.self, longest: 64)
        checkLength(of: Token.self, longest: 128)
        checkLength(of: CommandID.self, longest: 128)
    }

    @Test(arguments: [
        "é", "aé", "a\u{301}", "Ａ", "a１", "a\u{200D}", "a\u{0}", "a b", "a\n", "\u{FEFF}a", "ß",
    ])
    func textThatOnlyLooksLikeAnIdentifierIsRefused(_ text: String) {
        #expect(SKU(text) == nil)
        #expect(Token(text) == nil)
        #expect(CommandID(text) == nil)
    }

    @Test func identifiersAreOrderedByTheirBytes() {
        let texts = ["0", "9", "A", "A-", "A.", "A0", "A:", "AA", "A_", "Aa", "B", "Z", "a", "aa", "a~", "z"]
        #expect(texts.reversed().map { Token($0)! }.sorted().map(\.text) == texts)
    }

    @Test func identifiersTellUpperCaseFromLowerCase() {
        #expect(SKU("shirt") != SKU("Shirt"))
        #expect(Set([Token("a")!, Token("A")!, Token("a")!]).count == 2)
    }
}
