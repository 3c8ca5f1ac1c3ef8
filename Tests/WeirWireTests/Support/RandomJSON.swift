/// Random valid JSON, written in as many ways as RFC 8259 permits.
extension SplitMix64 {
    mutating func jsonObject(depth: Int = 0) -> String {
        let count = Int.random(in: 0...4, using: &self)
        let members = (0..<count).map { "\(space())\(jsonName($0))\(space()):\(jsonValue(depth: depth + 1))" }
        return "{\(members.joined(separator: ","))\(space())}"
    }

    private mutating func jsonValue(depth: Int) -> String {
        let text: String
        switch Int.random(in: 0..<(depth < 5 ? 9 : 6), using: &self) {
        case 0, 1: text = jsonString()
        case 2: text = String(Int64.random(in: -1000...1000, using: &self))
        case 3:
            text = one(of: [
                "0", "-0", "1.5", "-0.25", "1e3", "2E+2", "5e-1", "9223372036854775807",
                "-9223372036854775808", "9223372036854775808", "12345678901234567890", "1.0", "0e0",
            ])
        case 4: text = one(of: ["true", "false"])
        case 5: text = "null"
        case 6: text = jsonObject(depth: depth)
        default:
            let elements = (0..<Int.random(in: 0...3, using: &self)).map { _ in jsonValue(depth: depth + 1) }
            text = "[\(elements.joined(separator: ","))\(space())]"
        }
        return space() + text + space()
    }

    /// Names differ in their last character, so that none occurs twice.
    private mutating func jsonName(_ number: Int) -> String { "\"\(jsonCharacters())\(number)\"" }

    private mutating func jsonString() -> String { "\"\(jsonCharacters())\"" }

    private mutating func jsonCharacters() -> String {
        (0..<Int.random(in: 0...5, using: &self)).map { _ in
            one(of: [
                "a", "Z", "é", "語", "😀", "\\n", "\\t", "\\b", "\\f", "\\r", "\\/", "\\\\", "\\\"", "\\u0041",
                "\\u00e9", "\\uD83D\\uDE00", "\\u001f", "/", "'", " ", "\u{7F}",
            ])
        }.joined()
    }

    private mutating func space() -> String { one(of: ["", "", "", " ", "\n", "\t", "\r\n", "  "]) }

    /// The bytes with a few of them changed, removed, doubled, or cut off.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let likely = Array("{}[]\",:\\u0123456789eE+-. tfn\u{0}\u{1F}".utf8) + [0x80, 0xC0, 0xED, 0xF5, 0xFF]
        for _ in 0..<Int.random(in: 1...3, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes[place] = one(of: likely)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(one(of: likely), at: place)
            case 3: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            default: bytes.insert(contentsOf: bytes[place...].prefix(6), at: place)
            }
        }
        return bytes
    }
}
