import Testing
import WeirCore

@testable import WeirWire

/// Every code of a refusal that reading can give, and the text of strangers inside the messages.
@Suite struct RefusalTests {
    private static let submit = CommandKind.submit.rawValue
    private static let body = #"{"token":"t","sku":"s","quantity":1,"buyer":"b"}"#

    /// `wrong_partition` is given by the partition, not by the reader.
    @Test func everyCodeIsReached() {
        let reached: [WireRefusal.Code: WireRefusal?] = [
            .malformedJSON: refusal(body: "{"),
            .missingField: refusal(body: "{}"),
            .invalidField: refusal(body: #"{"token":1}"#),
            .unknownField: refusal(body: Self.body.dropLast() + #","x":1}"#),
            .unknownType: refusal(type: "weir.intent.submit.v2"),
            .missingProperty: refusal(type: nil),
            .invalidProperty: refusal(contentType: "text/plain"),
            .tooLarge: refusal(body: Self.body + String(repeating: " ", count: Command.largestBody)),
        ]
        for code in WireRefusal.Code.allCases where code != .wrongPartition {
            #expect(reached[code]??.code == code)
        }
    }

    @Test func theCodesAreTheReasonsOfDeadLetters() {
        #expect(
            WireRefusal.Code.allCases.map(\.rawValue) == [
                "malformed_json", "missing_field", "invalid_field", "unknown_field", "unknown_type",
                "missing_property", "invalid_property", "too_large", "wrong_partition",
            ])
    }

    @Test(arguments: [
        "", "weir.intent.submit", "weir.intent.submit.v2", "WEIR.INTENT.SUBMIT.V1", "weir.sku.defined.v1",
        "weir.intent.submit.v1 ",
    ])
    func anUnknownTypeIsNamedWithTheKnownOnes(_ type: String) {
        let refusal = refusal(type: type)
        #expect(refusal?.code == .unknownType)
        #expect(refusal?.field == "type")
        for kind in CommandKind.allCases { #expect(refusal?.detail.contains(kind.rawValue) ?? false) }
    }

    @Test(
        arguments: CommandKind.allCases.filter {
            ![.submit, .discard, .submitOrder, .discardOrder].contains($0)
        })
    func everyCommandWithoutATokenOfItsOwnNeedsAMessageID(_ kind: CommandKind) {
        var random = SplitMix64(seed: 1)
        let body = String(decoding: random.command(kind).body, as: UTF8.self)
        let missing = refusal(type: kind.rawValue, messageID: nil, body: body)
        #expect(missing?.code == .missingProperty)
        #expect(missing?.field == "message_id")
        for id in ["", " ", "a b", "é", "a\u{0}", String(repeating: "a", count: 129)] {
            let invalid = refusal(type: kind.rawValue, messageID: id, body: body)
            #expect(invalid?.code == .invalidProperty)
            #expect(invalid?.field == "message_id")
            #expect(invalid?.detail.contains(CommandID.form) ?? false)
        }
    }

    @Test(arguments: ["", "text/plain", "application/jsonx", "application/xml", "json", "application/json,"])
    func anotherContentTypeIsRefusedWithTheRightOne(_ contentType: String) {
        let refusal = refusal(contentType: contentType)
        #expect(refusal?.code == .invalidProperty)
        #expect(refusal?.field == "content_type")
        #expect(refusal?.detail.contains("send application/json") ?? false)
    }

    @Test func theLargestBodyIsReadAndOneByteMoreRefused() {
        let space = String(repeating: " ", count: Command.largestBody - Self.body.utf8.count)
        #expect(refusal(body: Self.body + space) == nil)
        let refusal = refusal(body: Self.body + space + " ")
        #expect(refusal?.code == .tooLarge)
        #expect(refusal?.detail.contains("65537 bytes; at most 65536") ?? false)
    }

    /// Commands whose bodies are small name all that is wrong too, in the order in which it is read.
    @Test(arguments: [
        (CommandKind.confirm, #"{"sku":"a b","x":1}"#, ["/sku", "/token", "/x"]),
        (.cancel, #"{"sku":"a b","quantity":0,"x":1}"#, ["/sku", "/token", "/quantity", "/x"]),
        (.extend, #"{"token":3,"hold_until":"soon","x":1}"#, ["/sku", "/token", "/hold_until", "/x"]),
        (.define, #"{"if_version":0,"stocked":-1,"x":1}"#, ["/sku", "/if_version", "/stocked", "/x"]),
        (.adjust, #"{"sku":"","delta":0,"x":1}"#, ["/sku", "/delta", "/reason", "/x"]),
        (.confirmOrder, #"{"x":1}"#, ["/token", "/x"]),
        (.cancelOrder, #"{"lines":[1,"2",0],"x":1}"#, ["/token", "/lines/1", "/lines/2", "/x"]),
        (.extendOrder, #"{"token":"o/1","x":1}"#, ["/token", "/hold_until", "/x"]),
    ])
    func everyWrongFieldOfACommandIsNamed(_ kind: CommandKind, _ body: String, _ pointers: [String]) {
        #expect(refusal(type: kind.rawValue, body: body)?.flaws.map(\.pointer) == pointers)
    }

    @Test(arguments: [
        ("", ""), ("shoe", "shoe"), ("a\u{0}b\n", "a\u{FFFD}b\u{FFFD}"),
        ("\u{7F}\u{85}\u{9F}é", "\u{FFFD}\u{FFFD}\u{FFFD}é"),
        (String(repeating: "a", count: 64), String(repeating: "a", count: 64)),
        (String(repeating: "a", count: 65), String(repeating: "a", count: 64) + "…"),
        (String(repeating: "😀", count: 65), String(repeating: "😀", count: 64) + "…"),
        ("\r\n", "\u{FFFD}\u{FFFD}"),
    ])
    func textOfAStrangerIsShortenedAndPlain(_ text: String, _ shown: String) {
        #expect(Array(printable(text).unicodeScalars) == Array(shown.unicodeScalars))
    }

    @Test func aMessageStaysShortAndPlainWhateverTheStrangerSends() {
        let long = String(repeating: "x\u{1}", count: 20_000)
        let escaped = String(repeating: #"x\u0001"#, count: 8_000)
        let refusals = [
            refusal(type: long), refusal(contentType: long),
            refusal(body: Self.body.dropLast() + ",\"\(escaped)\":1}"),
            refusal(body: "{\"\(escaped)\":1,\"\(escaped)\":1}"),
            refusal(type: CommandKind.confirm.rawValue, messageID: long),
        ]
        for refusal in refusals {
            let texts = [refusal?.detail, refusal?.field].compactMap(\.self)
            #expect(!texts.isEmpty)
            for text in texts {
                #expect(text.utf8.count < 600)
                #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
            }
        }
    }

    private func refusal(
        type: String? = submit, messageID: String? = "id", contentType: String? = nil,
        body: some StringProtocol = body
    ) -> WireRefusal? {
        do throws(WireRefusal) {
            _ = try Command.read(
                type: type, messageID: messageID, contentType: contentType, body: Array(body.utf8))
            return nil
        } catch {
            return error
        }
    }
}
