import Testing
import WeirCore

@testable import weir_lab

@Suite struct ArrivalsTests {
    @Test func sameSeedSameCrowd() {
        let crowd = Arrivals.moments(rate: 500, seconds: 4, seed: 7)
        #expect(crowd == Arrivals.moments(rate: 500, seconds: 4, seed: 7))
        #expect(crowd != Arrivals.moments(rate: 500, seconds: 4, seed: 8))
    }

    @Test func comesInOrderWithinTheTimeAtTheRate() {
        let crowd = Arrivals.moments(rate: 2_000, seconds: 50, seed: 1)
        #expect(crowd == crowd.sorted())
        #expect(crowd.allSatisfy { $0 > 0 && $0 < 50 })
        // A hundred thousand by chance: ten standard deviations are 3,200.
        #expect((96_800...103_200).contains(crowd.count))
    }

    /// By chance, not evenly: the times between two have a standard deviation as large as their mean.
    @Test func comesByChance() {
        let crowd = Arrivals.moments(rate: 1_000, seconds: 50, seed: 3)
        let gaps = zip(crowd.dropFirst(), crowd).map { $0 - $1 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect((0.9...1.1).contains(variance.squareRoot() / mean))
    }

    @Test func nobodyComesAtNoRate() {
        #expect(Arrivals.moments(rate: 0, seconds: 1, seed: 1).isEmpty)
    }
}

@Suite struct ShardTests {
    @Test(arguments: [1, 2, 4, 8]) func skusFallEvenlyOnPartitions(_ count: Int) throws {
        let partitioning = try #require(Partitioning(count: count))
        let places = Shard.skus.map(partitioning.partition)
        #expect(Shard.skus.count == 8)
        for partition in 0..<count { #expect(places.count { $0 == partition } == 8 / count) }
    }

    /// Two databases of four partitions have four SKUs each, one in each partition.
    @Test func halvesFallOnAllPartitionsOfTheirDatabase() throws {
        let partitioning = try #require(Partitioning(count: 4))
        for half in [Shard.skus.prefix(4), Shard.skus.suffix(4)] {
            #expect(Set(half.map(partitioning.partition)) == [0, 1, 2, 3])
        }
    }
}
