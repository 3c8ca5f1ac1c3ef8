import WeirCore

extension SplitMix64 {
    /// Lines of different SKUs.
    mutating func orderLines(_ count: Int) -> [(sku: SKU, quantity: Quantity)] {
        (0..<count).map {
            (sku: SKU(unchecked: "\($0)-\(sku().text)".prefix(64).description), quantity: quantity())
        }
    }

    /// An order as it can stand: what its lines say follows from its state.
    mutating func order() -> Order {
        let state = one(of: OrderState.allCases)
        let lines = orderLines(Int.random(in: 0...5, using: &self)).map { line in
            var drawn = OrderLine(sku: line.sku, quantity: line.quantity)
            let canGiveUp = ![.reserving, .cancelled, .rejected].contains(state)
            if canGiveUp { drawn.isGivenUp = chance(30) }
            let shortages: [RejectionReason] = [
                .soldOut, .unknownSKU, .quantityLimit, .buyerLimit, .notOnSale,
            ]
            if state == .rejected { drawn.shortage = maybe { $0.one(of: shortages) } }
            return drawn
        }
        return Order(
            token: token(), buyer: buyer(), coordinator: Int.random(in: 0..<64, using: &self), lines: lines,
            state: state, reason: state == .rejected ? one(of: [.orderIncomplete, .discarded]) : nil,
            version: number(in: 1...1 << 60), holdUntil: state == .reserved ? moment() : nil,
            decidedAt: state == .reserving ? nil : moment())
    }

    mutating func orderCommand(_ kind: CommandKind) -> OrderCommand {
        switch kind {
        case .submitOrder, .discardOrder:
            let lines = orderLines(Int.random(in: 1...9, using: &self))
            let submit = OrderSubmit(token: token(), buyer: buyer(), lines: lines)!
            return kind == .submitOrder ? .submit(submit) : .discard(submit)
        case .confirmOrder: return .confirm(OrderChange(id: commandID(), order: token()))
        case .extendOrder:
            return .extend(OrderExtension(id: commandID(), order: token(), holdUntil: moment()))
        default:
            let lines = (0..<Int.random(in: 0...4, using: &self)).map { _ in
                Int.random(in: OrderSubmit.lineLimit, using: &self)
            }
            return .cancel(OrderChange(id: commandID(), order: token(), lines: lines))
        }
    }

    mutating func partAnswer() -> PartAnswer {
        let shortages = (0..<Int.random(in: 0...3, using: &self)).map { _ in
            LineShortage(
                line: Int.random(in: OrderSubmit.lineLimit, using: &self),
                reason: one(of: RejectionReason.allCases))
        }
        return PartAnswer(
            order: token(), partition: Int.random(in: 0..<64, using: &self),
            version: number(in: 1...1 << 60),
            isComplete: chance(50), shortages: shortages, holdSeconds: number(in: SKUPolicy.holdSecondsRange),
            maxHoldSeconds: number(in: SKUPolicy.holdSecondsRange))
    }

    mutating func partInquiry() -> PartInquiry {
        PartInquiry(
            order: token(), buyer: buyer(), partition: Int.random(in: 0..<64, using: &self),
            version: number(in: 1...1 << 60), guardAt: moment())
    }

    mutating func orderHappening() -> OrderHappening {
        switch Int.random(in: 0..<7, using: &self) {
        case 0: .state(order(), from: maybe { $0.one(of: OrderState.allCases) })
        case 1: .shortfall(order())
        case 2: .part(partAnswer())
        case 3: .inquired(partInquiry())
        case 4: .told(order())
        case 5: .conflict(token())
        default:
            .answered(
                kind: one(of: [.submitOrder, .discardOrder, .confirmOrder, .cancelOrder, .extendOrder]),
                id: commandID().text,
                order: token(), result: result())
        }
    }
}
