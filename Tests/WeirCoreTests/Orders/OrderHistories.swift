import Testing
import WeirCore

/// Random histories of orders and intents over few units in three partitions, with messages that arrive in any order,
/// twice or never: in the end every order is all or nothing, and nothing stays reserved.
@Suite struct OrderHistories {
    @Test(arguments: 0..<8) func everyOrderIsAllOrNothing(_ slice: Int) {
        for seed in UInt64(slice * 250)..<UInt64(slice * 250 + 250) {
            var history = OrderHistory(seed: seed)
            if let problem = history.run() {
                Issue.record("seed \(seed): \(problem)")
                return
            }
        }
    }

    @Test func historiesReachEveryWayOfAnOrder() {
        var seen: Set<String> = []
        for seed in UInt64(0)..<400 {
            var history = OrderHistory(seed: seed)
            _ = history.run()
            seen.formUnion(history.ways)
        }
        let ways: Set<String> = [
            "nil-reserving", "nil-reserved", "nil-confirmed", "nil-rejected", "reserving-reserved",
            "reserving-confirmed", "reserving-rejected", "reserving-cancelled", "reserved-reserved",
            "reserved-confirmed", "reserved-cancelled", "reserved-expired", "confirmed-confirmed",
            "confirmed-cancelled", "expired-reclaiming", "expired-confirmed", "reclaiming-confirmed",
            "reclaiming-expired",
        ]
        #expect(ways.subtracting(seen) == [])
    }

    /// Orders over the same SKUs in opposite order (saleor#17123, vendure#4930): each takes or refuses at once.
    @Test func oppositeOrdersNeverWaitForEachOther() {
        let (a, b, c) = (OrderTown.a, OrderTown.b, OrderTown.c)
        for seed in UInt64(0)..<50 {
            var random = SplitMix64(seed: seed)
            var town = OrderTown([a: 20, b: 20, c: 20])
            let tokens = (0..<60).map { Token("opposite-\($0)")! }
            for (number, token) in tokens.enumerated() {
                let lines = [(a, Int64(1)), (b, 1), (c, 1)]
                town.ask(order(token, number.isMultiple(of: 2) ? lines : lines.reversed()))
                if random.chance(50), !town.mail.isEmpty {
                    town.deliver(Int.random(in: town.mail.indices, using: &random))
                }
            }
            while !town.mail.isEmpty { town.deliver(Int.random(in: town.mail.indices, using: &random)) }
            let states = tokens.map { town.state($0) }
            #expect(states.allSatisfy { $0 == .reserved || $0 == .rejected }, "every order is decided")
            let reserved = states.count { $0 == .reserved }
            for sku in [a, b, c] { #expect(town.stock(sku).held == Int64(reserved)) }
        }
    }
}

/// One random history.
struct OrderHistory {
    private var town: OrderTown
    private var random: SplitMix64
    private var problem: String?
    private(set) var ways: Set<String> = []
    private let skus = [OrderTown.a, OrderTown.b, OrderTown.c, OrderTown.a2]
    private var lastID = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        town = OrderTown([:])
        var units: [SKU: Int64] = [:]
        for sku in skus { units[sku] = Int64.random(in: 0...6, using: &random) }
        town = OrderTown(units)
        for sku in skus {
            town.set(
                SKUPolicy(
                    holdSeconds: [0, 5, 10].randomElement(using: &random)!,
                    maxHoldSeconds: random.chance(50) ? 40 : nil,
                    maxPerIntent: random.chance(30) ? 2 : nil), of: sku)
        }
    }

    /// Runs it; returns what is wrong at its end, or nil.
    mutating func run() -> String? {
        for _ in 0..<120 where problem == nil { happen() }
        // From here on every message arrives, and time goes by.
        for _ in 0..<400 where problem == nil && !isQuiet {
            while !town.mail.isEmpty { town.deliver(Int.random(in: town.mail.indices, using: &random)) }
            town.pass(seconds: 30)
            town.lookAround()
            checkStock()
        }
        for case .order(.state(let order, let from)) in town.told {
            ways.insert("\(from?.rawValue ?? "nil")-\(order.state.rawValue)")
        }
        return problem ?? wrongAtTheEnd()
    }

    private mutating func happen() {
        let token = Token("o\(Int.random(in: 0..<12, using: &random))")!
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<22:
            let lines = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                (skus.randomElement(using: &random)!, Int64.random(in: 1...2, using: &random))
            }
            town.ask(random.chance(4) ? discard(token, lines) : order(token, lines))
        case 22..<32: town.ask(confirm(order: token, id: freshID()))
        case 32..<36: town.ask(cancel(order: token, id: freshID()))
        case 36..<41: town.ask(cancel(order: token, [Int.random(in: 1...3, using: &random)], id: freshID()))
        case 41..<44:
            let end = town.now.microseconds / 1_000_000 + Int64.random(in: 1...30, using: &random)
            town.ask(extend(order: token, to: end, id: freshID()))
        case 44..<50:
            let sku = skus.randomElement(using: &random)!
            let intent = Token("t\(Int.random(in: 0..<6, using: &random))-\(sku)")!
            let command: Command =
                random.chance(60) ? submit(intent, sku, 1) : WeirCoreTests.cancel(intent, sku, id: freshID())
            town.decide([command], at: town.partitioning.partition(of: sku))
        case 50..<85:
            guard !town.mail.isEmpty else { break }
            town.deliver(Int.random(in: town.mail.indices, using: &random), twice: random.chance(15))
        case 85..<88:
            // An internal queue is deleted.
            if !town.mail.isEmpty { town.mail.remove(at: Int.random(in: town.mail.indices, using: &random)) }
        default:
            town.pass(seconds: Int64.random(in: 0...8, using: &random))
            if random.chance(50) { town.lookAround() }
        }
        checkStock()
    }

    private mutating func checkStock() {
        for stock in town.stocks.values {
            let claims = town.intents.values.filter { $0.sku == stock.sku }
            let held = claims.filter { $0.state == .reserved }.reduce(0) { $0 + $1.units }
            let sold = claims.filter { $0.state == .confirmed }.reduce(0) { $0 + $1.units }
            if !stock.isBalanced || stock.held != held || stock.sold != sold {
                problem = "\(stock.sku) is out of balance: \(stock), its intents say \(held), \(sold)"
            }
        }
        for part in town.parts.values.flatMap(\.values) {
            let holds = part.lines.contains { town.intents[.line($0, of: part.order)]?.state == .reserved }
            if holds != (part.guardAt != nil) { problem = "the guard of \(part) is wrong" }
        }
        for row in town.orders.values {
            let isUnfinished =
                row.order.state.isUndecided || row.order.state == .reserved || !row.awaited.isEmpty
            if isUnfinished != (row.dueAt != nil) {
                problem = "\(row.order.token) is due \(String(describing: row.dueAt))"
            }
        }
    }

    /// Whether nothing is under way, and nothing will ever come due.
    private var isQuiet: Bool {
        town.mail.isEmpty && town.orders.values.allSatisfy { $0.dueAt == nil }
            && town.parts.values.allSatisfy { $0.values.allSatisfy { $0.guardAt == nil } }
    }

    private func wrongAtTheEnd() -> String? {
        for row in town.orders.values {
            let order = row.order
            if !row.awaited.isEmpty { return "\(order.token) waits for an answer" }
            if order.state.isUndecided || order.state == .reserved {
                return "\(order.token) stays \(order.state)"
            }
            for (number, line) in order.lines.enumerated() {
                let state = town.intents[.line(number + 1, of: order.token)]?.state
                let isSold = order.state == .confirmed && !line.isGivenUp
                if isSold != (state == .confirmed) {
                    return "line \(number + 1) of \(order) is \(String(describing: state))"
                }
            }
        }
        let stray = town.intents.values.first { intent in
            guard let line = intent.token.line, intent.state.isClaim else { return false }
            return town.orders[line.order] == nil
        }
        return stray.map { "\($0.token) has no order" }
    }

    private mutating func freshID() -> String {
        lastID += 1
        return "id\(lastID)"
    }
}
