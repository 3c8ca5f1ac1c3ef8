// The line: strictly first come, first served. Whom units are promised comes before the waitlist; within each the
// place counts. While anyone stands in line no newcomer gets a unit.

/// How far a SKU's line has been served in a batch.
struct Turns {
    /// Those of the snapshot's line that had their turn or left.
    var served = 0
    /// Who joined in this batch, in order, and how many of them had their turn or left.
    var promised: [Token] = []
    var servedPromised = 0
    var waiting: [Token] = []
    var servedWaiting = 0
}

extension Desk {
    /// A wish joins the line.
    mutating func join(_ state: IntentState, _ submit: Submit, _ stock: Stock) {
        var intent = submit.decided(state, at: now)
        intent.place = stock.lastPlace + 1
        if state == .backordered { intent.availableFrom = stock.policy.availableFrom }
        if state == .backordered {
            turns[submit.sku, default: Turns()].promised.append(submit.token)
        } else {
            turns[submit.sku, default: Turns()].waiting.append(submit.token)
        }
        enter(intent, from: nil, stock)
    }

    /// Gives free units to those in line, as far as they reach for the first of it.
    mutating func serveLine(of sku: SKU) {
        while let stock = stock(of: sku), stock.hasLine, stock.grantable > 0 {
            guard grantsLeft > 0 else {
                if !unserved.contains(sku) { unserved.append(sku) }
                return
            }
            switch nextInLine(of: sku) {
            case .intent(let intent):
                // Nobody is passed over, also not one who wants more than there is.
                guard intent.units <= stock.grantable else { return }
                grant(intent, stock)
            case .nobody: return
            case .unknown: return lack(line: sku, stock)
            }
        }
    }

    /// Asks for more of a line; when others need as much already as a batch should read, it is left to the next.
    private mutating func lack(line sku: SKU, _ stock: Stock) {
        let known = snapshot.lines[sku]?.intents.count ?? 0
        let wanted = known + Int(clamping: min(stock.grantable, Int64(grantLimit)))
        var others = 0
        for (other, line) in snapshot.lines where other != sku { others += line.intents.count }
        for (other, count) in lacking.lines where other != sku { others += count }
        if others > 0, others + wanted > 2 * grantLimit {
            if !unserved.contains(sku) { unserved.append(sku) }
        } else {
            lacking.lines[sku] = max(lacking.lines[sku] ?? 0, wanted)
        }
    }

    private mutating func grant(_ intent: Intent, _ stock: Stock) {
        grantsLeft -= 1
        var granted = intent
        let isFinal = stock.policy.holdSeconds == 0
        granted.state = isFinal ? .confirmed : .reserved
        granted.holdUntil = isFinal ? nil : now.adding(seconds: stock.policy.holdSeconds)
        granted.grantedAt = now
        enter(granted, from: intent.state, stock, unasked: true)
    }

    private enum Next {
        case intent(Intent)
        case nobody
        /// The snapshot does not hold the line as far as it would have to be known.
        case unknown
    }

    private mutating func nextInLine(of sku: SKU) -> Next {
        let known = snapshot.lines[sku]
        let isWhole = known?.isWhole ?? !(snapshot.stocks[sku]?.hasLine ?? false)
        var turns = self.turns[sku] ?? Turns()
        defer { self.turns[sku] = turns }
        // Who left the line in this batch is passed by.
        func skip(_ tokens: [Token], from position: inout Int, as state: IntentState) -> Intent? {
            while position < tokens.count {
                if let intent = intent(tokens[position]), intent.state == state { return intent }
                position += 1
            }
            return nil
        }
        func skipKnown(as state: IntentState) -> Intent? {
            guard let known else { return nil }
            while turns.served < known.intents.count {
                let listed = known.intents[turns.served]
                guard listed.state == state else { return nil }
                if let intent = intent(listed.token), intent.state == state { return intent }
                turns.served += 1
            }
            return nil
        }
        if let intent = skipKnown(as: .backordered) { return .intent(intent) }
        let knowsAllPromised = isWhole || turns.served < (known?.intents.count ?? 0)
        guard knowsAllPromised else { return .unknown }
        if let intent = skip(turns.promised, from: &turns.servedPromised, as: .backordered) {
            return .intent(intent)
        }
        if let intent = skipKnown(as: .waitlisted) { return .intent(intent) }
        guard isWhole else { return .unknown }
        return skip(turns.waiting, from: &turns.servedWaiting, as: .waitlisted).map(Next.intent) ?? .nobody
    }
}
