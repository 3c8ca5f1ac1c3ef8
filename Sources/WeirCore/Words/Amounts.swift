/// How many units one intent asks for: 1 to 2,147,483,647.
public struct Quantity: Hashable, Sendable, CustomStringConvertible {
    /// The number of units.
    public let units: Int64
    /// What an intent may ask for.
    public static let range: ClosedRange<Int64> = 1...Int64(Int32.max)

    /// The quantity, or nil outside of ``range``.
    public init?(_ units: Int64) {
        guard Self.range.contains(units) else { return nil }
        self.units = units
    }

    /// Takes a number over that was checked before it was stored.
    public init(unchecked units: Int64) { self.units = units }

    public var description: String { String(units) }
}

/// Limits that keep every sum of stock far away from an overflow.
public enum StockLimit {
    /// The units of one SKU that may be stocked.
    public static let stocked: ClosedRange<Int64> = 0...1_000_000_000_000
    /// What one adjustment may add or take.
    public static let delta: ClosedRange<Int64> = -1_000_000_000_000...1_000_000_000_000
}

/// A moment on the database's clock, in microseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var microseconds: Int64

    /// A moment, in microseconds since 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The moment this many seconds later.
    public func adding(seconds: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds + seconds * 1_000_000)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}
