import NIOCore
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
    /// The whole of it as HTTP/1.1 (RFC 9112), for a connection that goes on.
    var bytes: ByteBuffer {
        let head = head
        var bytes = ByteBuffer()
        bytes.writeString("HTTP/1.1 \(head.status.code) \(head.status.reasonPhrase)\r\n")
        for field in head.headerFields {
            bytes.writeString("\(field.name.rawName): \(field.value)\r\n")
        }
        bytes.writeString("\r\n")
        bytes.writeBytes(body)
        return bytes
    }
}
