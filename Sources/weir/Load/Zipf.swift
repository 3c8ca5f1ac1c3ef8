import Foundation

/// Picks places 0, 1, 2 … of which place `i` comes up in proportion to 1 / (i + 1)^s: a few are hot, most are not.
///
/// With s = 0 all are alike.
struct Zipf: Sendable {
    /// The probability of a place up to and including each.
    private let cumulative: [Double]

    /// Places 0 ..< count.
    init(count: Int, exponent: Double) {
        var sum = 0.0
        let sums = (1...max(count, 1)).map { place in
            sum += 1 / pow(Double(place), exponent)
            return sum
        }
        cumulative = sums.map { $0 / sum }
    }

    /// The next place.
    func pick(using generator: inout some RandomNumberGenerator) -> Int {
        place(of: Double.random(in: 0..<1, using: &generator))
    }

    /// The place on which a number from 0 up to 1 falls.
    func place(of number: Double) -> Int {
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > number { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// How likely a place is.
    func probability(of place: Int) -> Double {
        cumulative[place] - (place == 0 ? 0 : cumulative[place - 1])
    }
}
