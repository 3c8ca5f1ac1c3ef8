import Testing
import WeirCore

@testable import WeirWire

/// A refusal names the field, says what is wrong with it, and how to do it right.
@Suite struct FieldMessageTests {
    private static let good: [(String, String)] = [
        ("token", "\"t-1\""), ("sku", "\"shoe\""), ("quantity", "1"), ("buyer", "\"b\""),
    ]

    @Test(arguments: [
        ("token", "1 to 128 characters"), ("sku", "1 to 64 characters"),
        ("quantity", "a whole number from 1"),
        ("buyer", "send it as a string"),
    ])
    func aMissingFieldIsNamedWithWhatToSend(_ name: String, _ remedy: String) {
        for replacement in [nil, "null"] {
            refuses(changing(name, to: replacement), .missingField, name, "'\(name)' is missing", remedy)
        }
    }

    @Test(arguments: ["token", "sku", "buyer"])
    func aTextOfAnotherKindIsNamedWithTheKind(_ name: String) {
        for (value, kind) in [
            ("1", "a number"), ("1e3", "the number 1e3"), ("true", "true or false"), ("[]", "an array"),
            ("{}", "an object"),
        ] {
            refuses(changing(name, to: value), .invalidField, name, "must be a string", kind)
        }
    }

    @Test(arguments: [
        "", " ", "-a", ".a", "a b", "a/b", "a\u{0}", "é", "a\n", "😀", String(repeating: "a", count: 129),
        "a\u{301}", "ａ",
    ])
    func anIdentifierOutOfFormIsNamedWithTheForm(_ text: String) {
        let value = quoted(text)
        refuses(changing("token", to: value), .invalidField, "token", "must have", Token.form)
        refuses(changing("sku", to: value), .invalidField, "sku", "must have", SKU.form)
    }

    @Test func aTildeIsForTokensOnly() throws {
        #expect(throws: Never.self) { try read(changing("token", to: "\"a~b\"")) }
        refuses(changing("sku", to: "\"a~b\""), .invalidField, "sku", "must have", SKU.form)
    }

    @Test(arguments: [
        "", "\u{0}", "a\u{0}b", "\u{1F}", "\u{7F}", "\u{85}", "\u{9F}", "a\r\nb",
        String(repeating: "x", count: 129), String(repeating: "語", count: 43),
    ])
    func aBuyerOutOfFormIsNamedWithTheForm(_ text: String) {
        refuses(changing("buyer", to: quoted(text)), .invalidField, "buyer", "must have", Buyer.form)
    }

    @Test(arguments: ["on_Shortage", "Quantity", "sKu", "tokenn", "", "é", "hold_seconds"])
    func aMisspeltFieldIsNamedWithTheKnownOnes(_ name: String) {
        refuses(
            changing(nil, to: nil, adding: "\(quoted(name)):null"), .unknownField, name,
            "'\(name)' is unknown",
            "known are token, sku, quantity, buyer, on_shortage, replaces")
    }

    @Test(arguments: ["\"wait\"", "\"\"", "1", "true", "[]", "\"Reject\""])
    func anUnknownShortageRuleIsNamedWithTheKnownOnes(_ value: String) {
        refuses(
            changing(nil, to: nil, adding: "\"on_shortage\":\(value)"), .invalidField, "on_shortage",
            "must be one of reject, waitlist, backorder")
    }

    @Test(arguments: ["on_shortage", "replaces"])
    func whatIsNotAskedForMayBeLeftOut(_ name: String) throws {
        let plain = try read(changing(nil, to: nil))
        #expect(try read(changing(nil, to: nil, adding: "\"\(name)\":null")) == plain)
    }

    @Test(arguments: ["\"a b\"", "\"\"", "1", "[]", "\"~a\""])
    func aReplacedTokenOutOfFormIsNamedWithTheForm(_ value: String) {
        refuses(
            changing(nil, to: nil, adding: "\"replaces\":\(value)"), .invalidField, "replaces", Token.form)
    }

    @Test(arguments: [
        (#"{"sku":"s","token":"t","quantity":0}"#, CommandKind.cancel, "quantity", "from 1 to"),
        (#"{"sku":"s","token":"t","quantity":1.5}"#, .cancel, "quantity", "whole number"),
        (#"{"sku":"s","token":"t","hold_until":"tomorrow"}"#, .extend, "hold_until", "RFC 3339"),
        (#"{"sku":"s","token":"t","hold_until":1795253400}"#, .extend, "hold_until", "RFC 3339"),
        (#"{"sku":"s","token":"t","hold_until":"2026-11-21T09:30:00+01:00"}"#, .extend, "hold_until", "UTC"),
        (#"{"sku":"s","if_version":0}"#, .define, "if_version", "from 1"),
        (#"{"sku":"s","if_version":"some"}"#, .define, "if_version", "any"),
        (#"{"sku":"s","max_per_buyer":0}"#, .define, "max_per_buyer", "from 1 to"),
        (#"{"sku":"s","safety_stock":-1}"#, .define, "safety_stock", "from 0 to"),
        (#"{"sku":"s","low_stock_at":-1}"#, .define, "low_stock_at", "from 0 to"),
        (#"{"sku":"s","waitlist_limit":-1}"#, .define, "waitlist_limit", "from 0 to"),
        (#"{"sku":"s","backorder_limit":"9"}"#, .define, "backorder_limit", "without point"),
        (#"{"sku":"s","on_shortage":"backorder"}"#, .define, "backorder_limit", "may be promised"),
        (#"{"sku":"s","on_shortage":"preorder"}"#, .define, "on_shortage", "reject, waitlist, backorder"),
        (#"{"sku":"s","available_from":"2026-11-21"}"#, .define, "available_from", "RFC 3339"),
        (#"{"sku":"s","hold_seconds":60,"max_hold_seconds":59}"#, .define, "max_hold_seconds", "at least 60"),
        (
            #"{"sku":"s","on_sale_from":"2026-11-21T09:30:00Z","on_sale_until":"2026-11-21T09:30:00Z"}"#,
            .define, "on_sale_until", "later time"
        ),
    ])
    func aFieldOfAPolicyOrAChangeOutOfRangeIsNamed(
        _ body: String, _ kind: CommandKind, _ field: String, _ part: String
    ) {
        refuses(body, .invalidField, field, part, "'\(field)'", kind: kind)
    }

    @Test(arguments: [
        (#"{"sku":"s","delta":0,"reason":"r"}"#, "delta", "is 0"),
        (#"{"sku":"s","delta":1000000000001,"reason":"r"}"#, "delta", "1000000000000"),
        (#"{"sku":"s","delta":-1000000000001,"reason":"r"}"#, "delta", "-1000000000000"),
        (#"{"sku":"s","delta":1,"reason":""}"#, "reason", "1 to 256 bytes"),
        (#"{"sku":"s","delta":1,"reason":"a\u0000"}"#, "reason", "control characters"),
        (#"{"sku":"s","delta":1,"reason":"a\u0085"}"#, "reason", "control characters"),
        (#"{"sku":"s","delta":1,"reason":7}"#, "reason", "a string, not a number"),
    ])
    func anAdjustmentOutOfRangeIsNamed(_ body: String, _ field: String, _ part: String) {
        refuses(body, .invalidField, field, part, "'\(field)'", kind: .adjust)
    }

    @Test(arguments: [
        (#"{"sku":"s","stocked":-1}"#, "stocked", "from 0 to 1000000000000"),
        (#"{"sku":"s","stocked":1.0}"#, "stocked", "whole number"),
        (#"{"sku":"s","hold_seconds":-1}"#, "hold_seconds", "from 0 to 31622400"),
        (#"{"sku":"s","hold_seconds":31622401}"#, "hold_seconds", "from 0 to 31622400"),
        (#"{"sku":"s","max_per_intent":0}"#, "max_per_intent", "from 1 to 2147483647"),
    ])
    func aDefinitionOutOfRangeIsNamed(_ body: String, _ field: String, _ part: String) {
        refuses(body, .invalidField, field, part, "'\(field)'", kind: .define)
    }

    @Test func aDefinitionTakesItsDefaults() throws {
        let command = try read(#"{"sku":"s"}"#, .define)
        let expected = Definition(id: CommandID("id")!, sku: SKU("s")!, stocked: 0, policy: SKUPolicy())
        #expect(command == .define(expected))
    }

    @Test(arguments: [
        (
            CommandKind.submit, #"{"token":"/","sku":1,"quantity":0,"on_shortage":"steal","size":3,"SKU":1}"#,
            ["token", "sku", "quantity", "buyer", "on_shortage", "size", "SKU"]
        ),
        (.adjust, #"{"sku":"s","delta":0,"reason":"","why":1}"#, ["delta", "reason", "why"]),
        (
            .define, #"{"sku":"s","stocked":-1,"hold_seconds":"1","max_per_intent":0,"x":1}"#,
            ["stocked", "hold_seconds", "max_per_intent", "x"]
        ),
    ])
    func everyFieldThatIsWrongIsNamedAtOnce(_ kind: CommandKind, _ body: String, _ fields: [String]) throws {
        let refusal = #expect(throws: WireRefusal.self) { try read(body, kind) }
        #expect(refusal?.flaws.map(\.field) == fields)
        #expect(refusal?.field == fields[0])
        for flaw in refusal?.flaws ?? [] { #expect(flaw.detail.contains("'\(flaw.field)'")) }
        let more = fields.count > 4 ? "and \(fields.count - 4) more" : "'\(fields.last ?? "")'"
        #expect(refusal?.detail.hasSuffix(more) == true || refusal?.detail.contains(more) == true)
    }

    @Test func aSmallBodyCannotAskForALargeAnswer() throws {
        let unknown = (0..<60).map { "\"f\($0)\":1" }.joined(separator: ",")
        let refusal = #expect(throws: WireRefusal.self) { try read("{\(unknown)}") }
        #expect(refusal?.flaws.count == WireRefusal.mostFlaws)
        #expect((refusal?.detail.utf8.count ?? 0) < 1_000)
    }

    private func changing(_ name: String?, to value: String?, adding more: String? = nil) -> String {
        let members = Self.good.compactMap { field, good -> String? in
            guard field == name else { return "\"\(field)\":\(good)" }
            return value.map { "\"\(field)\":\($0)" }
        }
        return "{\((members + [more].compactMap(\.self)).joined(separator: ","))}"
    }

    private func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map {
            $0.value < 0x20 ? "\\u00" + ($0.value < 16 ? "0" : "") + String($0.value, radix: 16) : String($0)
        }
        return "\"\(escaped.joined())\""
    }

    private func read(_ body: String, _ kind: CommandKind = .submit) throws -> Command {
        try Command.read(type: kind.rawValue, messageID: "id", contentType: nil, body: Array(body.utf8))
    }

    private func refuses(
        _ body: String, _ code: WireRefusal.Code, _ field: String, _ parts: String...,
        kind: CommandKind = .submit, _ place: SourceLocation = #_sourceLocation
    ) {
        do {
            let command = try read(body, kind)
            Issue.record("\(body) was read as \(command)", sourceLocation: place)
        } catch let refusal as WireRefusal {
            #expect(refusal.code == code, sourceLocation: place)
            #expect(refusal.field == field, sourceLocation: place)
            for part in parts {
                #expect(refusal.detail.contains(part), "\(refusal.detail)", sourceLocation: place)
            }
        } catch {
            Issue.record(error, sourceLocation: place)
        }
    }
}
