/// How many partitions there are, and which of them a SKU lives in.
public struct Partitioning: Hashable, Sendable {
    /// The number of partitions, chosen once at the first migration.
    public let count: Int
    /// The numbers of partitions that an installation may have.
    public static let range = 1...64

    /// The partitioning, or nil when `count` lies outside of ``range``.
    public init?(count: Int) {
        guard Self.range.contains(count) else { return nil }
        self.count = count
    }

    init(unchecked count: Int) { self.count = count }

    /// The partition of a SKU: `crc32(utf8(sku)) mod count`, so that a sender in any language can compute it.
    public func partition(of sku: SKU) -> Int { Int(crc32(sku.text.utf8) % UInt32(count)) }
}

/// The IEEE CRC-32 (polynomial 0xEDB88320, reflected), as zlib and most languages' libraries compute it.
public func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
        sum = table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ (sum >> 8)
    }
    return sum ^ 0xFFFF_FFFF
}

private let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { sum, _ in
        sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1
    }
}
