/// A value of an AMQP field table: a message header or an argument.
///
/// See AMQP 0-9-1 section 4.2.5.5, with the type letters that RabbitMQ really uses
/// (<https://www.rabbitmq.com/amqp-0-9-1-errata#section_3>).
public enum FieldValue: Sendable, Equatable {
    /// `t`.
    case bool(Bool)
    /// Every integer width, signed or not; an unsigned 64-bit value above `Int64.max` becomes `Int64.max`.
    case int(Int64)
    /// `d`, and `f` widened.
    case double(Double)
    /// `S` that is valid UTF-8.
    case string(String)
    /// `x`, and an `S` that is not valid UTF-8.
    case bytes([UInt8])
    /// `T`: seconds since 1970.
    case timestamp(UInt64)
    /// `D`: `value` divided by ten to the power of `scale`.
    case decimal(scale: UInt8, value: UInt32)
    /// `A`.
    case array([FieldValue])
    /// `F`.
    case table(FieldTable)
    /// `V`; also what stands deeper than 32 levels in a table that was received, or is of an unknown kind.
    case void

    /// The integer, if it is one.
    public var intValue: Int64? {
        if case .int(let value) = self { value } else { nil }
    }

    /// The string, if it is one.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }
}

/// An AMQP field table: names and values in the order of the wire. A hostile sender may repeat a name.
public struct FieldTable: Sendable, Equatable {
    /// One name and its value.
    public struct Field: Sendable, Equatable {
        /// At most 255 bytes of UTF-8.
        public var name: String
        /// The value.
        public var value: FieldValue

        /// A field.
        public init(_ name: String, _ value: FieldValue) {
            self.name = name
            self.value = value
        }
    }

    /// The fields in order.
    public var fields: [Field]

    /// An empty table.
    public init() { fields = [] }

    /// A table of these pairs, in this order.
    public init(_ pairs: [(String, FieldValue)]) {
        fields = pairs.map { Field($0.0, $0.1) }
    }

    /// Whether there is no field.
    public var isEmpty: Bool { fields.isEmpty }

    /// The number of fields.
    public var count: Int { fields.count }

    /// The first value of that name. (RabbitMQ puts its own `x-delivery-count` before a sender's.)
    public subscript(name: String) -> FieldValue? {
        fields.first { $0.name == name }?.value
    }

    /// Adds a field at the end.
    public mutating func append(_ name: String, _ value: FieldValue) {
        fields.append(Field(name, value))
    }
}

extension FieldTable: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    /// `["x-queue-type": "quorum"]`, in the order as written.
    public init(dictionaryLiteral elements: (String, FieldValue)...) { self.init(elements) }

    /// `[("x-queue-type", "quorum")]`.
    public init(arrayLiteral elements: (String, FieldValue)...) { self.init(elements) }
}

extension FieldValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }

    /// An integer.
    public init(integerLiteral value: Int64) { self = .int(value) }

    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
