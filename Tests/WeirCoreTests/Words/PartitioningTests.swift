import Testing
import WeirCore

/// A SKU's partition, as a sender in any language computes it.
@Suite struct PartitioningTests {
    /// The check value of the CRC catalogue, and values that zlib computes.
    @Test(
        arguments: [
            ("", 0), ("123456789", 0xCBF4_3926), ("a", 0xE8B7_BE43), ("abc", 0x3524_41C2),
            ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ] as [(String, UInt32)])
    func theChecksumIsTheOneOfZlib(_ text: String, _ sum: UInt32) { #expect(crc32(text.utf8) == sum) }

    @Test func theChecksumIsThatOfTheBitwiseDefinition() {
        var random = SplitMix64(seed: 1)
        for length in 0..<64 {
            let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(crc32(bytes) == Self.bitwise(bytes))
        }
        #expect(crc32(UInt8.min...UInt8.max) == 0x2905_8C73)
    }

    /// Polynomial division as the standard describes it, without a table.
    private static func bitwise(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            for bit in 0..<8 {
                let odd = (sum ^ (UInt32(byte) >> bit)) & 1 == 1
                sum >>= 1
                if odd { sum ^= 0xEDB8_8320 }
            }
        }
        return ~sum
    }

    @Test func aPartitionIsTheChecksumModuloTheCount() throws {
        let eight = try #require(Partitioning(count: 8))
        #expect(eight.partition(of: SKU("123456789")!) == Int(0xCBF4_3926 % 8))
        #expect(eight.partition(of: SKU("a")!) == 3)
        let one = try #require(Partitioning(count: 1))
        #expect(one.partition(of: shirt) == 0)
    }

    @Test(arguments: [1, 2, 3, 7, 8, 63, 64])
    func skusSpreadEvenlyOverThePartitions(_ count: Int) throws {
        let partitioning = try #require(Partitioning(count: count))
        var sizes = Array(repeating: 0, count: count)
        let each = 300
        for number in 0..<(count * each) { sizes[partitioning.partition(of: SKU("sku-\(number)")!)] += 1 }
        #expect(sizes.allSatisfy { $0 > each / 2 && $0 < each * 2 }, "\(sizes)")
    }

    @Test func thereAreOneToSixtyFourPartitions() {
        for count in [0, -1, 65, .max, .min] { #expect(Partitioning(count: count) == nil) }
        for count in 1...64 { #expect(Partitioning(count: count)?.count == count) }
    }
}
