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

    /// Some twenty batches of up to six commands; time passes between them. In every third history few of a line may
    /// be served in a batch.
    mutating func run() throws(Broken) {
        let grantLimit = random.chance(33) ? 2 : Line.grantLimit
        if random.chance(70) {
            let start = Self.skus.map { define($0, "start-\($0)") }
            try decide(start, withDue: false, grantLimit)
        }
        for _ in 0..<Int.random(in: 5...25, using: &random) {
            if random.chance(40) { pass(seconds: Int64.random(in: 0...12, using: &random)) }
            let size = Int.random(in: 0...6, using: &random)
            let batch = (0..<size).map { _ in nextCommand() }
            try decide(batch, withDue: random.chance(50), grantLimit)
        }
    }

    private mutating func pass(seconds: Int64) {
        world.now = world.now.adding(seconds: seconds)
        shop.clock += seconds
    }

    private mutating func decide(_ batch: [Command], withDue: Bool, _ grantLimit: Int) throws(Broken) {
        let known = Set(shop.answers.keys)
        shop.told = []
        shop.open(turns: grantLimit)
        for command in batch { shop.serve(command) }
        if withDue { shop.sweep() }
        var seen = known
        let told = try world.run(batch, withDue: withDue, grantLimit: grantLimit).map { event in
            guard let cause = event.cause else { return Self.news(of: event.happening) }
            let id = batch[cause].id?.text
            return Self.words(for: event.happening, known: id.map { !seen.insert($0).inserted } ?? false)
        }
        try promise(
            told == shop.told,
            "\(batch.map { "\($0)" }.joined(separator: "\n"))\nthe core: \(told)\nthe shop: \(shop.told)")
        answers.formUnion(told)
        try promise(
            world.unserved.map(\.text).sorted() == shop.postponed.sorted(),
            "left to the next batch: \(world.unserved) and \(shop.postponed)")
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
            let older = random.chance(15) ? Token("token-\(Int.random(in: 1...9, using: &random))") : nil
            let wish =
                Submit(
                    token: token, sku: sku, quantity: Quantity(Int64.random(in: 1...3, using: &random))!,
                    buyer: buyer,
                    onShortage: random.chance(20) ? ShortageRule.allCases.randomElement(using: &random) : nil,
                    replaces: older)
            // Now and then a wish is given up instead; without asking chance, which is needed elsewhere.
            return sent.count % 17 == 16 ? .discard(wish) : .submit(wish)
        case 40..<54: return confirm(token, known(token) ?? sku, id: name)
        case 54..<68:
            let part = random.chance(40) ? Quantity(Int64.random(in: 1...4, using: &random)) : nil
            return .cancel(
                IntentChange(id: id(name), token: token, sku: known(token) ?? sku, quantity: part))
        case 68..<76:
            let until = world.now.adding(seconds: Int64.random(in: -5...25, using: &random))
            return .extend(
                Extension(id: id(name), token: token, sku: known(token) ?? sku, holdUntil: until))
        case 76..<88: return define(sku, name)
        default: return adjust(sku, by: delta(), id: name)
        }
    }

    private mutating func define(_ sku: SKU, _ name: String) -> Command {
        func maybe(_ percent: Int, _ range: ClosedRange<Int64>) -> Int64? {
            random.chance(percent) ? Int64.random(in: range, using: &random) : nil
        }
        // Mostly one field more than before: a shop changes its mind bit by bit.
        var policy = random.chance(70) ? world.stocks[sku]?.policy ?? SKUPolicy() : SKUPolicy()
        policy.holdSeconds = [0, 5, 10, 10].randomElement(using: &random)!
        if random.chance(30) { policy.maxHoldSeconds = 25 }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: policy.maxPerIntent = maybe(50, 1...3)
        case 1: policy.maxPerBuyer = maybe(70, 1...5)
        case 2: policy.safetyStock = maybe(60, 1...2) ?? 0
        case 3: policy.lowStockAt = maybe(70, 0...3)
        case 4: policy.maxHoldSeconds = maybe(80, 15...40)
        case 5:
            policy.onSaleFrom = maybe(30, -10...10).map { world.now.adding(seconds: $0) }
            policy.onSaleUntil = maybe(30, 5...30).map { world.now.adding(seconds: $0) }
        default:
            policy.onShortage = ShortageRule.allCases.randomElement(using: &random)!
            policy.waitlistLimit = maybe(40, 0...8)
            policy.backorderLimit = maybe(90, 0...8)
            policy.availableFrom = maybe(30, 0...9).map { world.now.adding(seconds: $0) }
        }
        let match: VersionMatch? =
            random.chance(20)
            ? random.chance(30) ? .any : .exactly((world.stocks[sku]?.version ?? 1) + (maybe(30, 1...1) ?? 0))
            : nil
        return .define(
            Definition(
                id: id(name), sku: sku, stocked: Int64.random(in: 0...4, using: &random), policy: policy,
                ifVersion: match))
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

    /// What nobody asked for names whom it is about.
    private static func news(of happening: Happening) -> String {
        switch happening {
        case .crossed(let crossing, let stock): "\(stock.sku) \(crossing.rawValue)"
        default: "\(happening.token!) \(words(for: happening, known: false))"
        }
    }

    private static func words(for happening: Happening, known: Bool) -> String {
        switch happening {
        case .intent(let intent, _, _): words(for: intent)
        case .shortfall: "refused shortfall"
        case .conflict: "conflict"
        case .defined: "defined"
        case .adjusted: "adjusted"
        case .extended: "extended"
        case .returned(_, let units, _): "returned \(units)"
        case .crossed: "?"
        case .order: "?"
        case .answered(.submit, _, _, let result), .answered(.discard, _, _, let result):
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
        case (.done, .cancel):
            if case .intent(let intent) = result.subject, intent.state == .confirmed {
                "returned"
            } else {
                "cancelled"
            }
        case (.done, .extend): "extended"
        case (.done, .define): "defined"
        case (.done, .adjust): "adjusted"
        case (.done, _): "?"
        }
    }

    private func compareRows() throws(Broken) {
        let orders = world.intents.map { token, intent in
            (
                token.text,
                Shop.Order(
                    sku: intent.sku.text, units: intent.quantity.units - intent.returned,
                    buyer: Array(intent.buyer.text.utf8), status: Self.words(for: intent),
                    deadline: intent.holdUntil.map { $0.microseconds / 1_000_000 },
                    asked: intent.quantity.units, rule: intent.onShortage?.rawValue,
                    replaces: intent.replaces?.text,
                    since: (intent.grantedAt ?? intent.decidedAt).microseconds / 1_000_000,
                    place: intent.place)
            )
        }
        try promise(
            Dictionary(uniqueKeysWithValues: orders) == shop.orders, "intents: \(orders) and \(shop.orders)")
        try promise(world.stocks.count == shop.items.count, "another number of SKUs")
        for (sku, row) in world.stocks {
            let item = Shop.Item(
                stocked: row.stocked, policy: row.policy, changes: row.version, places: row.lastPlace)
            try promise(
                item == shop.items[sku.text], "\(row) and \(String(describing: shop.items[sku.text]))")
            try promise(row.available == shop.left(sku.text), "\(row): available")
        }
        try promise(Set(world.results.keys.map(\.text)) == Set(shop.answers.keys), "another set of ids")
    }
}
