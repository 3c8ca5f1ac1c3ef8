import Testing
import WeirCore

@testable import WeirWire

/// What RFC 8259 permits is read, what it does not is refused.
@Suite struct JSONSyntaxTests {
    @Test(arguments: [
        "{}", " {} ", "\t\r\n{ }\n", #"{"a":1}"#, #"{ "a" : 1 , "b" : 2 }"#, #"{"":""}"#,
        #"{"a":[]}"#, #"{"a":[1,2,[3]]}"#, #"{"a":{"a":{"a":null}}}"#, #"{"a":true,"b":false,"c":null}"#,
        #"{"a":"\"\\\/\b\f\n\r\t"}"#, #"{"a":"\u0000"}"#, "{\"a\":\"\u{7F}\u{80}\"}",
        #"{"a":"\uD834\uDD1E"}"#, #"{"a":"\ud834\udd1e"}"#, #"{"a":"\uFFFF\uFDD0"}"#,
        "{\"a\":\"\u{10FFFF}\u{2028}\u{FEFF}\"}", #"{"a":"😀"}"#, #"{"a":-0}"#, #"{"a":1.5e-3}"#,
    ])
    func permittedFormsAreRead(_ text: String) throws {
        #expect(throws: Never.self) { try JSONFields(text.utf8) }
    }

    @Test(arguments: [
        "", " ", "{", "}", "[]", "1", "\"a\"", "null", "{]", "{}}", "{}x", "{} {}", "{,}", #"{"a"}"#,
        #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#, #"{"a"=1}"#, #"{a:1}"#, #"{'a':1}"#,
        #"{1:1}"#, #"{"a":1;}"#, #"{"a":[1,]}"#, #"{"a":[,1]}"#, #"{"a":[1 2]}"#, #"{"a":[1}"#, #"{"a":1]}"#,
        #"{"a":tru}"#, #"{"a":True}"#, #"{"a":truex}"#, #"{"a":nul"#, #"{"a":NaN}"#, #"{"a":Infinity}"#,
        #"{"a":'b'}"#, #"{"a":"b}"#, #"{"a":"\x41"}"#, #"{"a":"\'"}"#, #"{"a":"\U0041"}"#, #"{"a":"\"#,
        "{\"a\":\"\n\"}", "{\"a\":\"\t\"}", "{\"a\":\"\u{0}\"}", "{\"a\":\"\\n\u{1F}\"}",
        "{\"a\":1}//", "/**/{\"a\":1}", "{\u{A0}\"a\":1}", "{\u{C}\"a\":1}", "{\u{B}}", "\u{FEFF}{}",
        #"{"a":undefined}"#, #"{"a":(1)}"#, #"{"a":1,,"b":2}"#, #"{"a"::1}"#, #"{"a":"b""c"}"#,
    ])
    func otherFormsAreRefused(_ text: String) {
        refuses(Array(text.utf8))
    }

    @Test(arguments: ["", "0", "00", "004", "00G1", "+041", "-041", "-000", " 041", "0x41", "００４１", "\"}"])
    func aUnicodeEscapeHasFourHexadecimalDigits(_ digits: String) {
        refuses(Array("{\"a\":\"\\u\(digits)\"}".utf8))
        refuses(Array("{\"a\":\"\\uD83D\\u\(digits)\"}".utf8))
    }

    @Test(arguments: [
        #"\uD83D"#, #"\uDE00"#, #"\uD83D\uD83D"#, #"\uDE00\uD83D"#, #"\uD83Dx"#, #"\uD83D\n"#,
        #"\uD83D\u0041"#,
        #"\uDBFF"#, #"\uDFFF"#, #"\uD800\uDBFF"#,
    ])
    func halfASurrogatePairIsRefused(_ escaped: String) {
        refuses(Array("{\"a\":\"\(escaped)\"}".utf8))
        refuses(Array("{\"\(escaped)\":1}".utf8))
    }

    @Test(arguments: [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82],
        [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0xF5, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xFE], [0xFF],
    ])
    func invalidUTF8IsRefused(_ sequence: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let (before, after) = (Array(#"{"a":"x"#.utf8), Array("y\"}".utf8))
        refuses(before + sequence + after)
        refuses(before + Array("\\n".utf8) + sequence + after)
        refuses([UInt8(ascii: "{"), quote] + sequence + [quote] + Array(":1}".utf8))
        refuses(sequence + Array("{}".utf8))
        refuses(Array("{}".utf8) + sequence)
    }

    @Test func sixteenLevelsAreReadAndSeventeenRefused() throws {
        func nested(_ levels: Int, _ open: String, _ close: String) -> [UInt8] {
            let inner = levels - 1
            return Array(
                ("{\"a\":" + String(repeating: open, count: inner) + "1"
                    + String(repeating: close, count: inner) + "}").utf8)
        }
        #expect(JSONScanner.deepest == 16)
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            #expect(throws: Never.self) { try JSONFields(nested(16, open, close)) }
            refuses(nested(17, open, close))
            refuses(nested(10_000, open, close))
            refuses(Array(String(repeating: open, count: 10_000).utf8))
        }
    }

    @Test func siblingsDoNotCountAsLevels() {
        let siblings = (0..<40).map { "\"n\($0)\":[{}]" }.joined(separator: ",")
        #expect(throws: Never.self) { try JSONFields("{\(siblings)}".utf8) }
    }

    @Test(arguments: [
        #"{"a":1,"a":2}"#, #"{"a":1,"b":2,"a":1}"#, #"{"a":1,"\u0061":1}"#, #"{"x":{"a":1,"a":1}}"#,
        #"{"x":[{"a":null,"a":null}]}"#, #"{"":1,"":1}"#,
    ])
    func aNameOccursOnce(_ text: String) {
        #expect { try JSONFields(text.utf8) } throws: { error in
            (error as? WireRefusal)?.detail.contains("occurs twice; send it once") ?? false
        }
    }

    @Test func anObjectHasAtMostSixtyThreeFields() {
        func fields(_ count: Int) -> [UInt8] {
            Array("{\((0..<count).map { "\"n\($0)\":0" }.joined(separator: ","))}".utf8)
        }
        #expect(throws: Never.self) { try JSONFields(fields(63)) }
        refuses(fields(64))
    }

    @Test func escapesMeanWhatTheySay() throws {
        var fields = try JSONFields(#"{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00z","b":"é😀"}"#.utf8)
        #expect(fields.take("a") == .text("\"\\/\u{8}\u{C}\n\r\té😀z"))
        #expect(fields.take("b") == .text("é😀"))
    }

    private func refuses(_ bytes: [UInt8], _ place: SourceLocation = #_sourceLocation) {
        #expect(sourceLocation: place) { try JSONFields(bytes) } throws: { error in
            guard let refusal = error as? WireRefusal else { return false }
            return refusal.code == .malformedJSON && !refusal.detail.isEmpty
        }
    }
}
