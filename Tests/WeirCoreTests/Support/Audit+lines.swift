import WeirCore

// What the audit of a decision says about lines, thresholds and rows.

extension Audit {
    /// Nobody is served before his turn, and no newcomer while anyone stands in line.
    func checkTurn(_ intent: Intent, from: IntentState?) throws(Broken) {
        let line = line(of: intent.sku)
        guard let from else {
            let isTaken = intent.state == .reserved || intent.state == .confirmed
            if isTaken, !line.isEmpty {
                let own = intent.replaces.flatMap { before(of: $0) }
                try promise(
                    own?.state == .reserved && intent.quantity.units <= own?.quantity.units ?? 0,
                    "\(intent.token) was served while others stand in line")
            }
            if intent.state == .waitlisted || intent.state == .backordered {
                try promise(
                    intent.place == stocks[intent.sku]!.lastPlace + 1, "\(intent.token): its place in line")
            }
            return
        }
        guard from == .waitlisted || from == .backordered, intent.state != .cancelled else { return }
        try promise(line.first?.token == intent.token, "\(intent.token) was served before its turn")
    }

    /// No unit lies idle that the first in line could have.
    func checkLines(_ decision: Decision) throws(Broken) {
        for stock in stocks.values where !decision.unserved.contains(stock.sku) {
            guard let first = line(of: stock.sku).first else { continue }
            try promise(
                first.quantity.units > max(0, stock.available - stock.policy.safetyStock),
                "\(stock.sku): \(first.token) could be served: \(stock)")
        }
    }

    private func line(of sku: SKU) -> [Intent] {
        let waiting = intents.values.filter {
            $0.sku == sku && ($0.state == .waitlisted || $0.state == .backordered)
        }
        return waiting.sorted {
            $0.state == $1.state ? $0.place! < $1.place! : $0.state == .backordered
        }
    }

    /// The intent as it was before the step that cancelled it.
    private func before(of token: Token) -> Intent? { replaced[token] }

    // MARK: Thresholds

    /// A step begins, unless an intent takes the place of the one that the last event cancelled `unasked`.
    mutating func beginStep(_ happening: Happening, unasked: Bool) throws(Broken) {
        guard let sku = happening.sku else { return }
        if case .intent(let intent, nil, _) = happening, let older = intent.replaces, older == released {
            released = nil
            return
        }
        released = nil
        if case .intent(let intent, _, _) = happening, intent.state == .cancelled, unasked {
            released = intent.token
            replaced[intent.token] = intents[intent.token]
        }
        try promise(untold[sku]?.isEmpty ?? true, "\(sku): \(untold[sku] ?? []) was not told at once")
        baseline[sku] = stocks[sku]
    }

    mutating func noteCrossings(_ sku: SKU) {
        guard let old = baseline[sku], let new = stocks[sku] else { return }
        func offered(_ stock: Stock) -> Int64 {
            stock.waitlisted + stock.backordered > 0
                ? 0 : max(0, stock.available - stock.policy.safetyStock)
        }
        func isLow(_ stock: Stock) -> Bool { stock.policy.lowStockAt.map { offered(stock) <= $0 } ?? false }
        var crossings: [Crossing] = []
        if isLow(new), !isLow(old) { crossings.append(.lowStock) }
        if offered(old) > 0, offered(new) == 0 { crossings.append(.soldOut) }
        if offered(old) == 0, offered(new) > 0 { crossings.append(.backInStock) }
        untold[sku] = crossings
    }

    // MARK: Rows

    /// Each counter of a SKU is the sum of the intents in its state.
    static func checkRows(of world: World) throws(Broken) {
        var sums: [SKU: [IntentState: Int64]] = [:]
        var buyers: [BuyerKey: Int64] = [:]
        for intent in world.intents.values {
            let units = intent.quantity.units - intent.returned
            sums[intent.sku, default: [:]][intent.state, default: 0] += units
            if world.stocks[intent.sku]?.countsBuyers == true,
                [.reserved, .confirmed, .waitlisted, .backordered].contains(intent.state)
            {
                buyers[BuyerKey(intent.sku, intent.buyer), default: 0] += units
            }
            try promise(
                (intent.holdUntil != nil) == (intent.state == .reserved), "\(intent.token): deadline")
            try promise((intent.reason != nil) == (intent.state == .rejected), "\(intent.token): reason")
            try promise(intent.returned == 0 || intent.state != .reserved, "\(intent.token): returned")
        }
        for stock in world.stocks.values {
            let of = sums[stock.sku] ?? [:]
            try promise(stock.isBalanced, "\(stock.sku) is not balanced: \(stock)")
            try promise(stock.held == of[.reserved] ?? 0, "\(stock.sku): held is not the reserved")
            try promise(stock.sold == of[.confirmed] ?? 0, "\(stock.sku): sold is not the confirmed")
            try promise(stock.waitlisted == of[.waitlisted] ?? 0, "\(stock.sku): waitlisted")
            try promise(stock.backordered == of[.backordered] ?? 0, "\(stock.sku): backordered")
        }
        try promise(
            world.totals.filter { $0.value != 0 } == buyers, "buyers' totals: \(world.totals) and \(buyers)")
    }
}
