import Testing
import WeirCore

@testable import WeirWire

/// A whole number is digits: whatever else JSON calls a number is told apart and refused by name.
@Suite struct NumberTests {
    @Test(arguments: [
        ("0", Int64(0)), ("-0", 0), ("1", 1), ("-1", -1), ("10", 10), ("1000", 1_000),
        ("9223372036854775807", .max), ("-9223372036854775808", .min), ("2147483648", 2_147_483_648),
    ])
    func digitsAreAWholeNumber(_ text: String, _ number: Int64) throws {
        #expect(try value(text) == .integer(number))
    }

    @Test(arguments: [
        "1e3", "1E3", "1e+3", "1e-3", "1.0", "0.0", "-0.0", "1.5", "1e400", "-1e400", "0e0",
        "9223372036854775808", "-9223372036854775809", "99999999999999999999999999", "18446744073709551616",
        "9223372036854775810", "92233720368547758070",
    ])
    func anyOtherNumberStaysAsItWasWritten(_ text: String) throws {
        #expect(try value(text) == .otherNumber(text))
    }

    @Test(arguments: [
        "01", "00", "-01", "-", "+1", ".5", "1.", "1.e3", "1e", "1e+", "1e-", "1.5.5", "1e3e3", "1e1.5",
        "0x10",
        "1_000", "1,000", "--1", "- 1", "1 0", "٣", "１", "-Infinity", "1.5e", "0.", "-.5", "1f", "1L",
    ])
    func whatIsNoNumberIsRefused(_ text: String) {
        #expect(throws: WireRefusal.self) { try value(text) }
    }

    @Test(arguments: ["1e3", "1.0", "1.5", "1e400", "9223372036854775808", "\"1\"", "true", "[]", "{}"])
    func aQuantityInAnotherFormIsRefusedWithTheForm(_ text: String) {
        expectRefusal(
            text, ["'quantity'", "must be a whole number from 1 to 2147483647", "without point, exponent"])
    }

    @Test(arguments: ["0", "-0", "-1", "2147483648", "-9223372036854775808", "9223372036854775807"])
    func aQuantityOutOfRangeIsRefusedWithTheRange(_ text: String) {
        let shown = text == "-0" ? "0" : text
        expectRefusal(text, ["'quantity' is \(shown), but must be from 1 to 2147483647"])
    }

    @Test(arguments: ["1", "2147483647"])
    func theEdgesOfAQuantityAreRead(_ text: String) throws {
        guard case .submit(let submit) = try submit(text) else { throw Mistake() }
        #expect(String(submit.quantity.units) == text)
    }

    @Test func aVeryLongNumberIsShownShortened() {
        let text = String(repeating: "9", count: 50_000)
        #expect { try submit(text) } throws: { error in
            ((error as? WireRefusal)?.detail.utf8.count ?? .max) < 300
        }
    }

    @Test func randomWholeNumbersAreReadAsWritten() throws {
        var random = SplitMix64(seed: 3)
        for _ in 0..<2_000 {
            let shift = Int.random(in: 0..<64, using: &random)
            let number = Int64.random(in: .min ... .max, using: &random) >> Int64(shift)
            let written = JSONWriter.object { $0.member("n", number) }
            #expect(String(decoding: written, as: UTF8.self) == "{\"n\":\(number)}")
            #expect(try value(String(number)) == .integer(number))
        }
    }

    private struct Mistake: Error {}

    private func value(_ text: String) throws -> JSONValue? {
        var fields = try JSONFields("{\"n\":\(text)}".utf8)
        return fields.take("n")
    }

    private func submit(_ quantity: String) throws -> Command {
        try Command.read(
            type: CommandKind.submit.rawValue, messageID: nil, contentType: nil,
            body: Array(#"{"token":"t","sku":"s","quantity":\#(quantity),"buyer":"b"}"#.utf8))
    }

    private func expectRefusal(_ quantity: String, _ parts: [String]) {
        #expect { try submit(quantity) } throws: { error in
            guard let refusal = error as? WireRefusal else { return false }
            return refusal.code == .invalidField && refusal.field == "quantity"
                && parts.allSatisfy(refusal.detail.contains)
        }
    }
}
