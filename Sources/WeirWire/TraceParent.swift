/// Where a request belongs in a trace that somebody else keeps: the header `traceparent` of W3C Trace Context,
/// and the attribute of the same name in CloudEvents' extension for distributed tracing.
///
/// Weir hands it on as it came: from the request to the command, from the command to its events, and into the
/// log. Only the form of version 00 is handed on, which a reader of any version understands.
public struct TraceParent: Hashable, Sendable, CustomStringConvertible {
    /// `00-<trace id>-<parent id>-<flags>`, 55 characters.
    public let text: String

    /// The name of the header and of the attribute.
    public static let name = "traceparent"

    /// Reads what a stranger sent; nil for anything that is not well-formed, which is to be ignored like an
    /// absent one (Trace Context, 3.2.2).
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= Self.length else { return nil }
        let dashes = [2, 35, 52]
        for (position, byte) in bytes.prefix(Self.length).enumerated() {
            let isFit = dashes.contains(position) ? byte == UInt8(ascii: "-") : Self.isHexadecimal(byte)
            guard isFit else { return nil }
        }
        func isZero(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy { $0 == UInt8(ascii: "0") } }
        guard !isZero(3..<35), !isZero(36..<52) else { return nil }
        let version = bytes[..<2]
        guard !version.elementsEqual("ff".utf8) else { return nil }
        // A later version may say more behind a dash; version 00 may not.
        if bytes.count > Self.length {
            guard !version.elementsEqual("00".utf8), bytes[Self.length] == UInt8(ascii: "-") else {
                return nil
            }
        }
        self.text = "00" + String(decoding: bytes[2..<Self.length], as: UTF8.self)
    }

    /// Takes a text over that was checked before it was stored.
    public init(unchecked text: String) { self.text = text }

    /// The trace that the request belongs to, 32 hexadecimal digits: what a log line is found by.
    public var traceID: Substring { text.dropFirst(3).prefix(32) }

    public var description: String { text }

    private static let length = 55

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
