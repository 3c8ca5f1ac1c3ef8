import WeirCore

/// Random values of everything that travels, with the edges of each range among them.
extension SplitMix64 {
    private static let letters = Array("abcXYZ0189")
    private static let signs = Array("._:-")

    mutating func name(upTo longest: Int, _ more: [Character] = []) -> String {
        let length = one(of: [1, 2, 7, 30, longest])
        let others = Self.letters + Self.signs + more
        return String([one(of: Self.letters)] + (1..<max(length, 1)).map { _ in one(of: others) })
    }

    mutating func sku() -> SKU { SKU(name(upTo: SKU.longest))! }
    mutating func token() -> Token { Token(name(upTo: Token.longest, ["~"]))! }
    mutating func commandID() -> CommandID { CommandID(name(upTo: CommandID.longest, ["~"]))! }

    /// Text without control characters: quotes, backslashes, marks and characters beyond the first plane.
    mutating func text(upToBytes longest: Int) -> String {
        let parts = ["a", " ", "\"", "\\", "/", "é", "e\u{308}", "語", "😀", "\u{FEFF}", "\u{2028}", "}", ","]
        var text = one(of: parts)
        while chance(85) {
            let longer = text + one(of: parts)
            guard longer.utf8.count <= longest else { break }
            text = longer
        }
        return text
    }

    mutating func buyer() -> Buyer { Buyer(text(upToBytes: Buyer.longest))! }

    mutating func number(in range: ClosedRange<Int64>) -> Int64 {
        chance(30)
            ? one(of: [range.lowerBound, range.upperBound]) : Int64.random(in: range, using: &self)
    }

    mutating func quantity() -> Quantity { Quantity(number(in: Quantity.range))! }

    /// A policy whose fields go together.
    mutating func policy() -> SKUPolicy {
        let hold = number(in: SKUPolicy.holdSecondsRange)
        let begin = maybe { $0.moment() }
        return SKUPolicy(
            holdSeconds: hold,
            maxHoldSeconds: maybe { $0.number(in: hold...SKUPolicy.holdSecondsRange.upperBound) },
            maxPerIntent: maybe { $0.number(in: Quantity.range) },
            maxPerBuyer: maybe { $0.number(in: 1...StockLimit.stocked.upperBound) },
            safetyStock: number(in: StockLimit.stocked),
            lowStockAt: maybe { $0.number(in: StockLimit.stocked) }, onSaleFrom: begin,
            onSaleUntil: begin == nil ? maybe { $0.moment() } : nil,
            onShortage: one(of: ShortageRule.allCases),
            waitlistLimit: maybe { $0.number(in: StockLimit.stocked) },
            backorderLimit: number(in: StockLimit.stocked), availableFrom: maybe { $0.moment() })
    }

    mutating func maybe<Value>(_ value: (inout SplitMix64) -> Value) -> Value? {
        chance(50) ? value(&self) : nil
    }

    /// A moment that RFC 3339 can show: the years 0 to 9999.
    mutating func moment() -> Timestamp {
        Timestamp(microseconds: number(in: -62_167_219_200_000_000...253_402_300_799_999_999))
    }

    mutating func stock(policy: SKUPolicy) -> Stock {
        let parts = (0..<3).map { _ in number(in: 0...333_333_333_333) }
        return Stock(
            sku: sku(), stocked: parts.reduce(0, +), available: parts[0], held: parts[1], sold: parts[2],
            waitlisted: chance(50) ? number(in: 0...1 << 60) : 0,
            backordered: chance(50) ? number(in: 0...1 << 60) : 0, version: number(in: 1...1 << 60),
            countsBuyers: policy.maxPerBuyer != nil, policy: policy)
    }

    mutating func intent() -> Intent {
        let state = one(of: IntentState.allCases)
        return Intent(
            token: token(), sku: sku(), quantity: quantity(), buyer: buyer(),
            onShortage: maybe { $0.one(of: ShortageRule.allCases) }, replaces: maybe { $0.token() },
            state: state, reason: state == .rejected ? one(of: RejectionReason.allCases) : nil,
            holdUntil: state == .reserved ? moment() : nil, decidedAt: moment(),
            place: maybe { $0.number(in: 1...1 << 60) }, grantedAt: maybe { $0.moment() },
            availableFrom: maybe { $0.moment() }, returned: number(in: 0...Quantity.range.upperBound))
    }

    mutating func command(_ kind: CommandKind) -> Command {
        switch kind {
        case .submit:
            .submit(
                Submit(
                    token: token(), sku: sku(), quantity: quantity(), buyer: buyer(),
                    onShortage: chance(8) ? one(of: ShortageRule.allCases) : nil,
                    replaces: chance(8) ? token() : nil))
        case .discard:
            .discard(
                Submit(
                    token: token(), sku: sku(), quantity: quantity(), buyer: buyer(),
                    onShortage: maybe { $0.one(of: ShortageRule.allCases) }, replaces: maybe { $0.token() }))
        case .confirm: .confirm(IntentChange(id: commandID(), token: token(), sku: sku()))
        case .cancel:
            .cancel(
                IntentChange(
                    id: commandID(), token: token(), sku: sku(), quantity: maybe { $0.quantity() }))
        case .extend:
            .extend(Extension(id: commandID(), token: token(), sku: sku(), holdUntil: moment()))
        case .define:
            .define(
                Definition(
                    id: commandID(), sku: sku(), stocked: number(in: StockLimit.stocked), policy: policy(),
                    ifVersion: maybe { $0.chance(50) ? .any : .exactly($0.number(in: 1...Int64.max)) }))
        case .adjust:
            .adjust(
                Adjustment(
                    id: commandID(), sku: sku(), delta: max(1, number(in: StockLimit.delta)),
                    reason: text(upToBytes: Adjustment.longestReason)))
        case .submitOrder, .discardOrder, .confirmOrder, .cancelOrder, .extendOrder, .orderMessage:
            .order(orderCommand(kind))
        }
    }

    mutating func result() -> CommandResult {
        let verdict: Verdict =
            switch Int.random(in: 0..<3, using: &self) {
            case 0: .done
            case 1: .unchanged
            default: .refused(one(of: Refusal.allCases))
            }
        let result =
            switch Int.random(in: 0..<4, using: &self) {
            case 0: CommandResult(verdict, .nothing)
            case 1: CommandResult(verdict, .intent(intent()))
            case 2: CommandResult(verdict, .order(order()))
            default: CommandResult(verdict, .stock(stock(policy: policy())))
            }
        return Bool.random(using: &self) ? result.replayed() : result
    }
}
