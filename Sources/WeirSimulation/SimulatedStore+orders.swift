import WeirCore
import WeirPipeline

extension SimulatedStore {
    public func forwarding() throws(StoreError) -> Forwarding {
        try perform(.position) { () throws(StoreError) in
            Forwarding(
                forwarded: database.forwarded[partition] ?? 0,
                last: database.addresses[partition]?.last?.seq ?? 0)
        }
    }

    public func readMessages(after seq: Int64, limit: Int) throws(StoreError) -> [AddressedEvent] {
        try perform(.read) { () throws(StoreError) in
            let later = (database.addresses[partition] ?? []).filter { $0.seq > seq }.prefix(limit)
            return later.compactMap { address in
                database.logs[partition]?.first { $0.seq == address.seq }.map {
                    AddressedEvent($0, to: address.to)
                }
            }
        }
    }

    public func nextOrderDeadline() throws(StoreError) -> Timestamp? {
        try perform(.position) { () throws(StoreError) in database.orderDeadlines(partition).map(\.1).min() }
    }

    public func dueOrders(until: Timestamp, limit: Int) throws(StoreError) -> [Token] {
        try perform(.read) { () throws(StoreError) in
            var seen: Set<Token> = []
            return database.orderDeadlines(partition).filter { $0.1 <= until }
                .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(limit).map(\.0)
                .filter { seen.insert($0).inserted }
        }
    }

    /// Adds the orders that are asked for to a snapshot: their rows, and the parts and lines of this partition.
    func addOrders(_ tokens: [Token], to snapshot: inout Snapshot) {
        for token in tokens {
            snapshot.orders.rows[token] = database.orders[token]
            for (other, parts) in database.parts where other != partition {
                guard var part = parts[token] else { continue }
                part.lines = []
                snapshot.orders.otherParts[token, default: [:]][other] = part
            }
            let lines = database.lines(of: token, partition)
            for intent in lines {
                snapshot.intents[intent.token] = intent
                snapshot.stocks[intent.sku] = database.stocks[intent.sku]
            }
            guard var part = database.parts[partition]?[token] else { continue }
            part.lines = lines.compactMap { $0.token.line?.number }.sorted()
            snapshot.orders.parts[token] = part
        }
    }

    /// Lines of which the guard is due, as holds of their own: what a worker without the rule would release.
    func linesOnTheirOwnClock(until: Timestamp) -> [Intent] {
        let parts = (database.parts[partition] ?? [:]).values.filter { ($0.guardAt ?? until) <= until }
        return parts.flatMap { database.lines(of: $0.order, partition) }.filter { $0.state == .reserved }.map
        {
            var hold = $0
            hold.holdUntil = until
            return hold
        }
    }
}

extension SimulatedDatabase {
    /// What comes due of orders in a partition, and when.
    func orderDeadlines(_ partition: Int) -> [(Token, Timestamp)] {
        let rows = orders.values.filter { $0.order.coordinator == partition }
            .compactMap { row in row.dueAt.map { (row.order.token, $0) } }
        let guards = (parts[partition] ?? [:]).values.compactMap { part in
            part.guardAt.map { (part.order, $0) }
        }
        return rows + guards
    }

    /// The lines that an order has in a partition.
    func lines(of order: Token, _ partition: Int) -> [Intent] {
        let prefix = order.text + "/"
        return intents.values.filter { $0.token.text.hasPrefix(prefix) && home(of: $0.sku) == partition }
            .sorted { $0.token < $1.token }
    }

    func checkOrders(_ decision: OrderDecision, _ batch: BatchWrite, _ partition: Int) throws(StoreError) {
        for change in decision.rows {
            let token = change.after.order.token
            guard orders[token]?.order.version == change.versionBefore else {
                throw StoreError(.retry, "the order \(token) is not as it was read")
            }
            let isUnfinished =
                change.after.order.state.isUndecided || change.after.order.state == .reserved
                || !change.after.awaited.isEmpty
            guard !isUnfinished || change.after.dueAt != nil else {
                throw StoreError(.bug, "the order \(token) is unfinished and never due")
            }
        }
        for change in decision.parts
        where (parts[partition]?[change.after.order] == nil) != change.isNew {
            throw StoreError(.retry, "a part of the order \(change.after.order) is not as it was read")
        }
        for intent in batch.decision.decided + batch.decision.changed.map(\.after) {
            let isTimed = intent.state == .reserved && !intent.token.isLine
            guard isTimed == (intent.holdUntil != nil) else {
                throw StoreError(.bug, "the hold \(intent.token) has no deadline, or a line has one")
            }
        }
        if let forwarded = batch.forwarded, forwarded > batch.decision.head {
            throw StoreError(.bug, "the cursor of the messages is ahead of the head")
        }
    }

    func writeOrders(_ decision: OrderDecision, _ batch: BatchWrite, _ partition: Int) {
        for change in decision.rows where !forgets(change) { orders[change.after.order.token] = change.after }
        for change in decision.parts {
            var part = change.after
            if sabotage == .versionForgotten { part.version = 0 }
            if sabotage == .guardForgotten { part.guardAt = nil }
            parts[partition, default: [:]][part.order] = part
        }
        addresses[partition, default: []] += decision.addresses
        if let forwarded = batch.forwarded {
            self.forwarded[partition] = max(self.forwarded[partition] ?? 0, forwarded)
        }
    }

    private func forgets(_ change: OrderRowChange) -> Bool {
        sabotage == .decisionForgotten && change.after.order.state == .confirmed
    }
}
