import WeirCore

/// Follows one intent through the log.
public struct IntentTrail: Sendable {
    /// The intent after the last event; nil before its decision.
    public private(set) var image: Intent?
    private let horizon: Timestamp?

    /// An intent before its decision, or as a checkpoint shows it.
    ///
    /// - Parameter horizon: the moment before which tokens may have been forgotten although the log still told that
    ///   somebody paid too late; nil when none was.
    public init(from image: Intent? = nil, horizon: Timestamp? = nil) {
        self.image = image
        self.horizon = horizon
    }

    /// Checks the next event about the intent; returns what is wrong with it, or nil.
    public mutating func follow(_ happening: Happening) -> String? {
        switch happening {
        case .conflict, .answered, .defined, .adjusted, .crossed, .order: return nil
        case .shortfall(let intent, _):
            if intent == image || isForgotten(intent) { return nil }
            return "a shortfall shows another intent than the event before it"
        case .extended(let intent, _):
            defer { image = intent }
            var expected = image
            expected?.holdUntil = intent.holdUntil
            guard intent == expected, let before = image?.holdUntil, let after = intent.holdUntil else {
                return "a hold was extended that does not follow from the event before it"
            }
            return after > before ? nil : "a hold was extended to an earlier deadline"
        case .returned(let intent, let units, _):
            defer { image = intent }
            var expected = image
            expected?.returned += units
            return intent == expected && units > 0 ? nil : "units were returned that do not follow"
        case .intent(let intent, let from, _):
            defer { image = intent }
            guard let before = image else {
                return from == nil ? nil : "its first event says that it was \(from?.rawValue ?? "")"
            }
            guard let from else { return "it was decided a second time" }
            guard from == before.state else {
                return "an event says that it was \(from.rawValue), but it was \(before.state.rawValue)"
            }
            return intent.isSame(as: before) ? nil : "its payload or the time of its decision changed"
        }
    }

    /// Whether an expired intent is one that was pruned, and not the one that has its token now.
    private func isForgotten(_ intent: Intent) -> Bool {
        guard let horizon, intent.state == .expired else { return false }
        return intent.decidedAt < horizon && intent.decidedAt != image?.decidedAt
    }

    /// Checks the row of the table against the last image.
    public func finish(_ row: Intent?) -> String? {
        guard row != image else { return nil }
        guard let row else { return "the log decides the token, but it has no row" }
        guard let image else { return "the token has a row, but the log does not decide it" }
        return "the row is \(row.state.rawValue), but the log ends with \(image.state.rawValue)"
    }
}

extension Intent {
    /// Whether all that never changes is the same.
    fileprivate func isSame(as before: Intent) -> Bool {
        token == before.token && sku == before.sku && quantity == before.quantity && buyer == before.buyer
            && onShortage == before.onShortage && replaces == before.replaces && place == before.place
            && availableFrom == before.availableFrom && returned == before.returned
            && decidedAt == before.decidedAt && (before.grantedAt == nil || grantedAt == before.grantedAt)
    }
}
