import Testing
import WeirCore

@testable import WeirPipeline

/// The audit follows images through the log; each kind of damage to a log is reported.
@Suite struct TrailTests {
    private let created = Stock(defining: shoe, stocked: 10, policy: SKUPolicy())

    private func stock(_ available: Int64, _ held: Int64, _ sold: Int64, version: Int64) -> Stock {
        Stock(
            sku: shoe, stocked: available + held + sold, available: available, held: held, sold: sold,
            version: version, policy: SKUPolicy())
    }

    private func intent(_ state: IntentState, _ token: String = "a", units: Int64 = 2) -> Intent {
        Intent(
            token: Token(unchecked: token), sku: shoe, quantity: Quantity(unchecked: units),
            buyer: Buyer(unchecked: "b"), state: state, decidedAt: Timestamp(microseconds: 7))
    }

    private var log: [Happening] {
        [
            .defined(created),
            .intent(intent(.reserved), from: nil, stock: stock(8, 2, 0, version: 2)),
            .intent(intent(.rejected, "r"), from: nil, stock: stock(8, 2, 0, version: 2)),
            .intent(intent(.expired), from: .reserved, stock: stock(10, 0, 0, version: 3)),
            .shortfall(intent(.expired), stock: stock(10, 0, 0, version: 3)),
            .intent(intent(.confirmed), from: .expired, stock: stock(8, 0, 2, version: 4)),
            .adjusted(stock(5, 0, 2, version: 5), delta: -3, reason: "broken"),
            .intent(intent(.cancelled), from: .confirmed, stock: stock(7, 0, 0, version: 6)),
            .conflict(Token(unchecked: "a"), sku: shoe),
            .answered(kind: .cancel, id: "x", sku: shoe, result: CommandResult(.unchanged, .nothing)),
        ]
    }

    @Test func aWholeLogHasNoProblem() {
        #expect(stockProblems(log).isEmpty)
        let ofOneIntent = log.filter { $0.token != Token(unchecked: "r") }
        #expect(intentProblems(ofOneIntent) == [])
        var trail = StockTrail()
        for happening in log { _ = trail.follow(happening) }
        #expect(trail.finish(stock(7, 0, 0, version: 6)) == nil)
    }

    @Test func everyEventThatIsMissingIsNoticed() {
        // A rejection, a shortfall, a conflict and an answer move nothing: the numbering finds those.
        for place in [0, 1, 3, 5, 6] {
            var damaged = log
            damaged.remove(at: place)
            #expect(!stockProblems(damaged).isEmpty, "without event \(place + 1)")
        }
        var trail = StockTrail()
        for happening in log.dropLast(3) { _ = trail.follow(happening) }
        #expect(trail.finish(stock(7, 0, 0, version: 6)) != nil)
    }

    @Test func everyEventThatComesTwiceIsNoticed() {
        for place in [1, 3, 5, 6, 7] {
            var damaged = log
            damaged.insert(log[place], at: place)
            #expect(!stockProblems(damaged).isEmpty, "event \(place + 1) twice")
        }
    }

    @Test func everyCounterThatIsWrongIsNoticed() {
        let counters: [WritableKeyPath<Stock, Int64>] = [\.stocked, \.available, \.held, \.sold, \.version]
        for counter in counters {
            for place in log.indices {
                guard let damaged = changing(log[place], counter) else { continue }
                var events = log
                events[place] = damaged
                #expect(!stockProblems(events).isEmpty, "event \(place + 1)")
            }
        }
    }

    @Test func aBalancedImageThatDoesNotFollowIsNoticed() {
        let wrong = Happening.intent(intent(.reserved), from: nil, stock: stock(7, 3, 0, version: 2))
        let oversold = Happening.intent(
            intent(.reserved, units: 12), from: nil, stock: stock(-2, 12, 0, version: 2))
        for (happening, part) in [(wrong, "follows from the one before"), (oversold, "out of balance")] {
            let problem = stockProblems([.defined(created), happening]).joined()
            #expect(problem.contains(part))
        }
    }

    @Test(arguments: [
        (IntentState?.none, IntentState.cancelled), (nil, .expired), (.cancelled, .reserved),
        (.cancelled, .confirmed), (.rejected, .confirmed), (.confirmed, .reserved), (.confirmed, .expired),
        (.expired, .reserved), (.reserved, .rejected), (.reserved, .reserved), (.reserved, .waitlisted),
        (.waitlisted, .expired), (.backordered, .waitlisted), (.waitlisted, .backordered),
    ])
    func aWayThatDoesNotExistIsNoticed(_ from: IntentState?, _ to: IntentState) {
        let problems = stockProblems([
            .defined(created), .intent(intent(to), from: from, stock: stock(10, 0, 0, version: 2)),
        ])
        #expect(problems == ["intent a went from \(from?.rawValue ?? "queued") to \(to.rawValue)"])
    }

    @Test func anythingBeforeTheDefinitionIsNoticed() {
        let image = stock(10, 0, 0, version: 1)
        #expect(stockProblems([.intent(intent(.reserved), from: nil, stock: image)]).count == 1)
        #expect(stockProblems([.shortfall(intent(.expired), stock: image)]).count == 1)
        #expect(stockProblems([.adjusted(image, delta: 1, reason: "x")]).count == 1)
        #expect(stockProblems([.intent(intent(.reserved), from: nil, stock: nil)]).count == 1)
        // The rejection of a SKU that nobody defined carries no stock.
        #expect(stockProblems([.intent(intent(.rejected), from: nil, stock: nil)]).isEmpty)
        #expect(
            stockProblems([.defined(created), .intent(intent(.rejected), from: nil, stock: nil)]).count == 1)
    }

    @Test func theRowMustBeTheLastImage() {
        var trail = StockTrail()
        #expect(trail.finish(nil) == nil)
        #expect(trail.finish(created)?.contains("the log does not define it") ?? false)
        _ = trail.follow(.defined(created))
        #expect(trail.finish(created) == nil)
        #expect(trail.finish(nil)?.contains("has no row") ?? false)
        var row = created
        row.policy.maxPerIntent = 3
        #expect(trail.finish(row) != nil)
        row = stock(9, 1, 0, version: 1)
        #expect(trail.finish(row)?.contains("the log ends with") ?? false)
    }

    @Test func aPolicyOfTheLogIsFollowed() {
        var changed = created
        changed.policy = SKUPolicy(holdSeconds: 5, maxPerIntent: 1)
        changed.version = 2
        #expect(stockProblems([.defined(created), .defined(changed)]).isEmpty)
        var trail = StockTrail()
        for happening in [Happening.defined(created), .defined(changed)] { _ = trail.follow(happening) }
        #expect(trail.finish(changed) == nil)
        #expect(stockProblems([.defined(created), .defined(created)]).count == 1)
    }

    @Test func everyDamageToAnIntentIsNoticed() {
        let first = Happening.intent(intent(.reserved), from: nil, stock: nil)
        let then = Happening.intent(intent(.confirmed), from: .reserved, stock: nil)
        let other = Happening.intent(intent(.confirmed, units: 3), from: .reserved, stock: nil)
        #expect(intentProblems([first, then]).isEmpty)
        #expect(intentProblems([then]) == ["its first event says that it was reserved"])
        #expect(intentProblems([first, first]) == ["it was decided a second time"])
        let thrice = intentProblems([first, then, then]).joined()
        #expect(thrice.contains("but it was confirmed"))
        #expect(intentProblems([first, other]) == ["its payload or the time of its decision changed"])
        #expect(intentProblems([first, .shortfall(intent(.expired), stock: created)]).count == 1)
        var trail = IntentTrail()
        #expect(trail.finish(nil) == nil)
        #expect(trail.finish(intent(.reserved)) != nil)
        for happening in [first, then] { _ = trail.follow(happening) }
        #expect(trail.finish(intent(.confirmed)) == nil)
        #expect(trail.finish(intent(.reserved)) == "the row is reserved, but the log ends with confirmed")
        #expect(trail.finish(nil) != nil)
    }

    /// Before a prune kept what the log tells of, a late payment could outlive its intent; none of later does.
    @Test func aLatePaymentOfBeforeTheHorizonMayStandAlone() {
        func problem(_ intent: Intent, after image: Intent?, horizon: Int64?) -> String? {
            var trail = IntentTrail(from: image, horizon: horizon.map(Timestamp.init(microseconds:)))
            return trail.follow(.shortfall(intent, stock: stock(10, 0, 0, version: 3)))
        }
        let expired = intent(.expired)
        let second = intent(.reserved, units: 1)
        #expect(problem(expired, after: expired, horizon: nil) == nil)
        #expect(problem(expired, after: nil, horizon: 8) == nil)
        #expect(problem(expired, after: nil, horizon: nil) != nil)
        #expect(problem(expired, after: nil, horizon: 7) != nil)
        #expect(problem(intent(.confirmed), after: nil, horizon: 8) != nil)
        #expect(problem(expired, after: second, horizon: 8) != nil, "it is the same life of the token")
    }

    private func stockProblems(_ log: [Happening]) -> [String] {
        var trail = StockTrail()
        return log.compactMap { trail.follow($0) }
    }

    private func intentProblems(_ log: [Happening]) -> [String] {
        var trail = IntentTrail()
        return log.compactMap { trail.follow($0) }
    }

    private func changing(_ happening: Happening, _ counter: WritableKeyPath<Stock, Int64>) -> Happening? {
        func wrong(_ stock: Stock) -> Stock {
            var stock = stock
            stock[keyPath: counter] += 1
            return stock
        }
        switch happening {
        case .intent(let intent, let from, let stock?) where intent.state != .rejected:
            return .intent(intent, from: from, stock: wrong(stock))
        case .shortfall(let intent, let stock): return .shortfall(intent, stock: wrong(stock))
        case .defined(let stock): return .defined(wrong(stock))
        case .adjusted(let stock, let delta, let reason):
            return .adjusted(wrong(stock), delta: delta, reason: reason)
        default: return nil
        }
    }
}
