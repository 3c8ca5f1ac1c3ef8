/// Text that names something, checked once at the door so that nobody behind it has to look again.
///
/// The permitted form is ASCII, so comparing two identifiers compares their bytes.
public protocol Identifier: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The text as it was given.
    var text: String { get }
    /// The greatest length in bytes.
    static var longest: Int { get }
    /// One sentence that says which texts are permitted, for error messages.
    static var form: String { get }
    /// Takes the text over without checking it: for text that was checked before it was stored.
    init(unchecked text: String)
    /// Whether a byte may stand behind the first one.
    static func permits(_ byte: UInt8) -> Bool
}

extension Identifier {
    /// The identifier, or nil when the text does not have the permitted ``form``.
    public init?(_ text: String) {
        var position = 0
        for byte in text.utf8 {
            let permitted = position == 0 ? isAlphanumeric(byte) : Self.permits(byte)
            guard permitted, position < Self.longest else { return nil }
            position += 1
        }
        guard position > 0 else { return nil }
        self.init(unchecked: text)
    }

    /// The text itself.
    public var description: String { text }

    /// Byte order, which is also PostgreSQL's order under the collation "C".
    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// The name of a sellable item, `[A-Za-z0-9][A-Za-z0-9._:-]{0,63}`.
public struct SKU: Identifier {
    public let text: String
    public init(unchecked text: String) { self.text = text }
    public static let longest = 64
    public static let form =
        "1 to 64 characters out of A-Z a-z 0-9 . _ : -, the first one a letter or a digit"
    public static func permits(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == .dot || byte == .underscore || byte == .colon || byte == .hyphen
    }
}

/// A client's idempotency key for an intent, `[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}`; it names the intent for ever.
public struct Token: Identifier {
    public let text: String
    public init(unchecked text: String) { self.text = text }
    public static let longest = 128
    public static let form =
        "1 to 128 characters out of A-Z a-z 0-9 . _ : ~ -, the first one a letter or a digit"
    public static func permits(_ byte: UInt8) -> Bool { SKU.permits(byte) || byte == .tilde }
}

/// The name of one command, chosen by its sender: whatever arrives twice under one id takes effect once.
///
/// It has a token's form; for a submit the token itself serves.
public struct CommandID: Identifier {
    public let text: String
    public init(unchecked text: String) { self.text = text }
    public static let longest = Token.longest
    public static let form = Token.form
    public static func permits(_ byte: UInt8) -> Bool { Token.permits(byte) }
}

/// Who buys: 1 to 128 bytes of UTF-8 without control characters.
///
/// Two buyers are the same only when their bytes are: Unicode's canonical equivalence, which
/// Swift's `String` applies, would merge customers whom a shop keeps apart.
public struct Buyer: Hashable, Sendable, CustomStringConvertible {
    /// The text as it was given.
    public let text: String
    /// The greatest length in bytes.
    public static let longest = 128
    /// One sentence that says which texts are permitted.
    public static let form = "1 to 128 bytes of UTF-8 text without control characters"

    /// The buyer, or nil when the text does not have the permitted ``form``.
    public init?(_ text: String) {
        var count = 0
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            guard !isControl else { return nil }
            count += scalar.utf8.count
            guard count <= Self.longest else { return nil }
        }
        guard count > 0 else { return nil }
        self.text = text
    }

    /// Takes the text over without checking it: for text that was checked before it was stored.
    public init(unchecked text: String) { self.text = text }

    public var description: String { text }

    public static func == (left: Buyer, right: Buyer) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
    default: false
    }
}

extension UInt8 {
    fileprivate static let dot = UInt8(ascii: ".")
    fileprivate static let underscore = UInt8(ascii: "_")
    fileprivate static let colon = UInt8(ascii: ":")
    fileprivate static let hyphen = UInt8(ascii: "-")
    fileprivate static let tilde = UInt8(ascii: "~")
}
