/// Reads JSON (RFC 8259) strictly and without Foundation.
///
/// A decoder of our own, because a general one accepts what must be refused (`1e3` as a whole number, a name
/// twice, unknown names), cannot say where it stumbled, and takes a fifth of a worker's time.
public struct JSONScanner {
    /// How many levels of objects and arrays may lie in one another.
    public static let deepest = 16

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0

    static func object(_ bytes: [UInt8]) throws(WireRefusal) -> JSONFields {
        let outcome: Result<JSONFields, WireRefusal> = bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(bytes: buffer)
            do throws(WireRefusal) {
                return .success(try scanner.document())
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private mutating func document() throws(WireRefusal) -> JSONFields {
        skipSpace()
        guard position < bytes.count else { throw broken("the body is empty; a JSON object is expected") }
        guard peek() == UInt8(ascii: "{") else {
            throw broken("a JSON object is expected, beginning with '{'")
        }
        let fields = try object()
        skipSpace()
        guard position == bytes.count else { throw broken("there is more after the end of the object") }
        return fields
    }

    // MARK: Values

    private mutating func value() throws(WireRefusal) -> JSONValue {
        switch peek() {
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: throw broken("a value is expected")
        }
    }

    private mutating func object() throws(WireRefusal) -> JSONFields {
        try enter()
        var fields = JSONFields()
        if !skip(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                guard peek() == UInt8(ascii: "\"") else { throw broken("a name in quotes is expected") }
                let name = try string()
                guard !fields.members.contains(where: { $0.name == name }) else {
                    throw WireRefusal(
                        .malformedJSON, at: name, "the field '\(printable(name))' occurs twice; send it once")
                }
                guard fields.members.count < 63 else { throw broken("an object has more than 63 fields") }
                guard skip(UInt8(ascii: ":")) else { throw broken("a ':' is expected") }
                skipSpace()
                fields.members.append(.init(name: name, value: try value()))
            } while skip(UInt8(ascii: ","))
            guard skip(UInt8(ascii: "}")) else { throw broken("a ',' or '}' is expected") }
        }
        depth -= 1
        return fields
    }

    private mutating func array() throws(WireRefusal) -> [JSONValue] {
        try enter()
        var elements: [JSONValue] = []
        if !skip(UInt8(ascii: "]")) {
            repeat {
                skipSpace()
                elements.append(try value())
            } while skip(UInt8(ascii: ","))
            guard skip(UInt8(ascii: "]")) else { throw broken("a ',' or ']' is expected") }
        }
        depth -= 1
        return elements
    }

    private mutating func enter() throws(WireRefusal) {
        depth += 1
        guard depth <= Self.deepest else {
            throw broken("objects and arrays lie more than \(Self.deepest) levels deep")
        }
        position += 1
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(WireRefusal) -> JSONValue {
        let length = text.utf8CodeUnitCount
        guard position + length <= bytes.count,
            (0..<length).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] })
        else { throw broken("a value is expected") }
        position += length
        return value
    }

    private mutating func number() throws(WireRefusal) -> JSONValue {
        let start = position
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let firstDigit = position
        var sum: Int64 = 0
        var fits = true
        while let digit = digit() {
            let (product, isTooLarge) = sum.multipliedReportingOverflow(by: 10)
            let (next, isTooLargeToo) = product.subtractingReportingOverflow(Int64(digit))
            sum = next
            fits = fits && !isTooLarge && !isTooLargeToo
        }
        let digits = position - firstDigit
        guard digits > 0, digits == 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
            throw broken("a number is written with digits and without leading zeros")
        }
        var isWhole = true
        if peek() == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            guard digit() != nil else { throw broken("a digit is expected after the point") }
            while digit() != nil {}
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isWhole = false
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            guard digit() != nil else { throw broken("a digit is expected in the exponent") }
            while digit() != nil {}
        }
        // Summed downwards, because the range of Int64 reaches one further below zero than above.
        if isWhole, fits, isNegative || sum != Int64.min { return .integer(isNegative ? sum : -sum) }
        return .otherNumber(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digit() -> UInt8? {
        guard let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        position += 1
        return byte - UInt8(ascii: "0")
    }

    // MARK: Strings

    private mutating func string() throws(WireRefusal) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = String(validating: bytes[start..<position], as: UTF8.self)
                guard let text else { throw broken("a string is not valid UTF-8") }
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try stringWithEscapes(from: start) }
            guard byte >= 0x20 else { throw broken("a control character in a string must be escaped") }
            position += 1
        }
        throw broken("a string does not end")
    }

    private mutating func stringWithEscapes(from start: Int) throws(WireRefusal) -> String {
        var unescaped = Array(bytes[start..<position])
        while let byte = peek() {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    throw broken("a string is not valid UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): unescaped.append(contentsOf: try escape())
            case 0..<0x20: throw broken("a control character in a string must be escaped")
            default: unescaped.append(byte)
            }
        }
        throw broken("a string does not end")
    }

    private mutating func escape() throws(WireRefusal) -> [UInt8] {
        guard let byte = peek() else { throw broken("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try fourHexDigits()
            if (0xD800..<0xDC00).contains(code), peek() == UInt8(ascii: "\\"),
                position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try fourHexDigits()
                guard (0xDC00..<0xE000).contains(low) else { throw broken("half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw broken("half of a surrogate pair") }
            return Array(String(scalar).utf8)
        default: throw broken("an escape that JSON does not know")
        }
    }

    private mutating func fourHexDigits() throws(WireRefusal) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw broken("four hexadecimal digits are expected after \\u")
            }
            code = code << 4 + UInt32(digit)
            position += 1
        }
        return code
    }

    // MARK: Bytes

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        skipSpace()
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private func broken(_ what: String) -> WireRefusal {
        WireRefusal(.malformedJSON, at: nil, "the body is not valid JSON at byte \(position): \(what)")
    }
}
