import WeirCore
import WeirPipeline

// What the logs say about policies: whoever was taken was permitted to be, by the policy of that moment.

extension Simulation {
    /// Every outcome of the logs was permitted by the policy that was in force.
    func checkPolicies() -> [String] {
        var (policies, found) = ([SKU: SKUPolicy](), [String]())
        for (partition, log) in database.logs.sorted(by: { $0.key < $1.key }) {
            for event in log {
                guard let happening = try? Happening(type: event.type, body: event.body) else { continue }
                if case .defined(let stock) = happening { policies[stock.sku] = stock.policy }
                guard let policy = happening.sku.flatMap({ policies[$0] }),
                    let flaw = Self.flaw(of: happening, policy)
                else { continue }
                found.append("policy: event \(partition)-\(event.seq): \(flaw)")
            }
        }
        return found
    }

    private static func flaw(of happening: Happening, _ policy: SKUPolicy) -> String? {
        switch happening {
        case .intent(let intent, let from, let stock?) where from == nil || from?.isInLine == true:
            guard intent.state.counts else { return nil }
            return (from == nil ? newcomer(intent, stock, policy) : nil) ?? held(intent, stock, policy)
        case .intent(let intent, .expired, let stock?) where intent.state == .confirmed:
            return stock.available < policy.safetyStock ? "\(intent.token) took of the safety stock" : nil
        case .extended(let intent, _):
            let last = (intent.grantedAt ?? intent.decidedAt).adding(seconds: policy.maxHoldSeconds ?? 0)
            guard let until = intent.holdUntil, until <= last else {
                return "\(intent.token) is held for too long"
            }
            return nil
        default: return nil
        }
    }

    private static func newcomer(_ intent: Intent, _ stock: Stock, _ policy: SKUPolicy) -> String? {
        if !policy.isOnSale(at: intent.decidedAt) { return "\(intent.token) came when nothing was on sale" }
        if let most = policy.maxPerIntent, intent.units > most { return "\(intent.token) has too many" }
        let asked = min(intent.onShortage ?? policy.onShortage, policy.onShortage)
        switch intent.state {
        case .waitlisted:
            let isRoom = policy.waitlistLimit.map { stock.waitlisted <= $0 } ?? true
            return asked == .waitlist && isRoom ? nil : "\(intent.token) waits where it may not"
        case .backordered:
            let isRoom = policy.backorderLimit.map { stock.backordered <= $0 } ?? true
            return asked == .backorder && isRoom ? nil : "\(intent.token) is promised what it may not be"
        default: return nil
        }
    }

    /// Units that an intent got from the shelf, and how long it holds them. What it takes over from an older one may
    /// be part of the safety stock.
    private static func held(_ intent: Intent, _ stock: Stock, _ policy: SKUPolicy) -> String? {
        guard intent.state.isClaim else { return nil }
        if intent.replaces == nil, stock.available < policy.safetyStock {
            return "\(intent.token) took of the safety stock"
        }
        let begin = intent.grantedAt ?? intent.decidedAt
        // A line of an order has no clock of its own.
        let isTimed = policy.holdSeconds > 0 && !intent.token.isLine
        let until = isTimed ? begin.adding(seconds: policy.holdSeconds) : nil
        return intent.holdUntil == until
            ? nil : "\(intent.token) is held for another time than the policy says"
    }
}
