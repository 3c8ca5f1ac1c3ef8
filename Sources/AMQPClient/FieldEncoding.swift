import CRabbitMQ

/// Field tables to C. The size is known and checked first: librabbitmq notices a table that does not fit only
/// after it has sent the method frame, and the connection is then beyond repair.
enum FieldEncoding {
    /// The encoded size in bytes with its four-byte length, or why it cannot be sent.
    static func size(of table: FieldTable, level: Int = 1) -> Result<Int, MessageFlaw> {
        guard level <= FieldDecoding.deepestLevel else {
            return .failure(MessageFlaw("headers are nested too deep"))
        }
        var total = 4
        for field in table.fields {
            let nameSize = field.name.utf8.count
            guard nameSize <= 255 else {
                return .failure(MessageFlaw("a header name has \(nameSize) bytes, the limit is 255"))
            }
            switch size(of: field.value, level: level) {
            case .success(let valueSize): total += 1 + nameSize + 1 + valueSize
            case .failure(let flaw): return .failure(flaw)
            }
        }
        return .success(total)
    }

    private static func size(of value: FieldValue, level: Int) -> Result<Int, MessageFlaw> {
        switch value {
        case .bool: return .success(1)
        case .int, .double, .timestamp: return .success(8)
        case .string(let text): return .success(4 + text.utf8.count)
        case .bytes(let bytes): return .success(4 + bytes.count)
        case .decimal: return .success(5)
        case .void: return .success(0)
        case .table(let table): return size(of: table, level: level + 1)
        case .array(let items):
            guard level < FieldDecoding.deepestLevel else {
                return .failure(MessageFlaw("headers are nested too deep"))
            }
            var total = 4
            for item in items {
                switch size(of: item, level: level + 1) {
                case .success(let itemSize): total += 1 + itemSize
                case .failure(let flaw): return .failure(flaw)
                }
            }
            return .success(total)
        }
    }

    /// The table for one C call; it lives in the arena.
    static func table(_ table: FieldTable, in arena: Arena) -> amqp_table_t {
        let entries = arena.allocate(amqp_table_entry_t.self, count: table.fields.count)
        for (index, field) in table.fields.enumerated() {
            let entry = amqp_table_entry_t(key: arena.bytes(field.name), value: value(field.value, in: arena))
            (entries + index).initialize(to: entry)
        }
        return amqp_table_t(num_entries: Int32(table.fields.count), entries: entries)
    }

    private static func value(_ value: FieldValue, in arena: Arena) -> amqp_field_value_t {
        var result = amqp_field_value_t()
        switch value {
        case .bool(let flag):
            result.kind = UInt8(ascii: "t")
            result.value.boolean = flag ? 1 : 0
        case .int(let number):
            result.kind = UInt8(ascii: "l")
            result.value.i64 = number
        case .double(let number):
            result.kind = UInt8(ascii: "d")
            result.value.f64 = number
        case .string(let text):
            result.kind = UInt8(ascii: "S")
            result.value.bytes = arena.bytes(text)
        case .bytes(let bytes):
            result.kind = UInt8(ascii: "x")
            result.value.bytes = arena.bytes(bytes)
        case .timestamp(let seconds):
            result.kind = UInt8(ascii: "T")
            result.value.u64 = seconds
        case .decimal(let scale, let number):
            result.kind = UInt8(ascii: "D")
            result.value.decimal = amqp_decimal_t(decimals: scale, value: number)
        case .void:
            result.kind = UInt8(ascii: "V")
        case .table(let table):
            result.kind = UInt8(ascii: "F")
            result.value.table = Self.table(table, in: arena)
        case .array(let items):
            result.kind = UInt8(ascii: "A")
            let entries = arena.allocate(amqp_field_value_t.self, count: items.count)
            for (index, item) in items.enumerated() {
                (entries + index).initialize(to: Self.value(item, in: arena))
            }
            result.value.array = amqp_array_t(num_entries: Int32(items.count), entries: entries)
        }
        return result
    }
}
