import WeirCore

/// Follows the events of one decision from the rows before it, and compares where they lead with the rows
/// to write.
struct Audit {
    private let before: World
    private let commandCount: Int
    var stocks: [SKU: Stock]
    var intents: [Token: Intent]
    /// Thresholds that an image went through and that were not told yet, and the image they are seen from.
    var untold: [SKU: [Crossing]] = [:]
    var baseline: [SKU: Stock] = [:]
    /// The intent that the last event cancelled.
    var released: Token?
    /// Intents as they were before they were cancelled.
    var replaced: [Token: Intent] = [:]

    init(of commandCount: Int, before: World) {
        self.before = before
        self.commandCount = commandCount
        stocks = before.stocks
        intents = before.intents
    }

    func check(_ decision: Decision) throws(Broken) {
        try checkNumbering(decision)
        var copy = self
        for event in decision.events { try copy.follow(event.happening, unasked: event.cause == nil) }
        try promise(copy.untold.values.allSatisfy(\.isEmpty), "crossings were not told: \(copy.untold)")
        try copy.checkStocks(decision.stocks)
        try copy.checkIntents(decision)
        try checkResults(decision.results)
        try copy.checkLines(decision)
    }

    private func checkNumbering(_ decision: Decision) throws(Broken) {
        var (last, position) = (before.head, 0)
        for event in decision.events {
            last += 1
            try promise(event.seq == last, "seq \(event.seq) where \(last) was due")
            try promise(event.at == before.now, "seq \(last): another time than the snapshot's")
            guard let cause = event.cause else { continue }
            try promise(cause == position, "seq \(last): the event of command \(position) is missing")
            position += 1
        }
        try promise(decision.head == last, "head \(decision.head) after seq \(last)")
        try promise(position == commandCount, "command \(position) left no event")
    }

    // MARK: Each image follows from the one before

    private mutating func follow(_ happening: Happening, unasked: Bool) throws(Broken) {
        if case .crossed(let crossing, let stock) = happening {
            try promise(untold[stock.sku]?.first == crossing, "\(crossing) is told where it is not")
            try promise(stocks[stock.sku] == stock, "\(crossing): another image")
            untold[stock.sku]?.removeFirst()
            return
        }
        try beginStep(happening, unasked: unasked)
        switch happening {
        case .intent(let intent, let from, let stock):
            try checkStep(intent, from: from)
            try checkTurn(intent, from: from)
            try checkDelta(of: intent, from: from, image: stock)
            intents[intent.token] = intent
            if let stock { stocks[stock.sku] = stock }
        case .shortfall(let intent, let stock):
            try promise(intents[intent.token] == intent && intent.state == .expired, "shortfall: the intent")
            try promise(stocks[stock.sku] == stock, "shortfall: the stock is not as it was")
            let isShort = max(0, stock.available - stock.policy.safetyStock) < intent.quantity.units
            try promise(isShort || stock.policy.maxPerBuyer != nil, "shortfall where units are available")
        case .extended(let intent, let stock):
            try checkExtension(intent, stock)
            intents[intent.token] = intent
        case .returned(let intent, let units, let stock):
            try checkReturn(intent, units, stock)
            intents[intent.token] = intent
            stocks[stock.sku] = stock
        case .conflict(let token, _):
            try promise(intents[token] != nil, "conflict of an unknown token")
        case .answered(.submit, let token, _, let result), .answered(.discard, let token, _, let result):
            let known = intents[Token(unchecked: token)]
            try promise(
                known.map { CommandResult(.unchanged, .intent($0)).replayed() } == result,
                "\(token): repeated as \(result)")
        case .answered, .crossed, .order:
            break
        case .defined(let stock):
            var expected = stocks[stock.sku]
            expected?.policy = stock.policy
            if stock.policy.maxPerBuyer != nil { expected?.countsBuyers = true }
            expected?.version += 1
            try promise(expected != stocks[stock.sku] || expected == nil, "defined: nothing changed")
            try promise(
                stock == expected ?? Stock(defining: stock.sku, stocked: stock.stocked, policy: stock.policy),
                "defined: \(stock) does not follow")
            stocks[stock.sku] = stock
        case .adjusted(let stock, let delta, _):
            var expected = stocks[stock.sku]
            expected?.stocked += delta
            expected?.available += delta
            expected?.version += 1
            try promise(stock == expected, "adjusted: \(stock) does not follow by \(delta)")
            stocks[stock.sku] = stock
        }
        if let sku = happening.sku { noteCrossings(sku) }
    }

    private func checkStep(_ intent: Intent, from: IntentState?) throws(Broken) {
        let known = intents[intent.token]
        try promise(known?.state == from, "\(intent.token): came from \(String(describing: from))")
        try promise(
            Self.exits(of: from).contains(intent.state), "\(intent.token): no way to \(intent.state)")
        guard var expected = known else {
            return try promise(intent.decidedAt == before.now, "\(intent.token): decided at another time")
        }
        expected.state = intent.state
        expected.holdUntil = nil
        if let from, from == .waitlisted || from == .backordered, intent.state != .cancelled {
            expected.grantedAt = before.now
            let hold = stocks[intent.sku]!.policy.holdSeconds
            expected.holdUntil = hold == 0 ? nil : before.now.adding(seconds: hold)
            try promise((intent.state == .confirmed) == (hold == 0), "\(intent.token): granted otherwise")
        }
        try promise(intent == expected, "\(intent.token): more changed than the state")
    }

    /// The exits that stand in the picture of the design.
    private static func exits(of state: IntentState?) -> [IntentState] {
        switch state {
        case nil: [.reserved, .confirmed, .rejected, .waitlisted, .backordered]
        case .reserved: [.confirmed, .cancelled, .expired]
        case .confirmed: [.cancelled]
        case .expired: [.confirmed, .cancelled]
        case .waitlisted, .backordered: [.reserved, .confirmed, .cancelled]
        case .cancelled, .rejected: []
        }
    }

    /// The change of stock is explained by (state before, state, quantity); the version counts it.
    private func checkDelta(of intent: Intent, from: IntentState?, image: Stock?) throws(Broken) {
        guard var expected = stocks[intent.sku] else {
            return try promise(image == nil, "\(intent.token): an image of an unknown SKU")
        }
        let units = intent.quantity.units - intent.returned
        func count(_ state: IntentState?, _ sign: Int64) {
            switch state {
            case .reserved:
                (expected.held, expected.available) = (
                    expected.held + sign * units, expected.available - sign * units
                )
            case .confirmed:
                (expected.sold, expected.available) = (
                    expected.sold + sign * units, expected.available - sign * units
                )
            case .waitlisted: expected.waitlisted += sign * units
            case .backordered: expected.backordered += sign * units
            case nil, .cancelled, .expired, .rejected: break
            }
        }
        count(from, -1)
        count(intent.state, 1)
        if from == nil, let place = intent.place { expected.lastPlace = place }
        if expected != stocks[intent.sku] { expected.version += 1 }
        try promise(image == expected, "\(intent.token): the stock image does not follow: \(image!)")
        try promise(expected.isBalanced, "\(intent.sku) oversold: \(expected)")
    }

    private func checkExtension(_ intent: Intent, _ stock: Stock) throws(Broken) {
        var expected = intents[intent.token]
        try promise(expected?.state == .reserved, "\(intent.token): extended without a hold")
        try promise(expected?.holdUntil ?? before.now < intent.holdUntil ?? before.now, "not extended")
        expected?.holdUntil = intent.holdUntil
        try promise(intent == expected && stocks[stock.sku] == stock, "\(intent.token): extended otherwise")
        let longest = (intent.grantedAt ?? intent.decidedAt).adding(seconds: stock.policy.maxHoldSeconds ?? 0)
        try promise(intent.holdUntil! <= longest, "\(intent.token): extended beyond the policy")
    }

    private func checkReturn(_ intent: Intent, _ units: Int64, _ stock: Stock) throws(Broken) {
        var (expected, moved) = (intents[intent.token], stocks[intent.sku])
        try promise(expected?.state == .confirmed && units > 0, "\(intent.token): returned unsold")
        expected?.returned += units
        moved?.sold -= units
        moved?.available += units
        moved?.version += 1
        try promise(intent == expected && stock == moved, "\(intent.token): returned otherwise")
        try promise(intent.returned < intent.quantity.units, "\(intent.token): returned as a whole")
    }

    // MARK: The last images are the rows

    private func checkStocks(_ changes: [StockChange]) throws(Broken) {
        var rows = before.stocks
        for change in changes {
            let sku = change.after.sku
            let known = before.stocks[sku]
            try promise(change.versionBefore == known?.version, "\(sku): version before")
            try promise(rows[sku] != change.after, "\(sku): written twice or without a change")
            try promise(
                change.changesPolicy == (known != nil && known?.policy != change.after.policy),
                "\(sku): whether its policy changed")
            rows[sku] = change.after
        }
        try promise(rows == stocks, "the stock rows are not the last images")
        try promise(isAscending(changes.map(\.after.sku)), "stock rows out of order")
    }

    private func checkIntents(_ decision: Decision) throws(Broken) {
        var rows = before.intents
        for intent in decision.decided {
            try promise(rows[intent.token] == nil, "\(intent.token): decided again")
            rows[intent.token] = intent
        }
        for transition in decision.changed {
            let token = transition.after.token
            try promise(transition.stateBefore == before.intents[token]?.state, "\(token): state before")
            rows[token] = transition.after
        }
        try promise(rows == intents, "the intent rows are not the last images")
        try promise(isAscending(decision.decided.map(\.token)), "decided out of order")
        try promise(isAscending(decision.changed.map(\.after.token)), "changed out of order")
        try promise(isAscending(decision.buyers.map(\.key)), "buyers out of order")
        try promise(decision.buyers.allSatisfy { $0.units != 0 }, "a buyer's claim changed by nothing")
    }

    private func checkResults(_ results: [StoredResult]) throws(Broken) {
        for result in results {
            try promise(before.results[result.id] == nil, "\(result.id): a known id is stored again")
        }
        try promise(isAscending(results.map(\.id)), "results out of order")
    }
}

/// Whether each value is greater than the one before: in order, and none of them twice.
private func isAscending(_ values: [some Comparable]) -> Bool {
    zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
}
