import HTTPTypes
import Testing
import WeirCore

@testable import WeirIngress

/// What headers, paths, queries and cursors are read as, without a server.
@Suite struct HeaderTests {
    private func fields(_ pairs: (String, String)...) -> HTTPFields {
        pairs.reduce(into: HTTPFields()) { fields, pair in
            if let name = HTTPField.Name(pair.0) { fields.append(HTTPField(name: name, value: pair.1)) }
        }
    }

    @Test(arguments: [
        ("abc", "abc"), (#""abc""#, "abc"), ("a.b:c~d_e-f", "a.b:c~d_e-f"),
        (String(repeating: "a", count: 128), String(repeating: "a", count: 128)),
    ]) func aKeyIsBareOrAString(_ value: String, _ token: String) throws {
        #expect(try IdempotencyKey.read(fields(("idempotency-key", value)))?.text == token)
    }

    @Test(arguments: [
        "", #""""#, #""abc"#, #"abc""#, #""a"b""#, #""abc";q=1"#, #""a\b""#, #""a\"b""#, #""a\\b""#, "ä",
        "a,b",
        #"":"#,
    ]) func aKeyOfAnotherFormIsRefused(_ value: String) {
        #expect(throws: Problem.self) { try IdempotencyKey.read(fields(("idempotency-key", value))) }
    }

    @Test func escapesOfAStructuredStringAreUndone() {
        #expect(IdempotencyKey.unquoted(#""a\"b\\c""#) == #"a"b\c"#)
        #expect(IdempotencyKey.unquoted(#""a\"#) == nil)
        #expect(IdempotencyKey.unquoted("\"a\u{7F}\"") == nil)
    }

    @Test func preferencesAreReadAndClamped() throws {
        func read(_ values: String...) throws -> (Int, String?) {
            var all = HTTPFields()
            for value in values { all.append(HTTPField(name: .prefer, value: value)) }
            let preference = try Preference.read(all, limit: 30, otherwise: 10)
            return (preference.waitSeconds, preference.applied)
        }
        #expect(try read() == (10, nil))
        #expect(try read("wait=5") == (5, "wait=5"))
        #expect(try read("wait=\"5\"") == (5, "wait=5"))
        #expect(try read("respond-async, wait=31") == (30, "wait=30"))
        #expect(try read("Respond-Async") == (0, "respond-async"))
        #expect(try read("return=minimal", "wait=3; x=1, wait=9") == (3, "wait=3"))
        #expect(try read("handling=lenient") == (10, nil))
        for wrong in ["wait", "wait=", "wait=-1", "wait=1.5", "wait=0x10", "wait=99999999999999999999"] {
            #expect(throws: Problem.self, "\(wrong)") { try read(wrong) }
        }
    }

    @Test func cursorsComeBackAndOthersDoNot() throws {
        for text in ["a", "A.b:c-d_e", String(repeating: "9", count: 64)] {
            let sku = try #require(SKU(text))
            #expect(try Cursor.read(Cursor.text(after: sku)) == sku)
        }
        for wrong in [
            "", "0", "00000000", "zz", "0000000061", Cursor.text(after: SKU(unchecked: "a")).uppercased(),
        ] {
            #expect(throws: Problem.self, "\(wrong)") { try Cursor.read(wrong) }
        }
    }

    @Test func theDateIsThatOfTheRFC() {
        #expect(DateHeader.text(of: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(DateHeader.text(of: 1_709_164_800) == "Thu, 29 Feb 2024 00:00:00 GMT")
    }

    @Test func settingsThatCannotWorkAreRefused() {
        func refused(_ change: (inout IngressSettings) -> Void) -> Bool {
            var settings = IngressSettings(databaseURL: "", amqpURL: "")
            change(&settings)
            return (try? settings.check()) == nil
        }
        #expect(!refused { _ in })
        #expect(refused { $0.port = 70_000 })
        #expect(refused { $0.instance = "" })
        #expect(refused { $0.instance = "a b" })
        #expect(refused { $0.publishDeadlineSeconds = 1 })
        #expect(refused { $0.shutdownGraceSeconds = 1 })
        #expect(refused { $0.waitLimitSeconds = -1 })
    }
}
