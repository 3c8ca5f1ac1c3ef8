import WeirCore

extension Submit {
    /// Reads the body that nearly every submit has: token, SKU, quantity and buyer, each once, in any order, in ASCII
    /// without escapes. Nil for anything else, right or wrong: the general reader decides about that, and says why.
    init?(plain body: [UInt8]) {
        guard let submit = body.withUnsafeBytes({ Submit(token: nil, plainBytes: $0) }) else { return nil }
        self = submit
    }

    /// Reads the body that nearly every submit over HTTP has, whose token stands elsewhere; nil as above.
    public init?(token: Token, plain body: UnsafeRawBufferPointer) {
        self.init(token: token, plainBytes: body)
    }

    private init?(token: Token?, plainBytes body: UnsafeRawBufferPointer) {
        let submit = body.withMemoryRebound(to: UInt8.self) { bytes in
            var reader = PlainSubmitReader(bytes: bytes, token: token)
            return reader.submit()
        }
        guard let submit else { return nil }
        self = submit
    }
}

private struct PlainSubmitReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    /// Not nil from the start when it stands elsewhere: then the body may not have one.
    var token: Token?
    var sku: SKU?
    var buyer: Buyer?
    var units: Int64?

    mutating func submit() -> Submit? {
        guard skip(UInt8(ascii: "{")) else { return nil }
        repeat {
            guard let name = text(), skip(UInt8(ascii: ":")), member(name) else { return nil }
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "}")), let token, let sku, let buyer, let units else { return nil }
        skipSpace()
        guard position == bytes.count else { return nil }
        return Submit(token: token, sku: sku, quantity: Quantity(unchecked: units), buyer: buyer)
    }

    private mutating func member(_ name: Range<Int>) -> Bool {
        switch (name.count, bytes[name.lowerBound]) {
        case (5, UInt8(ascii: "t")) where token == nil && spells("token", name):
            token = identifier()
            return token != nil
        case (3, UInt8(ascii: "s")) where sku == nil && spells("sku", name):
            sku = identifier()
            return sku != nil
        case (5, UInt8(ascii: "b")) where buyer == nil && spells("buyer", name):
            guard let value = text(), value.count <= Buyer.longest else { return false }
            buyer = Buyer(unchecked: string(value))
            return true
        case (8, UInt8(ascii: "q")) where units == nil && spells("quantity", name):
            units = number()
            return units.map(Quantity.range.contains) ?? false
        default: return false
        }
    }

    private mutating func identifier<ID: Identifier>() -> ID? {
        guard let value = text(), value.count <= ID.longest else { return nil }
        let first = bytes[value.lowerBound] | 0x20
        let isDigit =
            bytes[value.lowerBound] >= UInt8(ascii: "0") && bytes[value.lowerBound] <= UInt8(ascii: "9")
        guard isDigit || (first >= UInt8(ascii: "a") && first <= UInt8(ascii: "z")) else { return nil }
        for place in value.dropFirst() where !ID.permits(bytes[place]) { return nil }
        return ID(unchecked: string(value))
    }

    /// A whole number of one to nine digits, the first of which is not 0.
    private mutating func number() -> Int64? {
        skipSpace()
        var sum: Int64 = 0
        let start = position
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit <= 9 {
            sum = sum * 10 + Int64(digit)
            position += 1
            guard position - start <= 9 else { return nil }
        }
        return position > start && bytes[start] != UInt8(ascii: "0") ? sum : nil
    }

    /// Where the bytes between two quotes are: at least one, printable ASCII, no backslash.
    private mutating func text() -> Range<Int>? {
        guard skip(UInt8(ascii: "\"")) else { return nil }
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                defer { position += 1 }
                return position > start ? start..<position : nil
            }
            guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") else { return nil }
            position += 1
        }
        return nil
    }

    private func spells(_ word: StaticString, _ range: Range<Int>) -> Bool {
        for offset in 0..<range.count where bytes[range.lowerBound + offset] != word.utf8Start[offset] {
            return false
        }
        return true
    }

    private func string(_ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }
}
