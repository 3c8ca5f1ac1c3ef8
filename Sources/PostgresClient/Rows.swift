import CPostgreSQL

/// What one query answered: rows in binary format, and the tag of the command. It owns the `PGresult`.
///
/// Rows and columns count from 0. A query and the code that reads its rows belong together, so reading a column as
/// another type than it has, a NULL with a reader that is not `optional…`, or a row that is not there is a mistake of
/// the program: it stops a debug build; a release build reads 0, false or nothing and goes on.
public final class Rows {
    /// The number of rows.
    public let count: Int

    let result: OpaquePointer

    /// Takes ownership of a result.
    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
    }

    deinit {
        PQclear(result)
    }

    /// What kind of answer it is; only the session asks.
    var status: ExecStatusType { PQresultStatus(result) }

    /// The number of columns.
    public var columnCount: Int { Int(PQnfields(result)) }

    /// The tag of the command, as in `INSERT 0 5` or `COMMIT` (manual, 55.7, CommandComplete).
    public var tag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    /// How many rows the command read or changed, from its tag; 0 when the tag says nothing.
    public var affected: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// Whether the value is NULL, or not there.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        raw(row, column) == nil
    }

    /// Lends the bytes of a value as the server sent them, without a copy. They live as long as the closure runs.
    public func withBytes<R>(
        _ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) throws -> R
    ) rethrows -> R {
        let value = raw(row, column)
        if value == nil { assertionFailure("NULL or nothing in row \(row), column \(column)") }
        return try withExtendedLifetime(self) {
            try body(value ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// The bytes of a value, or nil for NULL and for a place outside the result.
    /// (Outside the result libpq would call the notice receiver, whose session may be gone by then.)
    @inline(__always)
    func raw(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        guard row >= 0, row < count, column >= 0, column < columnCount else { return nil }
        let row = Int32(truncatingIfNeeded: row)
        let column = Int32(truncatingIfNeeded: column)
        if PQgetisnull(result, row, column) != 0 { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
    }

    /// The big-endian number of exactly this width, or 0 for anything else.
    @inline(__always)
    func number<T: FixedWidthInteger>(_ row: Int, _ column: Int, as type: T.Type) -> T {
        guard let value = raw(row, column), value.count == MemoryLayout<T>.size else {
            assertionFailure("row \(row), column \(column) holds no \(T.self)")
            return 0
        }
        return T(bigEndian: value.loadUnaligned(as: T.self))
    }
}
