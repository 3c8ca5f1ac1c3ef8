import WeirCore

/// What the buyers' own records say about the promises, held against what the server shows in the end.
struct RushChecks: Sendable {
    /// One promise, seen from outside.
    struct Check: Sendable, Hashable {
        let name: String
        let title: String
        var checked = 0
        var problems: [String] = []
        var broken = 0

        init(_ name: String, _ title: String) {
            self.name = name
            self.title = title
        }

        mutating func note(_ problem: String?) {
            checked += 1
            guard let problem else { return }
            broken += 1
            if problems.count < 5 { problems.append(problem) }
        }
    }

    /// How many intents ended in each state.
    private(set) var finals: [IntentAnswer.Status: Int] = [:]
    /// Intents that the server has, whose buyers were told at first that nothing is left: the answer to an earlier
    /// request was lost, and the request was still on its way.
    private(set) var unheard = 0
    private var outcomes = Check("accepted_means_decided", "every accepted token has an outcome")
    private var once = Check("once", "no token has two outcomes")
    private var payloads = Check("payload", "a known token with another payload is refused")
    private var stock = Check(
        "never_oversold", "no SKU has more units held and sold than it was stocked with")
    private var sums = Check("sums", "units held and sold are those of the tokens that hold them")
    private var units: [String: (held: Int64, sold: Int64)] = [:]

    /// The checks, in the order in which they are shown.
    var checks: [Check] { [outcomes, once, payloads, stock, sums] }
    /// Whether every one holds.
    var holds: Bool { checks.allSatisfy { $0.broken == 0 } }

    /// Looks at one buyer's record and the state that the server shows now.
    mutating func look(at record: RushRecord, of buyer: RushPlan.Buyer, _ final: IntentAnswer?) {
        let shown = final.map(RushRecord.Shown.init)
        if record.isAccepted {
            let hasOutcome = shown?.status.isSettled ?? false
            outcomes.note(hasOutcome ? nil : "\(buyer.token) was accepted but has no outcome")
            if hasOutcome { once.note(record.contradiction(to: shown).map { "\(buyer.token) \($0)" }) }
        }
        if record.wrongPayloadsSent > 0 {
            payloads.note(
                record.wrongPayloadsTaken == 0 ? nil : "\(buyer.token) was taken with another quantity")
        }
        guard let final else { return }
        if !record.isAccepted { unheard += 1 }
        finals[final.status, default: 0] += 1
        switch final.status {
        case .reserved: units[buyer.item.sku, default: (0, 0)].held += buyer.quantity
        case .confirmed: units[buyer.item.sku, default: (0, 0)].sold += buyer.quantity
        default: break
        }
    }

    /// Looks at one SKU after everything has come to rest.
    mutating func look(at item: RushPlan.Item, _ found: Stock) {
        let isSound =
            found.stocked == item.stocked && found.held + found.sold <= item.stocked && found.available >= 0
            && found.available + found.held + found.sold == found.stocked
        let numbers =
            "stocked \(found.stocked), held \(found.held), sold \(found.sold), available \(found.available)"
        stock.note(isSound ? nil : "\(item.sku) was stocked with \(item.stocked): \(numbers)")
        let own = units[item.sku] ?? (0, 0)
        sums.note(
            own == (found.held, found.sold)
                ? nil : "\(item.sku): \(numbers), but its tokens hold \(own.held) and have bought \(own.sold)"
        )
    }
}
