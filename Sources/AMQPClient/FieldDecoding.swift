import CRabbitMQ

/// Field tables from C. Whatever a stranger's message holds, this returns, in bounded depth.
///
/// librabbitmq itself recurses once per level, which is why its threads have large stacks
/// (`DedicatedThread`).
enum FieldDecoding {
    /// Tables and arrays nested deeper than this become `.void`; honest senders use two or three levels.
    static let deepestLevel = 32

    static func table(_ table: amqp_table_t, level: Int = 1) -> FieldTable {
        var result = FieldTable()
        guard let entries = table.entries, table.num_entries > 0 else { return result }
        result.fields.reserveCapacity(Int(table.num_entries))
        for entry in UnsafeBufferPointer(start: entries, count: Int(table.num_entries)) {
            result.append(String(borrowed: entry.key), value(entry.value, level: level))
        }
        return result
    }

    static func value(_ field: amqp_field_value_t, level: Int) -> FieldValue {
        let raw = field.value
        switch field.kind {
        case UInt8(ascii: "t"): return .bool(raw.boolean != 0)
        case UInt8(ascii: "b"): return .int(Int64(raw.i8))
        case UInt8(ascii: "B"): return .int(Int64(raw.u8))
        case UInt8(ascii: "s"): return .int(Int64(raw.i16))
        case UInt8(ascii: "u"): return .int(Int64(raw.u16))
        case UInt8(ascii: "I"): return .int(Int64(raw.i32))
        case UInt8(ascii: "i"): return .int(Int64(raw.u32))
        case UInt8(ascii: "l"): return .int(raw.i64)
        case UInt8(ascii: "L"): return .int(Int64(clamping: raw.u64))
        case UInt8(ascii: "f"): return .double(Double(raw.f32))
        case UInt8(ascii: "d"): return .double(raw.f64)
        case UInt8(ascii: "D"): return .decimal(scale: raw.decimal.decimals, value: raw.decimal.value)
        case UInt8(ascii: "T"): return .timestamp(raw.u64)
        case UInt8(ascii: "S"):
            let buffer = UnsafeRawBufferPointer(borrowed: raw.bytes)
            return String(validating: buffer, as: UTF8.self).map(FieldValue.string) ?? .bytes(Array(buffer))
        case UInt8(ascii: "x"): return .bytes(Array(UnsafeRawBufferPointer(borrowed: raw.bytes)))
        case UInt8(ascii: "F"):
            return level < deepestLevel ? .table(table(raw.table, level: level + 1)) : .void
        case UInt8(ascii: "A"):
            guard level < deepestLevel else { return .void }
            guard let entries = raw.array.entries, raw.array.num_entries > 0 else { return .array([]) }
            let items = UnsafeBufferPointer(start: entries, count: Int(raw.array.num_entries))
            return .array(items.map { value($0, level: level + 1) })
        default: return .void
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes that librabbitmq lends until its buffers are released.
    init(borrowed bytes: amqp_bytes_t) {
        self.init(start: bytes.bytes, count: bytes.bytes == nil ? 0 : bytes.len)
    }
}

extension String {
    /// A copy of borrowed bytes; what is not UTF-8 becomes U+FFFD, for a name must always be printable.
    init(borrowed bytes: amqp_bytes_t) {
        self.init(decoding: UnsafeRawBufferPointer(borrowed: bytes), as: UTF8.self)
    }
}
