import WeirCore
import WeirPipeline
import WeirWire

extension Simulation {
    /// Promise 8: in the end every order is all or nothing, and nothing stays reserved.
    func checkOrders() -> [String] {
        checkOrderLines() + checkOrderLogs() + checkOrderOutcomes()
    }

    private func checkOrderLines() -> [String] {
        var found: [String] = []
        for row in database.orders.values.sorted(by: { $0.order.token < $1.order.token }) {
            let audit = LineAudit(row.order, awaited: row.awaited, partitioning: partitioning)
            for number in row.order.lines.indices.map({ $0 + 1 }) {
                let home = partitioning.partition(of: row.order.lines[number - 1].sku)
                let problem = audit.problem(
                    of: number, database.intents[row.order.lineToken(number)],
                    isGuarded: database.parts[home]?[row.order.token]?.guardAt != nil)
                if let problem { found.append("promise 8: \(problem)") }
            }
            if !row.awaited.isEmpty { found.append("promise 8: \(row.order.token) waits for an answer") }
            if row.order.state.isUndecided || row.order.state == .reserved {
                found.append("promise 8: \(row.order.token) stays \(row.order.state.rawValue)")
            }
        }
        for intent in database.intents.values {
            guard let line = intent.token.line, intent.state.isClaim else { continue }
            if database.orders[line.order] == nil {
                found.append("promise 8: \(intent.token) has units and no order")
            }
        }
        return found
    }

    /// At every commit a line that its partition has confirmed belongs to an order that its coordinator has confirmed, and
    /// one that gave its units back to an order that has ended, or gave that line up.
    func checkFollowing(_ batch: BatchWrite) {
        for transition in batch.decision.changed { checkRelease(transition) }
        for intent in batch.decision.decided + batch.decision.changed.map(\.after) {
            guard let line = intent.token.line, intent.state == .confirmed else { continue }
            // What is cancelled afterwards may still be on its way.
            let order = database.orders[line.order]?.order
            if order?.state != .confirmed, order?.state != .cancelled {
                violations.append(
                    "promise 8: \(intent.token) was confirmed, its order is"
                        + " \(order?.state.rawValue ?? "not known")")
            }
        }
    }

    private func checkRelease(_ transition: IntentTransition) {
        guard transition.stateBefore.isClaim, !transition.after.state.isClaim,
            let line = transition.after.token.line
        else { return }
        let order = database.orders[line.order]?.order
        // Before a payment that came late can be answered, its lines have to follow the expiry.
        let hasEnded = order.map { $0.state.endsLines || $0.state == .reclaiming } ?? false
        let isGivenUp =
            order.map { $0.lines.indices.contains(line.number - 1) && $0.lines[line.number - 1].isGivenUp }
            ?? false
        if !hasEnded, !isGivenUp {
            violations.append(
                "promise 8: \(transition.after.token) was released, its order is"
                    + " \(order?.state.rawValue ?? "not known")")
        }
    }

    /// At every commit a part that holds a line will ask for it, and none goes back to an older version.
    func checkParts(_ batch: BatchWrite, _ partition: Int) {
        for change in batch.decision.orders.parts {
            let (order, version) = (change.after.order, change.after.version)
            if version < followed[partition]?[order] ?? 0 {
                violations.append(
                    "promise 8: partition \(partition) went back to version \(version) of \(order)")
            }
            followed[partition, default: [:]][order] = version
            let isGuarded = database.parts[partition]?[order]?.guardAt != nil
            let holdsLine = database.lines(of: order, partition).contains { $0.state == .reserved }
            if holdsLine, change.after.asked > 0 { lateParts += 1 }
            if holdsLine, change.after.asked > 0, database.orders[order]?.order.state == .confirmed {
                lateDecisions += 1
            }
            if holdsLine, !isGuarded {
                violations.append(
                    "promise 8: partition \(partition) holds a line of \(order) without a guard")
            }
        }
    }

    /// At every commit the cursor of the messages stands before the first one that has not reached every queue.
    func checkForwarding(_ batch: BatchWrite, _ partition: Int) {
        guard let forwarded = batch.forwarded else { return }
        for address in database.addresses[partition] ?? [] where address.seq <= forwarded {
            for target in address.to
            where !arrived.contains(ArrivedMessage(sender: partition, seq: address.seq, to: target)) {
                violations.append(
                    "promise 8: message \(partition)-\(address.seq) counts as forwarded and never reached"
                        + " partition \(target)")
            }
        }
    }

    private func checkOrderLogs() -> [String] {
        var found: [String] = []
        var trails: [Token: OrderTrail] = [:]
        for (partition, log) in database.logs.sorted(by: { $0.key < $1.key }) {
            for event in log {
                guard case .order(let happening)? = try? Happening(type: event.type, body: event.body) else {
                    continue
                }
                if let problem = trails[happening.order, default: OrderTrail()].follow(happening) {
                    found.append(
                        "promise 6: event \(partition)-\(event.seq) of \(happening.order): \(problem)")
                }
            }
        }
        for token in Set(trails.keys).union(database.orders.keys).sorted() {
            if let problem = (trails[token] ?? OrderTrail()).finish(database.orders[token]?.order) {
                found.append("promise 6: order \(token): \(problem)")
            }
        }
        return found
    }

    /// Promises 2 and 3: every order that was accepted is decided, once, from the first wish that came.
    private func checkOrderOutcomes() -> [String] {
        let answered = Set(subscriber.answers.compactMap(\.correlationID))
        let dead = Set(database.deadLetters.compactMap(\.delivery.correlationID))
        var found = shoppers.expected.subtracting(answered).subtracting(dead).sorted().map {
            "promise 2: order command \($0) was never answered"
        }
        let lost = Set(
            database.deadLetters.filter { $0.delivery.type == CommandKind.submitOrder.rawValue }
                .compactMap(\.token))
        for (token, first) in shoppers.firstOrder.sorted(by: { $0.key < $1.key })
        where !lost.contains(token.text) {
            guard let order = database.orders[token]?.order else {
                found.append("promise 2: order \(token) was accepted and never decided")
                continue
            }
            // Another wish under the token may have reached another coordinator first.
            let isRival = partitioning.coordinator(of: token, lines: first.lines) != order.coordinator
            if !isRival, !order.repeats(first) {
                found.append("promise 3: order \(token) was decided from another wish than the first one")
            }
        }
        return found
    }
}

/// A message between partitions that reached a queue: an event of its sender's log, and where it went.
struct ArrivedMessage: Hashable {
    let sender: Int
    let seq: Int64
    let to: Int
}
