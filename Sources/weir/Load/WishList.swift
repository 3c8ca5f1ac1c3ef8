import WeirSimulation

/// One wish to buy, as it is sent.
struct Wish: Sendable, Hashable {
    let token: String
    let sku: String
    let quantity: Int64
    let buyer: String
    /// Whether the same wish was sent before.
    let isDuplicate: Bool
}

/// What the requests of a load ask for. Request `k` is computed from the seed and `k` alone: nothing has to be
/// remembered to send an earlier one again, and the same seed asks the same again.
struct WishList: Sendable {
    /// What every token begins with; two runs must differ in it.
    let prefix: String
    let skus: [String]
    let quantity: Int64
    let buyers: Int
    /// How many out of a hundred requests repeat an earlier one.
    let duplicatesPercent: Double
    let seed: UInt64
    private let zipf: Zipf

    init(
        prefix: String, skus: [String], zipfExponent: Double = 0, quantity: Int64 = 1, buyers: Int = 10_000,
        duplicatesPercent: Double = 0, seed: UInt64 = 1
    ) {
        self.prefix = prefix
        self.skus = skus
        self.quantity = quantity
        self.buyers = buyers
        self.duplicatesPercent = duplicatesPercent
        self.seed = seed
        zipf = Zipf(count: skus.count, exponent: zipfExponent)
    }

    /// The wish of a request, counted from 0.
    subscript(number: Int) -> Wish {
        var generator = SplitMix64(seed: seed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
        if number > 0, Double.random(in: 0..<100, using: &generator) < duplicatesPercent {
            // Most people who press twice do so soon: the earlier request is one of the last thousand.
            let earlier = self[number - Int.random(in: 1...min(number, 1000), using: &generator)]
            return Wish(
                token: earlier.token, sku: earlier.sku, quantity: earlier.quantity, buyer: earlier.buyer,
                isDuplicate: true)
        }
        return Wish(
            token: "\(prefix)-\(number)", sku: skus[zipf.pick(using: &generator)], quantity: quantity,
            buyer: "buyer-\(Int.random(in: 1...buyers, using: &generator))", isDuplicate: false)
    }

    /// The names of the SKUs that a load makes up: `load-0001` and so on.
    static func names(count: Int) -> [String] {
        (1...count).map { number in
            let digits = String(number)
            return "load-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }
}
