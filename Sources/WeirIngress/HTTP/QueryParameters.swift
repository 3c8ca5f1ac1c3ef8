import WeirCore
import WeirWire

/// The parameters behind the `?`. One that is unknown or occurs twice is refused, because its value would
/// otherwise be ignored in silence.
struct QueryParameters {
    private var values: [(name: String, value: String)] = []

    init(_ query: String?, knowing known: [String]) throws(Problem) {
        guard let query, !query.isEmpty else { return }
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let value = end < pair.endIndex ? pair[pair.index(after: end)...] : pair[end...]
            let shown = printable(String(decoding: pair[..<end], as: UTF8.self))
            guard let name = Self.text(pair[..<end]), let text = Self.text(value) else {
                throw Problem(
                    .invalidQuery, parameter: shown,
                    "the parameter '\(shown)' is not percent-encoded UTF-8")
            }
            guard known.contains(name) else {
                let remedy =
                    known.isEmpty ? "none is known here" : "known are \(known.joined(separator: ", "))"
                throw Problem(
                    .invalidQuery, parameter: shown, "the parameter '\(shown)' is unknown; \(remedy)")
            }
            guard !values.contains(where: { $0.name == name }) else {
                throw Problem(
                    .invalidQuery, parameter: name, "the parameter '\(name)' occurs twice; send it once")
            }
            values.append((name, text))
        }
    }

    subscript(name: String) -> String? { values.first { $0.name == name }?.value }

    /// `sku`, if it is there.
    func sku() throws(Problem) -> SKU? {
        guard let text = self["sku"] else { return nil }
        guard let sku = SKU(text) else {
            throw Problem(.invalidQuery, parameter: "sku", "the parameter 'sku' must have \(SKU.form)")
        }
        return sku
    }

    /// `buyer`, if it is there.
    func buyer() throws(Problem) -> Buyer? {
        guard let text = self["buyer"] else { return nil }
        guard let buyer = Buyer(text) else {
            throw Problem(
                .invalidQuery, parameter: "buyer", "the parameter 'buyer' must have \(Buyer.form)")
        }
        return buyer
    }

    /// A whole number in a range, if it is there.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = wholeNumber(text), range.contains(number) else {
            throw Problem(
                .invalidQuery, parameter: name,
                "the parameter '\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    private static func text(_ encoded: Substring.UTF8View) -> String? {
        percentDecoded(encoded).flatMap { String(validating: $0, as: UTF8.self) }
    }
}

/// A number in 1 to 9 digits and nothing else; `Int(_:)` would take a sign.
func wholeNumber(_ text: some StringProtocol) -> Int? {
    guard (1...9).contains(text.utf8.count),
        text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(text)
}

/// The place where the next page of a list begins: opaque, and checked so that a made-up one is noticed.
enum Cursor {
    static func text(after sku: SKU) -> String {
        let bytes = sku.text.utf8.map { hexadecimal(UInt64($0), digits: 2) }.joined()
        return hexadecimal(UInt64(crc32(sku.text.utf8)), digits: 8) + bytes
    }

    static func read(_ text: String) throws(Problem) -> SKU {
        let digits = text.utf8.compactMap(hexValue)
        let bytes = stride(from: 8, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        guard let decoded = String(validating: bytes, as: UTF8.self), let sku = SKU(decoded),
            Cursor.text(after: sku) == text
        else {
            throw Problem(
                .invalidQuery, parameter: "after",
                "the parameter 'after' is no cursor that Weir gave out; send the 'next' of the page before, or leave"
                    + " it out")
        }
        return sku
    }
}
