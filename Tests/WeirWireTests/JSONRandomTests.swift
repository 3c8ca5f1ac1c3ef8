import Foundation
import Testing

@testable import WeirWire

/// Random documents, whole and damaged, against Foundation's reader where both must agree.
@Suite struct JSONRandomTests {
    @Test func validDocumentsReadAsFoundationReadsThem() throws {
        for seed in UInt64(0)..<1_500 {
            var random = SplitMix64(seed: seed)
            let text = random.jsonObject()
            let fields = try JSONFields(text.utf8)
            let other = try JSONSerialization.jsonObject(with: Data(text.utf8))
            #expect(agree(.object(fields), other), "seed \(seed): \(text)")
        }
    }

    @Test func damagedDocumentsNeverTrapAndNeverPassWhereFoundationRefuses() {
        var (read, refused) = (0, 0)
        for seed in UInt64(0)..<6_000 {
            var random = SplitMix64(seed: seed)
            let bytes = random.damaged(Array(random.jsonObject().utf8))
            let other = try? JSONSerialization.jsonObject(with: Data(bytes))
            do throws(WireRefusal) {
                let fields = try JSONFields(bytes)
                read += 1
                #expect(
                    other.map { agree(.object(fields), $0) } ?? false,
                    "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
            } catch {
                refused += 1
                #expect(error.code == .malformedJSON)
                #expect(
                    other == nil || isOurOwnStrictness(error, bytes),
                    "seed \(seed): \(error.detail): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(read > 300 && refused > 2_000, "the damage proves nothing: \(read) read, \(refused) refused")
    }

    @Test func everyTruncationOfADocumentIsRefused() throws {
        let whole = Array(
            #"{"a":"x\n\u00e9\uD83D\uDE00é😀","b":[1,-2.5e+10,{"c":null}],"d":true,"e":false,"f":{}}"#.utf8)
        _ = try JSONFields(whole)
        for length in 0..<whole.count {
            #expect(throws: WireRefusal.self, "\(length) bytes") { try JSONFields(whole[..<length]) }
        }
    }

    @Test func everyByteInEveryPlaceIsReadOrRefused() {
        let whole = Array(#"{"a":"\u00e9x","b":[1.5e1,true],"c":null}"#.utf8)
        for place in whole.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = whole
                bytes[place] = byte
                _ = try? JSONFields(bytes)
            }
        }
    }

    @Test func aRefusalNamesTheByteWhereReadingStopped() {
        for (text, byte) in [("{\"a\":}", 5), ("{\"a\" 1}", 5), ("{} x", 3), ("[", 0), ("{\"a\":1.x}", 7)] {
            #expect { try JSONFields(text.utf8) } throws: { error in
                (error as? WireRefusal)?.detail.contains("at byte \(byte):") ?? false
            }
        }
    }

    /// What Foundation reads and Weir refuses, by intention.
    private func isOurOwnStrictness(_ refusal: WireRefusal, _ bytes: [UInt8]) -> Bool {
        ["occurs twice", "beginning with '{'", "more than 63 fields"].contains {
            refusal.detail.contains($0)
        }
            || hasTrailingComma(bytes)
            // Foundation guesses at UTF-16 and UTF-32 where it finds a zero byte.
            || bytes.prefix(4).contains(0)
    }

    /// Foundation on Linux forgives a comma before a closing bracket.
    private func hasTrailingComma(_ bytes: [UInt8]) -> Bool {
        let solid = bytes.filter { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }
        return zip(solid, solid.dropFirst()).contains {
            $0 == UInt8(ascii: ",") && ($1 == UInt8(ascii: "}") || $1 == UInt8(ascii: "]"))
        }
    }

    private func agree(_ value: JSONValue, _ other: Any) -> Bool {
        switch value {
        case .text(let text): return (other as? String).map { Array($0.utf8) } == Array(text.utf8)
        case .integer(let number): return (other as? NSNumber)?.int64Value == number
        case .otherNumber(let text):
            // Foundation reads long ones as decimals, whose last bits differ.
            guard let number = (other as? NSNumber)?.doubleValue, let own = Double(text) else { return false }
            return abs(number - own) <= abs(own) * 1e-14
        case .flag(let flag): return (other as? Bool) == flag
        case .null: return other is NSNull
        case .array(let values):
            guard let others = other as? [Any], others.count == values.count else { return false }
            return zip(values, others).allSatisfy { agree($0, $1) }
        case .object(let fields):
            guard let others = other as? [String: Any], others.count == fields.members.count else {
                return false
            }
            return fields.members.allSatisfy { member in
                others[member.name].map { agree(member.value, $0) } ?? false
            }
        }
    }
}
