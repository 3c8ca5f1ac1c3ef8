import Glibc
import HTTPTypes
import NIOCore

/// A plain request for an intent, read without the HTTP decoder: of its head only what its answer depends on.
///
/// It reads what ``PlainRequest`` has found plain, and is stricter yet: a byte that it does not know at once, an empty
/// value, more than a few fields, and there is none. Then the decoder reads it, and says what is wrong, if it is.
struct PlainIntent {
    /// The fields that matter, in their order.
    let fields: HTTPFields
    let body: ByteBuffer

    /// With more fields, or a longer head, the decoder looks whether they are too many.
    struct Limits: Sendable {
        var headBytes: Int
        var fields: Int

        init(headBytes: Int, fields: Int) {
            self.headBytes = min(headBytes, 4_096)
            self.fields = min(fields, 32)
        }
    }

    /// - Parameter buffer: exactly one request, for which ``PlainRequest/isIntent`` holds.
    init?(_ buffer: ByteBuffer, _ limits: Limits) {
        var bodyStart = 0
        guard let fields = buffer.withUnsafeReadableBytes({ Self.read($0, limits, &bodyStart) }),
            let body = buffer.getSlice(
                at: buffer.readerIndex + bodyStart, length: buffer.readableBytes - bodyStart),
            (1...QuickIntents.largestBody).contains(body.readableBytes)
        else { return nil }
        self.fields = fields
        self.body = body
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ limits: Limits, _ bodyStart: inout Int
    ) -> HTTPFields? {
        guard var start = end(of: bytes, from: 0) else { return nil }
        var (fields, count) = (HTTPFields(), 0)
        while let end = end(of: bytes, from: start) {
            if end == start + 2 {
                bodyStart = end
                return end <= limits.headBytes ? fields : nil
            }
            count += 1
            guard count <= limits.fields,
                read(UnsafeRawBufferPointer(rebasing: bytes[start..<(end - 2)]), into: &fields)
            else { return nil }
            start = end
        }
        return nil
    }

    /// Behind the line that begins at `start`, which ends with CR and LF: the caller has seen that all do.
    private static func end(of bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let feed = memchr(base + start, 10, bytes.count - start)
        else { return nil }
        let end = UnsafeRawPointer(feed) - base + 1
        return end >= start + 2 ? end : nil
    }

    /// Keeps a field if it matters; false when it is not plain.
    private static func read(_ line: UnsafeRawBufferPointer, into fields: inout HTTPFields) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
        let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        guard name.allSatisfy(isNameByte) else { return false }
        var first = colon + 1
        if first < line.count, line[first] == UInt8(ascii: " ") { first += 1 }
        let value = UnsafeRawBufferPointer(rebasing: line[first...])
        guard let begin = value.first, let last = value.last, begin != UInt8(ascii: " "),
            last != UInt8(ascii: " "), value.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return false }
        if let known = known.first(where: { equals(name, $0.text) }) {
            fields.append(HTTPField(name: known.name, value: String(decoding: value, as: UTF8.self)))
        }
        return true
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Every field that ``RequestHandler/receive(_:_:isShedding:)`` reads.
    private static let known: [(text: StaticString, name: HTTPField.Name)] = [
        ("content-type", .contentType), ("content-length", .contentLength),
        ("idempotency-key", .idempotencyKey), ("prefer", .prefer), ("authorization", .authorization),
        ("traceparent", .traceparent), ("content-encoding", .contentEncoding),
    ]

    /// Whether a name is this one, which is written small.
    private static func equals(_ name: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        guard name.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            zip(name, text).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $0 < UInt8(ascii: "a")) }
        }
    }
}
