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
