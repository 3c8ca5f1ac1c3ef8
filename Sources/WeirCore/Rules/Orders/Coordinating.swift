// The coordinator's side: an order from its submit to its decision. Its commit is the decision; lines follow it.

extension Desk {
    /// Records an order, and decides it at once where no other partition has a say.
    mutating func decide(_ submit: OrderSubmit) {
        if let known = orders.row(submit.token) { return repeatOutcome(of: known, to: submit, .submitOrder) }
        let order = Order(
            token: submit.token, buyer: submit.buyer, coordinator: orders.partition, lines: submit.lines,
            state: .reserving, version: 0)
        var row = OrderRow(order: order, changedAt: now, sender: submit.sender)
        let outcome = reserveLines(of: order)
        row.take(outcome)
        // Short already: nobody else need hear of it.
        guard outcome.isComplete else { return enter(row, .rejected, reason: .orderIncomplete, asking: []) }
        let others = orders.others(of: order.lines)
        if others.isEmpty { return reserved(row) }
        enter(row, .reserving, asking: others)
    }

    /// Rejects an order that became a dead letter and that a person gave up, unless it was decided after all. No line of
    /// it was ever asked for.
    mutating func discard(_ submit: OrderSubmit) {
        if let known = orders.row(submit.token) {
            return repeatOutcome(of: known, to: submit, .discardOrder)
        }
        let order = Order(
            token: submit.token, buyer: submit.buyer, coordinator: orders.partition, lines: submit.lines,
            state: .rejected, version: 0)
        enter(OrderRow(order: order, changedAt: now), .rejected, reason: .discarded, asking: [])
    }

    /// A token is decided once: the same wish gets the same order again, another one is a conflict.
    private mutating func repeatOutcome(of known: OrderRow, to submit: OrderSubmit, _ kind: CommandKind) {
        guard known.order.repeats(submit) else { return tell(.order(.conflict(submit.token))) }
        let result = CommandResult(.unchanged, .order(known.order)).replayed()
        let answered = Happening.order(
            .answered(
                kind: kind, id: submit.token.text, order: submit.token, result: result))
        guard known.order.state == .reserving, known.order.coordinator == orders.partition else {
            return tell(answered)
        }
        // Whoever asks again waits for the outcome, and no longer for the answer to the first time.
        var row = known
        row.sender = submit.sender ?? row.sender
        orders.put(row)
        tellEverybody(answered)
    }

    /// A participant has answered: what it says counts once, and only for the order as it stands. The part is written
    /// before it answers: one that is not there has answered for an order that was forgotten since, and so has one that
    /// is complete and holds nothing.
    mutating func gather(_ answer: PartAnswer) {
        guard var row = orders.row(answer.order), row.order.coordinator == orders.partition,
            row.order.version == answer.version, row.awaited.contains(answer.partition),
            let part = orders.part(answer.order, of: answer.partition), part.version >= answer.version,
            !(row.order.state.isUndecided && answer.isComplete && part.guardAt == nil)
        else { return }
        row.awaited.remove(answer.partition)
        switch row.order.state {
        case .reserving:
            row.take(LinesOutcome(answer))
            guard answer.isComplete else { return reject(row) }
            if row.awaited.isEmpty { return reserved(row) }
        case .reclaiming:
            guard answer.isComplete else { return giveUpReclaiming(row) }
            if row.awaited.isEmpty { return endReclaiming(row) }
        case .reserved, .confirmed, .cancelled, .expired, .rejected:
            row.dueAt = row.nextLook(at: now)
        }
        orders.put(row)
    }

    /// Every line is held: for as long as the shortest hold lasts, or sold at once where that is 0.
    private mutating func reserved(_ row: OrderRow) {
        guard row.holdSeconds == 0 else { return enter(row, .reserved, asking: []) }
        enter(row, .confirmed, asking: orders.others(of: row.order.lines))
    }

    /// Some line is short, or somebody has not answered in time.
    mutating func reject(_ row: OrderRow) {
        enter(row, .rejected, reason: .orderIncomplete, asking: orders.others(of: row.order.lines))
    }

    /// A participant asks. An order that is not known is recorded as cancelled first: nobody can then decide otherwise.
    /// But a part that is gone, or holds nothing any more, has no use for an answer: its order may have been forgotten.
    mutating func reply(to inquiry: PartInquiry) {
        if let row = orders.row(inquiry.order) {
            guard row.order.coordinator == orders.partition else { return }
            return send(.told(row.order), to: [inquiry.partition])
        }
        guard orders.part(inquiry.order, of: inquiry.partition)?.guardAt != nil else { return }
        let order = Order(
            token: inquiry.order, buyer: inquiry.buyer, coordinator: orders.partition, lines: [],
            state: .cancelled, version: inquiry.version, decidedAt: now)
        enter(OrderRow(order: order, changedAt: now), .cancelled, asking: [inquiry.partition])
    }

    /// Brings an order into a state, or into the same one with fewer lines: writes it, lets the lines that live here
    /// follow, and sends it to `participants`.
    mutating func enter(
        _ known: OrderRow, _ state: OrderState, reason: RejectionReason? = nil,
        asking participants: PartitionSet
    ) {
        var row = known
        let from = orders.row(known.order.token)?.order.state
        row.order.version += 1
        row.order.state = state
        row.order.reason = reason
        if state == .cancelled { row.order.keepNoLine() }
        if state == .reserved, from != .reserved {
            row.order.holdUntil = now.adding(seconds: row.holdSeconds)
        } else if state != .reserved {
            row.order.holdUntil = nil
        }
        row.order.decidedAt = row.order.decidedAt ?? (state == .reserving ? nil : now)
        row.changedAt = now
        row.awaited = participants
        row.dueAt = row.nextLook(at: now)
        let waiting = state.isUndecided ? nil : row.sender
        if !state.isUndecided { row.sender = nil }
        orders.put(row)
        if !state.isUndecided { followLines(of: row.order) }
        tellState(of: row, from: from, waiting: waiting, to: participants)
    }

    /// The event of a change. It is the outcome of the command that caused it, and of the one that waits since an
    /// earlier batch; while nothing is decided it is neither.
    private mutating func tellState(
        of row: OrderRow, from: OrderState?, waiting: Sender?, to participants: PartitionSet
    ) {
        let happening = OrderHappening.state(row.order, from: from)
        guard !row.order.state.isUndecided else { return send(happening, to: participants) }
        guard let waiting, from != nil else {
            return send(happening, to: participants, isOutcome: true)
        }
        guard cause != nil else { return send(happening, to: participants, answering: waiting) }
        // A cancel has overtaken the outcome of the submit: both senders wait for something.
        send(happening, to: participants, isOutcome: true)
        let result = CommandResult(.unchanged, .order(row.order))
        let token = row.order.token
        send(
            .answered(kind: .submitOrder, id: token.text, order: token, result: result), to: [],
            answering: waiting)
    }
}

extension OrderRow {
    /// Takes over what the lines of one partition say.
    mutating func take(_ outcome: LinesOutcome) {
        holdSeconds = min(holdSeconds, outcome.holdSeconds)
        maxHoldSeconds = min(maxHoldSeconds, outcome.maxHoldSeconds)
        for shortage in outcome.shortages where order.lines.indices.contains(shortage.line - 1) {
            guard shortage.reason != .orderIncomplete else { continue }
            order.lines[shortage.line - 1].shortage = shortage.reason
        }
    }

    /// When the coordinator has to look at the order again by itself.
    func nextLook(at now: Timestamp) -> Timestamp? {
        if order.state.isUndecided { return changedAt.adding(seconds: OrderPatience.gathering) }
        guard !awaited.isEmpty else { return order.holdUntil }
        // The longer somebody has not answered, the less often he is asked.
        let waited = (now.microseconds - changedAt.microseconds) / 1_000_000
        let pause = min(max(waited, OrderPatience.answer), OrderPatience.longest)
        let again = now.adding(seconds: pause)
        return order.holdUntil.map { min($0, again) } ?? again
    }
}

extension Order {
    /// A cancelled order says it of all of its lines.
    fileprivate mutating func keepNoLine() {
        for position in lines.indices { lines[position].isGivenUp = false }
    }
}
