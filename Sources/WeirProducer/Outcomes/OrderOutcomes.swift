import WeirCore

extension Happening {
    /// The order as it stands after the event, if it is about one.
    package var shownOrder: Order? {
        guard case .order(let told) = self else { return nil }
        switch told {
        case .state(let order, _), .shortfall(let order), .told(let order): return order
        case .answered(_, _, _, let result):
            if case .order(let order) = result.subject { return order }
            return nil
        case .part, .inquired, .conflict: return nil
        }
    }
}

extension Token {
    /// The name under which somebody waits for an order: intents and orders have names of their own kinds.
    package var ofOrder: Token { Token(unchecked: "/\(text)") }
}
