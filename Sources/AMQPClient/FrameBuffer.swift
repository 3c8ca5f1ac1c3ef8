import CRabbitMQ

/// The frames of messages that are about to go out, one behind the other (AMQP 0-9-1 section 2.3.5).
///
/// librabbitmq writes each frame by a system call of its own, three for a small message, and the broker's reader
/// wakes up for each message. Its encoders are public, so the frames of a whole burst are laid out here and written
/// together.
struct FrameBuffer: ~Copyable {
    private static let methodFrame: UInt8 = 1
    private static let headerFrame: UInt8 = 2
    private static let bodyFrame: UInt8 = 3
    private static let end: UInt8 = 0xCE
    private static let basicClass: UInt16 = 60
    /// Type, channel and size before a payload, and the end behind it.
    private static let frameBytes = 8

    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// How many bytes wait.
    private(set) var count = 0

    deinit { memory.deallocate() }

    /// What waits.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// Forgets what waits.
    mutating func removeAll() { count = 0 }

    /// Lays a message out.
    ///
    /// - Parameters:
    ///   - headerSize: an upper bound of its header frame, which fits into `frameMax`.
    ///   - frameMax: the largest frame that was agreed upon.
    /// - Returns: librabbitmq's status when it cannot encode the message, and 0 otherwise; then nothing was added.
    mutating func append(
        _ publish: inout amqp_basic_publish_t, _ properties: inout amqp_basic_properties_t, _ body: [UInt8],
        channel: amqp_channel_t, headerSize: Int, frameMax: Int
    ) -> Int32 {
        let largestPayload = frameMax - Self.frameBytes
        let bodyFrames = (body.count + largestPayload - 1) / largestPayload
        // A method frame with two short strings, the header, and the body's frames.
        reserve(1024 + headerSize + body.count + bodyFrames * Self.frameBytes)
        let start = count
        var status = frame(Self.methodFrame, channel) { room in
            room.storeBytes(of: AMQP_BASIC_PUBLISH_METHOD.bigEndian, as: UInt32.self)
            let encoded = amqp_encode_method(
                AMQP_BASIC_PUBLISH_METHOD, &publish, amqp_bytes_t(rebasing: room[4...]))
            return encoded < 0 ? encoded : encoded + 4
        }
        guard status >= 0 else { return fail(status, start) }
        status = frame(Self.headerFrame, channel) { room in
            room.storeBytes(of: Self.basicClass.bigEndian, as: UInt16.self)
            room.storeBytes(of: 0, toByteOffset: 2, as: UInt16.self)
            room.storeBytes(of: UInt64(body.count).bigEndian, toByteOffset: 4, as: UInt64.self)
            let encoded = amqp_encode_properties(
                Self.basicClass, &properties, amqp_bytes_t(rebasing: room[12...]))
            return encoded < 0 ? encoded : encoded + 12
        }
        guard status >= 0 else { return fail(status, start) }
        var position = 0
        while position < body.count {
            let size = min(largestPayload, body.count - position)
            _ = frame(Self.bodyFrame, channel) { room in
                body.withUnsafeBytes {
                    room.copyMemory(from: .init(rebasing: $0[position..<position + size]))
                }
                return Int32(size)
            }
            position += size
        }
        return 0
    }

    /// Adds a frame; `payload` writes into the room and returns how much, or an error below 0.
    private mutating func frame(
        _ type: UInt8, _ channel: amqp_channel_t, _ payload: (UnsafeMutableRawBufferPointer) -> Int32
    ) -> Int32 {
        let head = UnsafeMutableRawBufferPointer(rebasing: memory[count...])
        let size = payload(UnsafeMutableRawBufferPointer(rebasing: head[7...]))
        guard size >= 0 else { return size }
        head[0] = type
        head.storeBytes(of: channel.bigEndian, toByteOffset: 1, as: UInt16.self)
        head.storeBytes(of: UInt32(size).bigEndian, toByteOffset: 3, as: UInt32.self)
        head[7 + Int(size)] = Self.end
        count += Int(size) + Self.frameBytes
        return size
    }

    private mutating func fail(_ status: Int32, _ start: Int) -> Int32 {
        count = start
        return status
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > memory.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(count + more, memory.count * 2), alignment: 16)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }
}

extension amqp_bytes_t {
    /// Borrows memory.
    fileprivate init(rebasing bytes: Slice<UnsafeMutableRawBufferPointer>) {
        let whole = UnsafeMutableRawBufferPointer(rebasing: bytes)
        self.init(len: whole.count, bytes: whole.baseAddress)
    }
}
