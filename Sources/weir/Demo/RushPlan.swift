import WeirSimulation

/// What a rush consists of: who wants what, and how each buyer behaves. Buyer `k` follows from the seed and `k` alone.
struct RushPlan: Sendable {
    /// The SKU that everybody wants, and one of the others.
    struct Item: Sendable, Hashable {
        let sku: String
        let stocked: Int64
        let holdSeconds: Int64
    }

    /// What a buyer does besides sending a wish.
    struct Buyer: Sendable, Hashable {
        let number: Int
        let item: Item
        let token: String
        let quantity: Int64
        /// Presses the button twice at once, or again after the answer.
        let duplicate: Duplicate?
        /// Sends the token once more with another quantity, which must be refused.
        let sendsWrongPayload: Bool
        /// Loses the first answer (a phone in a tunnel) and asks again.
        let losesFirstAnswer: Bool
        /// What becomes of a hold.
        let intention: Intention
        /// How long the buyer thinks before that.
        let thoughtMilliseconds: Int

        var name: String { "buyer-\(number)" }
    }

    enum Duplicate: Sendable { case atOnce, later }
    enum Intention: Sendable { case confirm, cancel, letExpire }

    let buyers: Int
    let hot: Item
    let others: [Item]
    let seed: UInt64

    /// Short, so that holds expire while others still want the units, and the demo is short as well.
    static let holdSeconds: Int64 = 4

    init(buyers: Int, units: Int64, otherSKUs: Int, seed: UInt64) {
        self.buyers = buyers
        self.seed = seed
        hot = Item(sku: "ticket", stocked: units, holdSeconds: Self.holdSeconds)
        // Stock for about three quarters of those who come, so that these sell out too, later. Every third is
        // sold at once, without a hold.
        let comers = Double(buyers) * 0.4 / Double(max(1, otherSKUs))
        others = (0..<otherSKUs).map { number in
            Item(
                sku: "poster-\(number + 1)", stocked: Int64((comers * 0.75).rounded(.up)),
                holdSeconds: number % 3 == 0 ? 0 : Self.holdSeconds)
        }
    }

    /// The SKUs, the hot one first.
    var items: [Item] { [hot] + others }

    /// One buyer, counted from 0.
    subscript(number: Int) -> Buyer {
        var generator = SplitMix64(seed: seed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
        func dice() -> Double { Double.random(in: 0..<100, using: &generator) }
        let wantsHot = others.isEmpty || dice() < 60
        let item = wantsHot ? hot : others[Int.random(in: 0..<others.count, using: &generator)]
        let (luck, again, intention) = (dice(), dice(), dice())
        return Buyer(
            number: number, item: item, token: "demo-\(number)", quantity: dice() < 90 ? 1 : 2,
            duplicate: again < 5 ? .atOnce : again < 10 ? .later : nil,
            sendsWrongPayload: luck < 1, losesFirstAnswer: (1..<4).contains(luck),
            intention: intention < 55 ? .confirm : intention < 75 ? .cancel : .letExpire,
            thoughtMilliseconds: Int.random(in: 100...1500, using: &generator))
    }
}
