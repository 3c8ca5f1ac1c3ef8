import WeirCore
import WeirPipeline
import WeirWire

extension Simulation {
    /// Checks the promises on the rows, on the logs, and on what clients and the subscriber recorded themselves.
    func checkPromises() -> [String] {
        let rows = checkStock() + checkLines() + checkBuyers() + checkPolicies() + checkOrders()
        let answers = checkDecidedOnce() + checkAnswers() + checkDeadLetters()
        return rows + answers + checkOrder() + checkNumbering() + checkLog()
    }

    /// A hold expires behind every confirm that was waiting at its deadline, unless its worker waited for 30 s.
    func checkExpiries(_ batch: BatchWrite, _ partition: Int) {
        let expired = batch.decision.changed.filter { $0.after.state == .expired }
        guard !expired.isEmpty else { return }
        let subscribed = broker.subscribedAt[partition] ?? .zero
        let decided = Set(batch.decision.results.map(\.id))
        for message in broker.waiting(partition) {
            guard message.delivery.type == CommandKind.confirm.rawValue,
                case .confirm(let change)? = try? Command.read(
                    type: message.delivery.type, messageID: message.delivery.messageID, contentType: nil,
                    body: message.delivery.body),
                database.results[change.id] == nil, !decided.contains(change.id),
                let intent = expired.first(where: { $0.after.token == change.token })?.after,
                intent.sku == change.sku, let deadline = database.intents[intent.token]?.holdUntil
            else { continue }
            let late = database.now.microseconds - deadline.microseconds
            let arrivedBehind = Int64((time - message.arrivedAt) / .microseconds(1)) < late
            if arrivedBehind || time - subscribed >= .seconds(30) && late >= 30_000_000 { continue }
            violations.append("promise 4: \(intent.token) expired before a confirm that was waiting")
        }
    }

    /// Promise 2: every command gets an answer, or becomes a dead letter.
    private func checkAnswers() -> [String] {
        let answered = Set(subscriber.answers.compactMap(\.correlationID))
        let dead = Set(database.deadLetters.compactMap(\.delivery.correlationID))
        return clients.expected.subtracting(answered).subtracting(dead).sorted().map {
            "promise 2: command \($0) was never answered"
        }
    }

    /// Only what cannot be decided is a dead letter, and what killed its worker is one.
    private func checkDeadLetters() -> [String] {
        database.deadLetters.compactMap { letter in
            let name = letter.token ?? "a message"
            let isPoison = letter.token.map { SimulatedClients.isPoison(Token(unchecked: $0)) } ?? false
            switch letter.reason {
            case "worker_died":
                let losses = lossesWith[letter.delivery.body] ?? 0
                return isPoison || losses >= 2 ? nil : "promise 2: \(name) is innocent: \(losses) losses"
            case "data_error":
                return name.hasPrefix("unwritable") ? nil : "promise 2: \(name) could have been written"
            default: return isPoison ? "promise 2: \(name) was read: \(letter.reason)" : nil
            }
        }
    }

    private func checkDecidedOnce() -> [String] {
        var found: [String] = []
        let wishes = database.deadLetters.filter { $0.delivery.type == CommandKind.submit.rawValue }
        let dead = Set(wishes.compactMap(\.token))
        for (token, first) in clients.firstWish {
            let isDead = dead.contains(token.text)
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
            case .intent(let shown, _, _), .shortfall(let shown, _), .extended(let shown, _),
                .returned(let shown, _, _):
                intent = shown
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
                    happening.sku.flatMap {
                        stocks[$0, default: StockTrail(requiresCrossings: true)].follow(happening)
                    },
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
