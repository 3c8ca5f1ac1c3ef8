import WeirCore
import WeirWire

extension Happening {
    /// What happened, in words for a person.
    var inWords: String {
        switch self {
        case .intent(let intent, let from, let stock):
            var words =
                from.map { "from \($0.rawValue) to \(intent.inWords)" } ?? "decided: \(intent.inWords)"
            if let stock { words += "; \(stock.available) available after it" }
            return words
        case .shortfall(let intent, let stock):
            return "confirmed too late, with \(stock.available) available: the intent stays \(intent.inWords)"
        case .extended(let intent, _): return "the hold lasts longer: \(intent.inWords)"
        case .returned(let intent, let units, let stock):
            return "\(units) given back, \(intent.returned) in all; \(stock.available) available after it"
        case .conflict(_, let sku):
            return "somebody sent the token with another payload, for \(sku): refused, nothing changed"
        case .answered(let kind, let id, _, let result):
            return "the command \(kind.rawValue) \(printable(id)) changed nothing: \(result.inWords)"
        case .defined(let stock), .adjusted(let stock, _, _), .crossed(_, let stock):
            return "the stock of \(stock.sku)"
        case .order(let told): return "the order \(told.order) \(told.inWords)"
        }
    }
}

extension OrderHappening {
    /// What happened to the order, as the end of a sentence.
    fileprivate var inWords: String {
        switch self {
        case .state(let order, let from):
            return from.map { "went from \($0.rawValue) to \(order.state.rawValue)" }
                ?? "is \(order.state.rawValue)"
        case .shortfall: return "was confirmed too late, and not every line can be taken again"
        case .part(let answer):
            return "has an answer of partition \(answer.partition): "
                + (answer.isComplete ? "its lines follow" : "\(answer.shortages.count) lines are short")
        case .inquired(let inquiry): return "is asked about by partition \(inquiry.partition)"
        case .told(let order): return "is told once more: \(order.state.rawValue)"
        case .conflict: return "came with another payload: refused, nothing changed"
        case .answered(let kind, let id, _, let result):
            return "was not changed by the command \(kind.rawValue) \(printable(id)): \(result.inWords)"
        }
    }
}

extension Intent {
    var inWords: String {
        var words = state.rawValue
        if let reason { words += " (\(reason.rawValue))" }
        words += ", \(quantity.units) of \(sku) for \(printable(buyer.text))"
        if let holdUntil { words += ", held until \(holdUntil.rfc3339)" }
        if let place, state == .waitlisted || state == .backordered { words += ", place \(place)" }
        if let replaces { words += ", in place of \(replaces)" }
        return words
    }
}

extension CommandResult {
    fileprivate var inWords: String {
        let words =
            switch verdict {
            case .done: "done"
            case .unchanged: "it was so already"
            case .refused(let refusal): "refused, \(refusal.rawValue)"
            }
        return isReplayed ? "\(words) (its id was known: the same answer again)" : words
    }
}
