import WeirCore

/// Follows one SKU through the log: each image must follow from the one before, and the last one must be the row.
public struct StockTrail: Sendable {
    private var image: Stock?

    /// A SKU before its first event.
    public init() {}

    /// Checks the next event about the SKU; returns what is wrong with it, or nil.
    public mutating func follow(_ happening: Happening) -> String? {
        switch happening {
        case .conflict, .answered: return nil
        case .intent(let intent, let from, nil):
            let isRejection = from == nil && intent.state == .rejected
            return image == nil && isRejection ? nil : "intent \(intent.token) carries no stock"
        case .intent(let intent, let from, let stock?):
            guard var expected = image else {
                return "intent \(intent.token) came before its SKU was defined"
            }
            guard let move = Self.move(from: from, to: intent.state) else {
                return
                    "intent \(intent.token) went from \(from?.rawValue ?? "queued") to \(intent.state.rawValue)"
            }
            if let (source, target) = move { expected.move(intent.quantity, from: source, to: target) }
            return check(stock, against: expected)
        case .shortfall(_, let stock):
            guard let image else { return "a shortfall came before its SKU was defined" }
            return check(stock, against: image)
        case .defined(let stock):
            var expected = image ?? Stock(defining: stock.sku, stocked: stock.stocked, policy: stock.policy)
            if image != nil { expected.version += 1 }
            expected.policy = stock.policy
            return check(stock, against: expected)
        case .adjusted(let stock, let delta, _):
            guard var expected = image else { return "an adjustment came before its SKU was defined" }
            expected.stocked += delta
            expected.available += delta
            expected.version += 1
            return check(stock, against: expected)
        }
    }

    /// Checks the row of the table against the last image.
    public func finish(_ row: Stock?) -> String? {
        guard row != image else { return nil }
        guard let row else { return "the log defines the SKU, but it has no row" }
        guard let image else { return "the SKU has a row, but the log does not define it" }
        return "the row is \(row.counters), but the log ends with \(image.counters)"
    }

    /// Which units an intent moves; nil where there is no such way, `.some(nil)` where it moves none.
    private static func move(
        from: IntentState?, to state: IntentState
    ) -> (WritableKeyPath<Stock, Int64>, WritableKeyPath<Stock, Int64>)?? {
        switch (from, state) {
        case (nil, .rejected): .some(nil)
        case (nil, .reserved): (\.available, \.held)
        case (nil, .confirmed), (.expired, .confirmed): (\.available, \.sold)
        case (.reserved, .confirmed): (\.held, \.sold)
        case (.reserved, .cancelled), (.reserved, .expired): (\.held, \.available)
        case (.confirmed, .cancelled): (\.sold, \.available)
        default: nil
        }
    }

    private mutating func check(_ stock: Stock, against expected: Stock) -> String? {
        // An intent's event carries counters only; the policy stays as it was defined.
        var stock = stock
        stock.policy = expected.policy
        image = stock
        guard stock.isBalanced else { return "the image \(stock.counters) is out of balance" }
        return stock == expected
            ? nil : "the image is \(stock.counters), but \(expected.counters) follows from the one before"
    }
}

/// Follows one intent through the log.
public struct IntentTrail: Sendable {
    private var image: Intent?

    /// An intent before its decision.
    public init() {}

    /// Checks the next event about the intent; returns what is wrong with it, or nil.
    public mutating func follow(_ happening: Happening) -> String? {
        switch happening {
        case .conflict, .answered, .defined, .adjusted: return nil
        case .shortfall(let intent, _):
            return intent == image ? nil : "a shortfall shows another intent than the event before it"
        case .intent(let intent, let from, _):
            defer { image = intent }
            guard let before = image else {
                return from == nil ? nil : "its first event says that it was \(from?.rawValue ?? "")"
            }
            guard let from else { return "it was decided a second time" }
            guard from == before.state else {
                return "an event says that it was \(from.rawValue), but it was \(before.state.rawValue)"
            }
            let isSame =
                before.token == intent.token && before.sku == intent.sku
                && before.quantity == intent.quantity && before.buyer == intent.buyer
                && before.decidedAt == intent.decidedAt
            return isSame ? nil : "its payload or the time of its decision changed"
        }
    }

    /// Checks the row of the table against the last image.
    public func finish(_ row: Intent?) -> String? {
        guard row != image else { return nil }
        guard let row else { return "the log decides the token, but it has no row" }
        guard let image else { return "the token has a row, but the log does not decide it" }
        return "the row is \(row.state.rawValue), but the log ends with \(image.state.rawValue)"
    }
}

extension Stock {
    var counters: String {
        "stocked \(stocked), available \(available), held \(held), sold \(sold), version \(version)"
    }
}
