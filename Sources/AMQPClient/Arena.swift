import CRabbitMQ

/// Memory for the arguments of one C call, handed out front to back and taken back all at once.
///
/// librabbitmq borrows its arguments; a dozen nested `withUnsafe…` closures per message would be unreadable,
/// a `malloc` per string slow.
final class Arena {
    private var chunks: [UnsafeMutableRawBufferPointer] = []
    private var current = 0
    private var used = 0

    deinit {
        for chunk in chunks { chunk.deallocate() }
    }

    /// Takes everything back; pointers handed out before are void.
    func reset() {
        current = 0
        used = 0
    }

    /// Room for plain C values, which need no deinitialisation.
    func allocate<T>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T> {
        raw(count * MemoryLayout<T>.stride).bindMemory(to: type, capacity: count)
    }

    func bytes(_ text: String) -> amqp_bytes_t {
        let count = text.utf8.count
        let target = raw(count)
        let copied: Void? = text.utf8.withContiguousStorageIfAvailable { source in
            if let base = source.baseAddress { target.copyMemory(from: base, byteCount: count) }
        }
        if copied == nil {
            for (index, byte) in text.utf8.enumerated() {
                target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            }
        }
        return amqp_bytes_t(len: count, bytes: target)
    }

    func bytes(_ source: [UInt8]) -> amqp_bytes_t {
        let target = raw(source.count)
        source.withUnsafeBytes {
            if let base = $0.baseAddress { target.copyMemory(from: base, byteCount: $0.count) }
        }
        return amqp_bytes_t(len: source.count, bytes: target)
    }

    private func raw(_ size: Int) -> UnsafeMutableRawPointer {
        let aligned = (size + 15) & ~15
        while current < chunks.count {
            if let base = chunks[current].baseAddress, used + aligned <= chunks[current].count {
                defer { used += aligned }
                return base + used
            }
            current += 1
            used = 0
        }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: max(aligned, 16384), alignment: 16)
        chunks.append(chunk)
        used = aligned
        guard let base = chunk.baseAddress else { preconditionFailure("an allocation has an address") }
        return base
    }
}
