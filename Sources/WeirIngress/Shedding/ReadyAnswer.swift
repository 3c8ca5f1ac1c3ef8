import NIOCore
import NIOHTTP1
import Synchronization

/// An answer as the bytes that are sent, made anew only when the second of its date is over.
final class ReadyAnswer: Sendable {
    private let make: @Sendable () -> Answer
    private let cache = Mutex((date: "", bytes: ByteBuffer()))

    init(_ make: @escaping @Sendable () -> Answer) { self.make = make }

    var bytes: ByteBuffer {
        let date = DateHeader.now
        return cache.withLock { cache in
            if cache.date != date { cache = (date, make().bytes) }
            return cache.bytes
        }
    }
}

extension Answer {
    /// The whole of it as HTTP/1.1 (RFC 9112), for a connection that goes on; not that of a stream.
    var bytes: ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(384 + body.count)
        bytes.writeStaticString("HTTP/1.1 ")
        bytes.writeString(String(status.code))
        bytes.writeStaticString(" ")
        bytes.writeString(HTTPResponseStatus(statusCode: status.code).reasonPhrase)
        bytes.writeStaticString("\r\n")
        for field in fields {
            bytes.writeString(field.name.rawName)
            bytes.writeStaticString(": ")
            bytes.writeString(field.value)
            bytes.writeStaticString("\r\n")
        }
        // The same as in `head`, in the same order.
        bytes.writeStaticString("Content-Type: ")
        bytes.writeString(mediaType.rawValue)
        bytes.writeStaticString("\r\nDate: ")
        bytes.writeString(DateHeader.now)
        bytes.writeStaticString("\r\nContent-Length: ")
        bytes.writeString(String(body.count))
        bytes.writeStaticString("\r\n\r\n")
        bytes.writeBytes(body)
        return bytes
    }
}
