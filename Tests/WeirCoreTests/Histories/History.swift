import WeirCore

/// One random history: a world that the core decides, and a shop beside it.
struct History {
    private(set) var world = World(at: noon, [])
    /// Everything that was answered, for a look at what histories reach.
    private(set) var answers: Set<String> = []
    private var shop = Shop(clock: noon)
    private var random: SplitMix64
    private var sent: [Command] = []

    private static let skus = [shirt, mug, SKU("hat")!]
    /// Two of the buyers look alike and are not the same.
    private static let buyers = [ann, Buyer("Zoe\u{308}")!, Buyer("Zo\u{EB}")!]

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Some twenty batches of up to six commands; time passes between them.
    mutating func run() throws(Broken) {
        for _ in 0..<Int.random(in: 5...25, using: &random) {
            if random.chance(40) { pass(seconds: Int64.random(in: 0...12, using: &random)) }
            let size = Int.random(in: 0...6, using: &random)
            let batch = (0..<size).map { _ in nextCommand() }
            try decide(batch, withDue: random.chance(50))
        }
    }

    private mutating func pass(seconds: Int64) {
        world.now = world.now.adding(seconds: seconds)
        shop.clock += seconds
    }

    private mutating func decide(_ batch: [Command], withDue: Bool) throws(Broken) {
        let told = try world.run(batch, withDue: withDue)
        for (command, event) in zip(batch, told) {
            let known = command.id.map { shop.answers[$0.text] != nil } ?? false
            let (expected, answer) = (shop.serve(command), Self.words(for: event.happening, known: known))
            try promise(answer == expected, "\(command)\nthe core: \(answer)\nthe shop: \(expected)")
            answers.insert(answer)
        }
        let expired = told.dropFirst(batch.count).map { event in
            "\(event.happening.token!) \(Self.words(for: event.happening, known: false))"
        }
        let expected = withDue ? shop.sweep() : []
        try promise(expired == expected, "the core: \(expired)\nthe shop: \(expected)")
        if !expired.isEmpty { answers.insert("expired") }
        try compareRows()
    }

    // MARK: What may be asked

    private mutating func nextCommand() -> Command {
        // Retries come soon, as a rule.
        let again = random.chance(60) ? sent.suffix(4) : sent[...]
        if let command = again.randomElement(using: &random), random.chance(18) { return command }
        let command = freshCommand()
        sent.append(command)
        return command
    }

    private mutating func freshCommand() -> Command {
        let sku = Self.skus.randomElement(using: &random)!
        let token = Token("token-\(Int.random(in: 1...7, using: &random))")!
        // A few ids are used for several commands, which is a conflict.
        let name = "c\(random.chance(8) ? 0 : sent.count + 1)"
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40:
            let buyer = Self.buyers.randomElement(using: &random)!
            return submit(token, sku, Int64.random(in: 1...3, using: &random), by: buyer)
        case 40..<60: return confirm(token, known(token) ?? sku, id: name)
        case 60..<75: return cancel(token, known(token) ?? sku, id: name)
        case 75..<87:
            let limit = random.chance(50) ? nil : Int64.random(in: 1...3, using: &random)
            return define(
                sku, stocked: Int64.random(in: 0...4, using: &random),
                hold: [0, 5, 10].randomElement(using: &random)!, limit: limit, id: name)
        default: return adjust(sku, by: delta(), id: name)
        }
    }

    /// Mostly the SKU of the token's intent, for a change of a stranger is soon told.
    private mutating func known(_ token: Token) -> SKU? {
        random.chance(90) ? world.intents[token]?.sku : nil
    }

    private mutating func delta() -> Int64 {
        let extremes = [StockLimit.delta.upperBound, StockLimit.delta.lowerBound]
        return random.chance(5)
            ? extremes.randomElement(using: &random)!
            : [-2, -1, 1, 2].randomElement(using: &random)!
    }

    // MARK: What both sides say

    private static func words(for happening: Happening, known: Bool) -> String {
        switch happening {
        case .intent(let intent, _, _): words(for: intent)
        case .shortfall: "refused shortfall"
        case .conflict: "conflict"
        case .defined: "defined"
        case .adjusted: "adjusted"
        case .extended: "extended"
        case .returned: "returned"
        case .crossed(let crossing, _): crossing.rawValue
        case .order: "?"
        case .answered(.submit, _, _, let result):
            if case .intent(let intent) = result.subject { "known \(words(for: intent))" } else { "?" }
        case .answered(let kind, _, _, let result):
            (known ? "again: " : "") + words(for: result, of: kind)
        }
    }

    private static func words(for intent: Intent) -> String {
        intent.state.rawValue + (intent.reason.map { " \($0.rawValue)" } ?? "")
    }

    private static func words(for result: CommandResult, of kind: CommandKind) -> String {
        switch (result.verdict, kind) {
        case (.unchanged, _): "unchanged"
        case (.refused(let refusal), _): "refused \(refusal.rawValue)"
        case (.done, .confirm): "confirmed"
        case (.done, .cancel): "cancelled"
        case (.done, .define): "defined"
        case (.done, .extend): "extended"
        case (.done, .adjust): "adjusted"
        case (.done, _): "?"
        }
    }

    private func compareRows() throws(Broken) {
        let orders = world.intents.map { token, intent in
            (
                token.text,
                Shop.Order(
                    sku: intent.sku.text, units: intent.quantity.units, buyer: Array(intent.buyer.text.utf8),
                    status: Self.words(for: intent),
                    deadline: intent.holdUntil.map { $0.microseconds / 1_000_000 })
            )
        }
        try promise(
            Dictionary(uniqueKeysWithValues: orders) == shop.orders, "intents: \(orders) and \(shop.orders)")
        try promise(world.stocks.count == shop.items.count, "another number of SKUs")
        for (sku, row) in world.stocks {
            let item = Shop.Item(
                stocked: row.stocked, hold: row.policy.holdSeconds, limit: row.policy.maxPerIntent,
                changes: row.version)
            try promise(
                item == shop.items[sku.text], "\(row) and \(String(describing: shop.items[sku.text]))")
            try promise(row.available == shop.left(sku.text), "\(row): available")
        }
        try promise(Set(world.results.keys.map(\.text)) == Set(shop.answers.keys), "another set of ids")
    }
}
