import Glibc
import NIOCore

/// What the bytes of a whole request look like when nothing about it is out of the ordinary.
///
/// It is no HTTP parser: whatever it does not know at once is nil, and left to the one that there is.
struct PlainRequest {
    /// Whether it asks for an intent, `POST /v1/intents`.
    let isIntent: Bool

    private static let intent = Array("POST /v1/intents HTTP/1.1\r\n".utf8)
    private static let version = Array(" HTTP/1.1".utf8)

    /// Nil unless the bytes are one request exactly, with a length that it says, and nothing about its connection.
    init?(_ buffer: ByteBuffer) {
        guard let isIntent = buffer.withUnsafeReadableBytes(Self.read) else { return nil }
        self.isIntent = isIntent
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> Bool? {
        guard let line = end(of: bytes, from: 0), line >= version.count,
            bytes[(line - version.count)..<line].elementsEqual(version)
        else { return nil }
        var start = line + 2
        var length: Int?
        while let end = end(of: bytes, from: start) {
            if end == start {
                guard end + 2 + (length ?? 0) == bytes.count else { return nil }
                return bytes.starts(with: intent)
            }
            let field = bytes[start..<end]
            if has(field, name: "content-length:") {
                guard length == nil, let value = number(field.dropFirst(15)) else { return nil }
                length = value
            } else if isUnusual(field) {
                return nil
            }
            start = end + 2
        }
        return nil
    }

    /// Where the line that begins at `start` ends with CR and LF.
    private static func end(of bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let feed = memchr(base + start, 10, bytes.count - start)
        else { return nil }
        let end = UnsafeRawPointer(feed) - base - 1
        return end >= start && bytes[end] == UInt8(ascii: "\r") ? end : nil
    }

    private static func isUnusual(_ field: Slice<UnsafeRawBufferPointer>) -> Bool {
        // Of a lone CR nobody knows whether a line ends there.
        if field.contains(UInt8(ascii: "\r")) { return true }
        return switch lowercase(field[field.startIndex]) {
        case UInt8(ascii: "c"):
            has(field, name: "content-length")
                || has(field, name: "connection") && !equals(field, "connection: keep-alive")
        case UInt8(ascii: "e"): has(field, name: "expect")
        case UInt8(ascii: "t"): has(field, name: "transfer-encoding")
        case UInt8(ascii: "u"): has(field, name: "upgrade")
        // A line that goes on from the one before it (RFC 9112, 5.2).
        case UInt8(ascii: " "), UInt8(ascii: "\t"): true
        default: false
        }
    }

    private static func equals(_ field: Slice<UnsafeRawBufferPointer>, _ text: StaticString) -> Bool {
        field.count == text.utf8CodeUnitCount && has(field, name: text)
    }

    /// Whether it begins with a name, which is written small here.
    private static func has(_ field: Slice<UnsafeRawBufferPointer>, name: StaticString) -> Bool {
        guard field.count >= name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in
            for (position, byte) in name.enumerated()
            where lowercase(field[field.startIndex + position]) != byte {
                return false
            }
            return true
        }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
        var value: Int?
        for byte in digits.drop(while: { $0 == UInt8(ascii: " ") }) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), (value ?? 0) < 1_000_000 else {
                return nil
            }
            value = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
