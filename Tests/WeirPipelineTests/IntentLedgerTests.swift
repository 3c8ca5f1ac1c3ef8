import Testing
import WeirCore

@testable import WeirPipeline

/// The ledger of many intents says of each what the trail of one says.
@Suite struct IntentLedgerTests {
    private let tokens = (0..<3).map { Token(unchecked: "t\($0)") }

    @Test func itSaysWhatTheTrailsSay() {
        var random = SplitMix64(seed: 11)
        var (whole, broken) = (0, 0)
        for _ in 0..<4_000 {
            let horizon = random.chance(30) ? Timestamp(microseconds: 50) : nil
            var ledger = IntentLedger(horizon: horizon)
            var trails: [Token: IntentTrail] = [:]
            if random.chance(30) {
                let intent = random.intent(tokens[0])
                let isFirst = ledger.begin(intent)
                #expect(isFirst)
                trails[tokens[0]] = IntentTrail(from: intent, horizon: horizon)
            }
            var isWhole = true
            for _ in 0..<6 where isWhole {
                let token = random.one(of: tokens)
                var trail = trails[token] ?? IntentTrail(horizon: horizon)
                let happening = random.step(token, after: trail.image)
                isWhole = trail.follow(happening) == nil
                trails[token] = trail
                let follows = ledger.follow(happening)
                #expect(follows == isWhole, "\(happening)")
            }
            guard isWhole else {
                broken += 1
                continue
            }
            whole += 1
            var rows = trails.values.compactMap(\.image)
            #expect(ledger.count == rows.count)
            #expect(ledger.sum == sum(rows))
            // A row that stands otherwise, one that is gone, one that comes twice, and one too many.
            guard let last = rows.popLast() else { continue }
            #expect(ledger.sum != sum(rows))
            let changed = random.changed(last)
            #expect((ledger.sum == sum(rows + [changed])) == (changed == last))
            #expect(ledger.sum != sum(rows + [last, last]))
            ledger.removeAll()
            #expect(ledger.count == 0 && ledger.sum == IntentSum())
        }
        #expect(whole > 300 && broken > 300)
    }

    @Test func anIntentOfTheCheckpointThatComesTwiceIsNoticed() {
        var random = SplitMix64(seed: 12)
        var ledger = IntentLedger()
        let firsts = (0..<2).map { _ in ledger.begin(random.intent(tokens[0])) }
        #expect(firsts == [true, false])
    }

    @Test func sumsOfPartsAreTheSumOfTheWhole() {
        var random = SplitMix64(seed: 13)
        let intents = tokens.map { random.intent($0) }
        var parts = sum(Array(intents[..<1]))
        parts += sum(Array(intents[1...]))
        #expect(parts == sum(intents.reversed()) && parts.count == 3)
    }

    private func sum(_ intents: [Intent]) -> IntentSum {
        var sum = IntentSum()
        for intent in intents { IntentLedger.add(intent, to: &sum) }
        return sum
    }
}

extension SplitMix64 {
    private mutating func maybe<Value>(_ value: Value) -> Value? { chance(30) ? value : nil }

    fileprivate mutating func intent(_ token: Token) -> Intent {
        let state = one(of: IntentState.allCases)
        return Intent(
            token: token, sku: shoe, quantity: Quantity(unchecked: one(of: [1, 3])),
            buyer: Buyer(unchecked: one(of: ["a", "b"])), onShortage: maybe(.waitlist),
            replaces: maybe(Token(unchecked: "r")), state: state,
            reason: state == .rejected ? one(of: RejectionReason.allCases) : nil,
            holdUntil: state == .reserved ? Timestamp(microseconds: 90) : nil,
            decidedAt: Timestamp(microseconds: one(of: [7, 70])), place: maybe(4),
            grantedAt: maybe(Timestamp(microseconds: 80)), availableFrom: maybe(Timestamp(microseconds: 99)))
    }

    /// The intent with one thing changed, or nothing.
    fileprivate mutating func changed(_ intent: Intent) -> Intent {
        let other = self.intent(intent.token)
        var (result, which) = (intent, Int.random(in: 0..<10, using: &self))
        if which < 4 {
            result = Intent(
                token: intent.token, sku: which == 0 ? SKU(unchecked: "hat") : intent.sku,
                quantity: which == 1 ? other.quantity : intent.quantity,
                buyer: which == 2 ? other.buyer : intent.buyer,
                onShortage: which == 3 ? other.onShortage : intent.onShortage, replaces: intent.replaces,
                state: intent.state, reason: intent.reason, holdUntil: intent.holdUntil,
                decidedAt: which == 3 ? other.decidedAt : intent.decidedAt, place: intent.place,
                grantedAt: intent.grantedAt, availableFrom: intent.availableFrom, returned: intent.returned)
            which = 10
        }
        switch which {
        case 4: result.state = other.state
        case 5: result.reason = other.reason
        case 6: result.holdUntil = other.holdUntil
        case 7: result.grantedAt = other.grantedAt
        case 8: result.returned += 1
        case 9: result.place = other.place
        default: break
        }
        return result
    }

    /// What may happen next to an intent, and now and then what may not.
    fileprivate mutating func step(_ token: Token, after image: Intent?) -> Happening {
        let stock = Stock(defining: shoe, stocked: 9, policy: SKUPolicy())
        guard var intent = image, chance(95) else {
            return .intent(self.intent(token), from: maybe(.reserved).map { $0 }, stock: stock)
        }
        if chance(15) { intent = changed(intent) }
        switch Int.random(in: 0..<6, using: &self) {
        case 0: return .shortfall(intent, stock: stock)
        case 1:
            let later = Int64(one(of: [-1, 1, 5]))
            intent.holdUntil = intent.holdUntil.map { Timestamp(microseconds: $0.microseconds + later) }
            return .extended(intent, stock: stock)
        case 2:
            let units = Int64(one(of: [0, 1]))
            intent.returned += units
            return .returned(intent, units: units, stock: stock)
        case 3: return .conflict(token, sku: shoe)
        default:
            let from = chance(90) ? image?.state : one(of: IntentState.allCases)
            intent.state = one(of: IntentState.allCases)
            if chance(20) { intent.grantedAt = Timestamp(microseconds: 85) }
            return .intent(intent, from: from, stock: stock)
        }
    }
}
