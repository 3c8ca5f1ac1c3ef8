import WeirCore

/// Follows the events of one decision from the rows before it, and compares where they lead with the rows
/// to write.
struct Audit {
    private let before: World
    private let commandCount: Int
    private var stocks: [SKU: Stock]
    private var intents: [Token: Intent]

    init(of commandCount: Int, before: World) {
        self.before = before
        self.commandCount = commandCount
        stocks = before.stocks
        intents = before.intents
    }

    func check(_ decision: Decision) throws(Broken) {
        try checkNumbering(decision)
        var copy = self
        for event in decision.events { try copy.follow(event.happening) }
        try copy.checkStocks(decision.stocks)
        try copy.checkIntents(decision)
        try checkResults(decision.results)
    }

    /// Units held are those of the reserved intents, units sold those of the confirmed ones.
    static func checkRows(of world: World) throws(Broken) {
        var (held, sold): ([SKU: Int64], [SKU: Int64]) = ([:], [:])
        for intent in world.intents.values {
            if intent.state == .reserved { held[intent.sku, default: 0] += intent.quantity.units }
            if intent.state == .confirmed { sold[intent.sku, default: 0] += intent.quantity.units }
            try promise(
                (intent.holdUntil != nil) == (intent.state == .reserved), "\(intent.token): deadline")
            try promise((intent.reason != nil) == (intent.state == .rejected), "\(intent.token): reason")
        }
        for stock in world.stocks.values {
            try promise(stock.isBalanced, "\(stock.sku) is not balanced: \(stock)")
            try promise(stock.held == held[stock.sku, default: 0], "\(stock.sku): held is not the reserved")
            try promise(stock.sold == sold[stock.sku, default: 0], "\(stock.sku): sold is not the confirmed")
        }
    }

    private func checkNumbering(_ decision: Decision) throws(Broken) {
        var (last, position) = (before.head, 0)
        for event in decision.events {
            last += 1
            try promise(event.seq == last, "seq \(event.seq) where \(last) was due")
            try promise(event.at == before.now, "seq \(last): another time than the snapshot's")
            if position < commandCount {
                try promise(
                    event.cause == position, "seq \(last): the event of command \(position) is missing")
                position += 1
            } else {
                try promise(event.cause == nil, "seq \(last): a second event of a command")
            }
        }
        try promise(decision.head == last, "head \(decision.head) after seq \(last)")
        try promise(position == commandCount, "command \(position) left no event")
    }

    // MARK: Each image follows from the one before

    private mutating func follow(_ happening: Happening) throws(Broken) {
        switch happening {
        case .intent(let intent, let from, let stock):
            try checkStep(intent, from: from)
            try checkDelta(of: intent, from: from, image: stock)
            intents[intent.token] = intent
            if let stock { stocks[stock.sku] = stock }
        case .shortfall(let intent, let stock):
            try promise(intents[intent.token] == intent && intent.state == .expired, "shortfall: the intent")
            try promise(stocks[stock.sku] == stock, "shortfall: the stock is not as it was")
            try promise(stock.available < intent.quantity.units, "shortfall where units are available")
        case .conflict(let token, _):
            try promise(intents[token] != nil, "conflict of an unknown token")
        case .answered(.submit, let token, _, let result):
            let known = intents[Token(unchecked: token)]
            try promise(
                known.map { CommandResult(.unchanged, .intent($0)).replayed() } == result,
                "\(token): repeated as \(result)")
        case .answered, .extended, .returned, .crossed, .order:
            break
        case .defined(let stock):
            var expected = stocks[stock.sku]
            expected?.policy = stock.policy
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
        try promise(intent == expected, "\(intent.token): more changed than the state")
    }

    /// The exits that stand in the picture of the design.
    private static func exits(of state: IntentState?) -> [IntentState] {
        switch state {
        case nil: [.reserved, .confirmed, .rejected]
        case .reserved: [.confirmed, .cancelled, .expired]
        case .confirmed: [.cancelled]
        case .expired: [.confirmed]
        case .cancelled, .rejected, .waitlisted, .backordered: []
        }
    }

    /// The change of stock is explained by (state before, state, quantity); the version counts it.
    private func checkDelta(of intent: Intent, from: IntentState?, image: Stock?) throws(Broken) {
        guard var expected = stocks[intent.sku] else {
            return try promise(image == nil, "\(intent.token): an image of an unknown SKU")
        }
        let units = intent.quantity.units
        func claim(_ state: IntentState?) -> (held: Int64, sold: Int64) {
            (held: state == .reserved ? units : 0, sold: state == .confirmed ? units : 0)
        }
        let (old, new) = (claim(from), claim(intent.state))
        expected.held += new.held - old.held
        expected.sold += new.sold - old.sold
        expected.available -= new.held + new.sold - old.held - old.sold
        if expected != stocks[intent.sku] { expected.version += 1 }
        try promise(image == expected, "\(intent.token): the stock image does not follow: \(image!)")
        try promise(expected.isBalanced, "\(intent.sku) oversold: \(expected)")
    }

    // MARK: The last images are the rows

    private func checkStocks(_ changes: [StockChange]) throws(Broken) {
        var rows = before.stocks
        for change in changes {
            let sku = change.after.sku
            try promise(change.versionBefore == before.stocks[sku]?.version, "\(sku): version before")
            try promise(rows[sku] != change.after, "\(sku): written twice or without a change")
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
