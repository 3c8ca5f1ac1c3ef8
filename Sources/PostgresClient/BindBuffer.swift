import CPostgreSQL

/// The values of one query in the server's binary format, back to back in memory that is used again for the next
/// query: a batch of thousands of values costs no allocation once the buffer has grown.
///
/// It owns its memory and lends pointers only inside `withParameters`, after which libpq has its own copy.
final class BindBuffer {
    /// The types of the values, in order.
    private(set) var types: [Oid] = []

    /// How many bytes the values take.
    private(set) var byteCount = 0

    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private var places: [(offset: Int, length: Int, isNull: Bool)] = []
    private var pointers: [UnsafePointer<CChar>?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// Above this a buffer is given back after use, so that one giant batch does not stay for ever.
    private static let keptBytes = 16 << 20
    private static let initialBytes = 64 << 10

    init() {
        capacity = Self.initialBytes
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    /// Replaces the contents by these values.
    func encode(_ binds: [Bind]) {
        byteCount = 0
        if capacity > Self.keptBytes { reallocate(Self.initialBytes) }
        types.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        for bind in binds {
            let offset = byteCount
            let isNull = !append(bind)
            types.append(bind.serverType)
            places.append((offset, byteCount - offset, isNull))
        }
    }

    /// Lends the values in the form of the parameters of `PQsendQueryPrepared` (manual, 34.4 Asynchronous Command
    /// Processing): values, lengths in bytes, formats.
    func withParameters<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
    ) -> R {
        pointers.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        while formats.count < places.count { formats.append(1) }
        for place in places {
            // Only now: the memory may have moved while it grew.
            let pointer = UnsafePointer((memory + place.offset).assumingMemoryBound(to: CChar.self))
            pointers.append(place.isNull ? nil : pointer)
            lengths.append(Int32(truncatingIfNeeded: place.length))
        }
        return pointers.withUnsafeBufferPointer { pointers in
            lengths.withUnsafeBufferPointer { lengths in
                formats.withUnsafeBufferPointer { formats in
                    body(pointers.baseAddress, lengths.baseAddress, formats.baseAddress)
                }
            }
        }
    }

    /// The next `count` bytes, to be written by the caller before the next call.
    @inline(__always)
    func claim(_ count: Int) -> UnsafeMutableRawPointer {
        if capacity - byteCount < count { reallocate(max(2 * capacity, byteCount + count)) }
        defer { byteCount += count }
        return memory + byteCount
    }

    /// Gives back what was claimed too much at the end.
    @inline(__always)
    func giveBack(_ count: Int) {
        byteCount -= count
    }

    /// A number written at a place that was claimed earlier.
    func patch(_ value: Int32, at offset: Int) {
        memory.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Int32.self)
    }

    private func reallocate(_ newCapacity: Int) {
        let grown = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
        grown.copyMemory(from: memory, byteCount: byteCount)
        memory.deallocate()
        memory = grown
        capacity = newCapacity
    }
}
