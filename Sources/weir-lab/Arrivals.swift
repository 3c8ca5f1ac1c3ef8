import Foundation

/// When buyers come who do not know of each other: at random, so many a second on average. The same for the same seed,
/// so that all who are compared get the same crowd.
enum Arrivals {
    /// The moments in so many seconds, in seconds from the beginning.
    static func moments(rate: Double, seconds: Double, seed: UInt64) -> [Double] {
        guard rate > 0 else { return [] }
        var (moments, last, state) = ([Double](), 0.0, seed)
        moments.reserveCapacity(Int(rate * seconds * 1.1))
        while true {
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            // Above 0 and at most 1: its logarithm is the time between two who come by chance.
            let chance = Double(((bits ^ (bits >> 31)) >> 11) + 1) / Double(UInt64(1) << 53)
            last -= log(chance) / rate
            guard last < seconds else { return moments }
            moments.append(last)
        }
    }
}
