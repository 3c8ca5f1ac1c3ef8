import CPostgreSQL

extension Rows {
    /// A `boolean`.
    public func bool(_ row: Int, _ column: Int) -> Bool {
        number(row, column, as: UInt8.self) != 0
    }

    /// A `smallint`.
    public func int2(_ row: Int, _ column: Int) -> Int16 {
        number(row, column, as: Int16.self)
    }

    /// An `integer`.
    public func int4(_ row: Int, _ column: Int) -> Int32 {
        number(row, column, as: Int32.self)
    }

    /// A `bigint`.
    public func int8(_ row: Int, _ column: Int) -> Int64 {
        number(row, column, as: Int64.self)
    }

    /// A `smallint`, `integer` or `bigint`. (`sum` of a `bigint` is `numeric`: cast it in the query.)
    public func int(_ row: Int, _ column: Int) -> Int {
        let value = optionalInt(row, column)
        assert(value != nil, "NULL or nothing in row \(row), column \(column)")
        return value ?? 0
    }

    /// A `real` or `double precision`.
    public func double(_ row: Int, _ column: Int) -> Double {
        if raw(row, column)?.count == 4 {
            return Double(Float(bitPattern: number(row, column, as: UInt32.self)))
        }
        return Double(bitPattern: number(row, column, as: UInt64.self))
    }

    /// A `text` or any other type that is sent as text (`varchar`, `name`, `json`). Always valid UTF-8.
    public func text(_ row: Int, _ column: Int) -> String {
        withBytes(row, column) { String(decoding: $0, as: UTF8.self) }
    }

    /// A `bytea`, or the bytes of any other value as the server sent them.
    public func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        withBytes(row, column) { Array($0) }
    }

    /// A `timestamptz` in microseconds since 1970. `infinity` is `Int64.max`, `-infinity` is `Int64.min`.
    public func timestamp(_ row: Int, _ column: Int) -> Int64 {
        Timestamp.fromServer(number(row, column, as: Int64.self))
    }

    /// As `int`, or nil for NULL.
    public func optionalInt(_ row: Int, _ column: Int) -> Int? {
        guard let value = raw(row, column) else { return nil }
        assert(isInteger(column), "column \(column) is no integer")
        switch value.count {
        case 2: return Int(number(row, column, as: Int16.self))
        case 4: return Int(number(row, column, as: Int32.self))
        case 8: return Int(number(row, column, as: Int64.self))
        default: return nil
        }
    }

    /// As `text`, or nil for NULL.
    public func optionalText(_ row: Int, _ column: Int) -> String? {
        raw(row, column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// As `bytes`, or nil for NULL.
    public func optionalBytes(_ row: Int, _ column: Int) -> [UInt8]? {
        raw(row, column).map { Array($0) }
    }

    /// As `timestamp`, or nil for NULL.
    public func optionalTimestamp(_ row: Int, _ column: Int) -> Int64? {
        raw(row, column) == nil ? nil : timestamp(row, column)
    }

    /// As `bool`, or nil for NULL.
    public func optionalBool(_ row: Int, _ column: Int) -> Bool? {
        raw(row, column) == nil ? nil : bool(row, column)
    }

    private func isInteger(_ column: Int) -> Bool {
        [ServerType.int2, ServerType.int4, ServerType.int8].contains(PQftype(result, Int32(column)))
    }
}
