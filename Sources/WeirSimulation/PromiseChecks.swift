import WeirCore
import WeirPipeline
import WeirWire

extension Simulation {
    /// Checks the promises on the rows, on the logs, and on what clients and the subscriber recorded themselves.
    func checkPromises() -> [String] {
        checkStock() + checkDecidedOnce() + checkOrder() + checkNumbering() + checkLog()
    }

    private func checkStock() -> [String] {
        database.stocks.values.sorted { $0.sku < $1.sku }.flatMap { stock in
            let claims = database.intents.values.filter { $0.sku == stock.sku }
            let held = claims.filter { $0.state == .reserved }.reduce(0) { $0 + $1.quantity.units }
            let sold = claims.filter { $0.state == .confirmed }.reduce(0) { $0 + $1.quantity.units }
            var found: [String] = []
            if !stock.isBalanced { found.append("promise 1: \(stock.sku) is out of balance") }
            if held != stock.held || sold != stock.sold {
                found.append(
                    "promise 1: \(stock.sku) counts \(stock.held) held, \(stock.sold) sold;"
                        + " its intents say \(held), \(sold)")
            }
            return found
        }
    }

    private func checkDecidedOnce() -> [String] {
        var found: [String] = []
        for (token, first) in clients.firstWish {
            let isDead = database.deadLetters.contains { $0.token == token.text }
            guard let intent = database.intents[token] else {
                if !isDead { found.append("promise 2: \(token) was accepted and never decided") }
                continue
            }
            // Tokens travel through several partitions, so whose wish came first is known only within one.
            let isRival =
                partitioning.partition(of: intent.sku) != partitioning.partition(of: first.submit.sku)
            if !isRival, !intent.repeats(first.submit), !isDead {
                found.append("promise 3: \(token) was decided from another wish than the first one")
            }
        }
        var decisions: [String: Timestamp] = [:]
        for answer in subscriber.answers {
            guard let happening = try? Happening(type: answer.type, body: answer.body) else {
                found.append("promise 5: an answer cannot be read")
                continue
            }
            let intent: Intent
            switch happening {
            case .intent(let shown, _, _), .shortfall(let shown, _): intent = shown
            case .answered(_, _, _, let result):
                guard case .intent(let shown) = result.subject else { continue }
                intent = shown
            default: continue
            }
            let before = decisions.updateValue(intent.decidedAt, forKey: intent.token.text)
            if let before, before != intent.decidedAt {
                found.append("promise 3: two answers say that \(intent.token) was decided at two times")
            }
        }
        return found
    }

    private func checkOrder() -> [String] {
        // What became a dead letter was not decided in its place; sent again, it is decided in a later one.
        let dead = Set(database.deadLetters.compactMap(\.token))
        return (0..<partitioning.count).flatMap { partition -> [String] in
            let places = (database.logs[partition] ?? []).compactMap { event -> Int? in
                guard case .intent(let intent, nil, _)? = try? Happening(type: event.type, body: event.body),
                    let first = clients.firstWish[intent.token], intent.repeats(first.submit),
                    !dead.contains(intent.token.text)
                else { return nil }
                return first.place
            }
            return places == places.sorted()
                ? [] : ["promise 4: partition \(partition) decided out of the order of its queue"]
        }
    }

    private func checkNumbering() -> [String] {
        var found = subscriber.contradictions.map { "promise 5: \($0)" }
        for (partition, row) in database.heads.sorted(by: { $0.key < $1.key }) {
            let log = database.logs[partition] ?? []
            if log.map(\.seq) != Array(1..<(row.head + 1)) {
                found.append("promise 5: the log of partition \(partition) is not 1 … \(row.head)")
            }
            if (subscriber.applied[partition] ?? []) != log {
                found.append(
                    "promise 5: a subscriber of partition \(partition) has another stream than the log")
            }
        }
        return found
    }

    private func checkLog() -> [String] {
        var found: [String] = []
        var (stocks, intents) = ([SKU: StockTrail](), [Token: IntentTrail]())
        for (partition, log) in database.logs.sorted(by: { $0.key < $1.key }) {
            for event in log {
                guard let happening = try? Happening(type: event.type, body: event.body) else {
                    found.append("promise 6: event \(partition)-\(event.seq) cannot be read")
                    continue
                }
                let isAbout = happening.type.hasPrefix("weir.intent.")
                let problems = [
                    stocks[happening.sku, default: StockTrail()].follow(happening),
                    isAbout
                        ? happening.token.flatMap { intents[$0, default: IntentTrail()].follow(happening) }
                        : nil,
                ]
                found += problems.compactMap(\.self).map {
                    "promise 6: event \(partition)-\(event.seq): \($0)"
                }
            }
        }
        for sku in Set(stocks.keys).union(database.stocks.keys) {
            if let problem = (stocks[sku] ?? StockTrail()).finish(database.stocks[sku]) {
                found.append("promise 6: \(sku): \(problem)")
            }
        }
        for token in Set(intents.keys).union(database.intents.keys) {
            if let problem = (intents[token] ?? IntentTrail()).finish(database.intents[token]) {
                found.append("promise 6: \(token): \(problem)")
            }
        }
        return found
    }
}
