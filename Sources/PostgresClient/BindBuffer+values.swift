import CPostgreSQL

extension BindBuffer {
    /// Writes one value; false for NULL, which has no bytes.
    func append(_ bind: Bind) -> Bool {
        switch bind {
        case .null: return false
        case .bool(let value): append(value ? 1 : 0 as UInt8)
        case .int2(let value): append(value)
        case .int4(let value): append(value)
        case .int8(let value): append(value)
        case .text(let value): appendText(value)
        case .bytes(let value): appendBytes(value)
        case .timestamp(let value): append(Timestamp.toServer(value))
        case .bools(let values): append(values, ServerType.bool) { $0 ? 1 : 0 as UInt8 }
        case .int2s(let values): append(values, ServerType.int2) { $0 }
        case .int4s(let values): append(values, ServerType.int4) { $0 }
        case .int8s(let values): append(values, ServerType.int8) { $0 }
        case .optionalInt4s(let values): appendOptional(values, ServerType.int4) { $0 }
        case .optionalInt8s(let values): appendOptional(values, ServerType.int8) { $0 }
        case .timestamps(let values): append(values, ServerType.timestamp, Timestamp.toServer)
        case .optionalTimestamps(let values): appendOptional(values, ServerType.timestamp, Timestamp.toServer)
        case .texts(let values):
            appendHeader(values.count, ServerType.text)
            for value in values { appendSized(value) }
        case .optionalTexts(let values):
            let flag = appendHeader(values.count, ServerType.text)
            for value in values {
                if let value { appendSized(value) } else { appendNull(flag) }
            }
        case .textBytes(let values): appendBytes(values, ServerType.text)
        case .byteStrings(let values): appendBytes(values, ServerType.bytes)
        }
        return true
    }

    private func appendBytes(_ values: [[UInt8]], _ element: Oid) {
        appendHeader(values.count, element)
        for value in values {
            append(Int32(truncatingIfNeeded: value.count))
            appendBytes(value)
        }
    }

    @inline(__always)
    private func append<T: FixedWidthInteger>(_ value: T) {
        claim(MemoryLayout<T>.size).storeBytes(of: value.bigEndian, as: T.self)
    }

    private func appendBytes(_ value: [UInt8]) {
        value.withUnsafeBytes { append(raw: $0) }
    }

    /// Swift's own strings are contiguous UTF-8 and lend it; any other kind is copied once.
    @inline(__always)
    private func appendText(_ value: String) {
        if value.utf8.withContiguousStorageIfAvailable({ append(raw: UnsafeRawBufferPointer($0)) }) == nil {
            var copy = value
            copy.withUTF8 { append(raw: UnsafeRawBufferPointer($0)) }
        }
    }

    @inline(__always)
    private func append(raw: UnsafeRawBufferPointer) {
        guard let base = raw.baseAddress, raw.count > 0 else { return }
        claim(raw.count).copyMemory(from: base, byteCount: raw.count)
    }

    @inline(__always)
    private func appendSized(_ value: String) {
        append(Int32(truncatingIfNeeded: value.utf8.count))
        appendText(value)
    }

    /// An array begins with its number of dimensions, whether it holds a NULL, the type of its elements, and for its
    /// one dimension the length and the first index (`array_recv` in the server's source). An empty array has no
    /// dimension. Returns where the mark for NULLs stands.
    @discardableResult
    private func appendHeader(_ count: Int, _ element: Oid) -> Int {
        append(count == 0 ? 0 : 1 as Int32)
        let flag = byteCount
        append(0 as Int32)
        append(element)
        if count > 0 {
            append(Int32(truncatingIfNeeded: count))
            append(1 as Int32)
        }
        return flag
    }

    /// A NULL element is a length of -1, and the array says at its beginning that it holds one.
    private func appendNull(_ flag: Int) {
        append(-1 as Int32)
        patch(1, at: flag)
    }

    @inline(__always)
    private func append<S, T: FixedWidthInteger>(_ values: [S], _ element: Oid, _ convert: (S) -> T) {
        appendHeader(values.count, element)
        let width = MemoryLayout<T>.size
        var place = claim(values.count * (4 + width))
        let length = Int32(width).bigEndian
        for value in values {
            place.storeBytes(of: length, as: Int32.self)
            place.storeBytes(of: convert(value).bigEndian, toByteOffset: 4, as: T.self)
            place += 4 + width
        }
    }

    @inline(__always)
    private func appendOptional<S, T: FixedWidthInteger>(_ values: [S?], _ element: Oid, _ convert: (S) -> T)
    {
        let flag = appendHeader(values.count, element)
        let width = MemoryLayout<T>.size
        var place = claim(values.count * (4 + width))
        var nulls = 0
        for value in values {
            if let value {
                place.storeBytes(of: Int32(width).bigEndian, as: Int32.self)
                place.storeBytes(of: convert(value).bigEndian, toByteOffset: 4, as: T.self)
                place += 4 + width
            } else {
                place.storeBytes(of: (-1 as Int32).bigEndian, as: Int32.self)
                place += 4
                nulls += 1
            }
        }
        giveBack(nulls * width)
        if nulls > 0 { patch(1, at: flag) }
    }
}
