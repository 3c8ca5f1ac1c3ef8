// The lines of an order that live in this partition. Their SKUs differ, so what one of them takes is nothing to another.

/// What became of an attempt to reserve the lines of one partition, all or none.
struct LinesOutcome {
    var shortages: [LineShortage] = []
    var holdSeconds = SKUPolicy.holdSecondsRange.upperBound
    var maxHoldSeconds = SKUPolicy.holdSecondsRange.upperBound
    var isComplete = true

    init() {}

    init(_ answer: PartAnswer) {
        shortages = answer.shortages
        holdSeconds = answer.holdSeconds
        maxHoldSeconds = answer.maxHoldSeconds
        isComplete = answer.isComplete
    }
}

extension Desk {
    /// Reserves the lines that live here, or none of them: what is not known yet is decided, what has expired is taken
    /// again. Lines that cannot be kept are written as rejected; lines that had expired stay so.
    mutating func reserveLines(of order: Order) -> LinesOutcome {
        var outcome = LinesOutcome()
        var lines: [(submit: Submit, intent: Intent?)] = []
        for (position, line) in order.lines.enumerated()
        where !line.isGivenUp && orders.isHome(line.sku) {
            let submit = Submit(
                token: order.lineToken(position + 1), sku: line.sku, quantity: line.quantity,
                buyer: order.buyer, onShortage: .reject)
            let intent = intent(submit.token)
            lines.append((submit, intent))
            if let policy = stock(of: line.sku)?.policy {
                outcome.holdSeconds = min(outcome.holdSeconds, policy.holdSeconds)
                outcome.maxHoldSeconds = min(outcome.maxHoldSeconds, policy.maxHoldSeconds ?? 0)
            }
            if let reason = shortage(submit, intent) {
                outcome.shortages.append(LineShortage(line: position + 1, reason: reason))
            }
        }
        outcome.isComplete = outcome.shortages.isEmpty
        for line in lines {
            if outcome.isComplete {
                hold(line.submit, line.intent)
            } else if line.intent == nil {
                let reason = outcome.shortages.first { order.lineToken($0.line) == line.submit.token }?.reason
                refuse(line.submit, reason ?? .orderIncomplete)
            }
        }
        return outcome
    }

    /// Why a line cannot be held; nil when it can, or is.
    private mutating func shortage(_ submit: Submit, _ intent: Intent?) -> RejectionReason? {
        switch intent?.state {
        case nil:
            guard let stock = stock(of: submit.sku) else { return .unknownSKU }
            if let reason = refusal(of: submit, stock) { return reason }
            return submit.quantity.units <= stock.offered ? nil : .soldOut
        case .expired:
            guard let stock = stock(of: submit.sku), submit.quantity.units <= stock.grantable else {
                return .soldOut
            }
            return mayHave(submit.quantity.units, submit.buyer, of: stock) ? nil : .buyerLimit
        case .reserved, .confirmed: return nil
        case .rejected: return intent?.reason ?? .orderIncomplete
        case .cancelled, .waitlisted, .backordered: return .orderIncomplete
        }
    }

    /// Sets a line's units aside. It gets no deadline: only its order ends it.
    private mutating func hold(_ submit: Submit, _ known: Intent?) {
        guard known == nil || known?.state == .expired, let stock = stock(of: submit.sku) else { return }
        var intent = known ?? submit.decided(.reserved, at: now)
        intent.state = .reserved
        enter(intent, from: known?.state, stock, unasked: true)
    }

    private mutating func refuse(_ submit: Submit, _ reason: RejectionReason) {
        var intent = submit.decided(.rejected, at: now)
        intent.reason = reason
        put(intent)
        tellEverybody(.intent(intent, from: nil, stock: stock(of: submit.sku)))
    }

    /// Brings the lines that live here to where their order is. `known` are lines that the image may not name.
    ///
    /// A line of an order that has ended is written as cancelled when it was not known: whatever comes later finds it
    /// decided.
    mutating func followLines(of order: Order, alsoKnown known: [Int] = []) {
        var followed: Set<Int> = []
        for (position, line) in order.lines.enumerated() where orders.isHome(line.sku) {
            followed.insert(position + 1)
            let token = order.lineToken(position + 1)
            if let intent = intent(token) {
                if let state = order.state(of: line) { follow(intent, to: state) }
            } else if order.state.endsLines {
                let submit = Submit(
                    token: token, sku: line.sku, quantity: line.quantity, buyer: order.buyer,
                    onShortage: .reject)
                let intent = submit.decided(.cancelled, at: now)
                put(intent)
                tellEverybody(.intent(intent, from: nil, stock: stock(of: line.sku)))
            }
        }
        guard order.state.endsLines else { return }
        for number in known where !followed.contains(number) {
            if let intent = intent(order.lineToken(number)) { follow(intent, to: .cancelled) }
        }
    }

    /// One line takes the way that its order has taken; where there is none, it is there already.
    private mutating func follow(_ intent: Intent, to state: IntentState) {
        let target: IntentState
        switch (intent.state, state) {
        case (.reserved, .confirmed), (.reserved, .expired), (.reserved, .cancelled),
            (.confirmed, .cancelled):
            target = state
        case (.reserved, .rejected): target = .cancelled
        default: return
        }
        guard let stock = stock(of: intent.sku) else { return }
        var after = intent
        after.state = target
        enter(after, from: intent.state, stock, unasked: true)
        if target != .confirmed { serveLine(of: intent.sku) }
    }
}

extension OrderState {
    /// Whether no line of an order in this state has a unit.
    public var endsLines: Bool {
        switch self {
        case .cancelled, .expired, .rejected: true
        case .reserving, .reserved, .confirmed, .reclaiming: false
        }
    }
}
