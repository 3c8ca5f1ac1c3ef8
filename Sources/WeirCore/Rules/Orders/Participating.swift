// A participant's side: its lines follow the order, all of them in one step.

extension Desk {
    /// The coordinator says how an order stands.
    ///
    /// An image that is older than what the part has followed comes too late; the same one again finds everything as it
    /// should be, and is answered again, because the answer may be what was lost. One of an order that the coordinator
    /// does not have is of an order that was forgotten since; an order is recorded before its image is sent.
    mutating func follow(_ order: Order) {
        let known = orders.part(order.token)
        guard order.coordinator != orders.partition, order.version >= known?.version ?? 0,
            orders.row(order.token)?.order.isShown(by: order) ?? false
        else { return }
        let here = order.lines.indices.filter { orders.isHome(order.lines[$0].sku) }.map { $0 + 1 }
        var part =
            known ?? OrderPart(order: order.token, coordinator: order.coordinator, lines: here, version: 0)
        guard !part.lines.isEmpty else { return }
        part.version = order.version
        part.asked = 0
        let outcome: LinesOutcome
        if order.state.isUndecided {
            outcome = reserveLines(of: order)
        } else {
            followLines(of: order, alsoKnown: part.lines)
            outcome = LinesOutcome()
        }
        part.guardAt = holdsLine(part) ? guardTime(order, outcome) : nil
        orders.put(part)
        let answer = PartAnswer(
            order: order.token, partition: orders.partition, version: order.version,
            isComplete: outcome.isComplete, shortages: outcome.shortages, holdSeconds: outcome.holdSeconds,
            maxHoldSeconds: outcome.maxHoldSeconds)
        send(.part(answer), to: [order.coordinator])
    }

    /// When a part asks if it has heard nothing: some time after the order should have ended.
    private func guardTime(_ order: Order, _ outcome: LinesOutcome) -> Timestamp {
        let end =
            order.state == .reserving
            ? now.adding(seconds: outcome.holdSeconds) : max(now, order.holdUntil ?? now)
        return min(
            end.adding(seconds: OrderPatience.gathering), now.adding(seconds: OrderPatience.longest))
    }

    private func holdsLine(_ part: OrderPart) -> Bool {
        part.lines.contains { intent(.line($0, of: part.order))?.state == .reserved }
    }

    /// A part's guard has come due: it asks, and releases nothing by itself.
    mutating func inquire(_ known: OrderPart) {
        guard let guardAt = known.guardAt, guardAt <= now, let first = known.lines.first,
            let buyer = intent(.line(first, of: known.order))?.buyer
        else { return }
        var part = known
        let pause = min(OrderPatience.answer << Int64(min(part.asked, 6)), OrderPatience.longest)
        part.guardAt = now.adding(seconds: pause)
        part.asked += 1
        orders.put(part)
        let inquiry = PartInquiry(
            order: part.order, buyer: buyer, partition: orders.partition, version: part.version,
            guardAt: now.adding(seconds: pause))
        send(.inquired(inquiry), to: [part.coordinator])
    }
}
