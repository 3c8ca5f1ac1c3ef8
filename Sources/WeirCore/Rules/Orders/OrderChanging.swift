// What a client can do with an order that is decided.

extension Desk {
    /// Confirms an order: a hold becomes a sale; after its expiry only if every line can be taken again.
    mutating func confirm(_ change: OrderChange) -> CommandResult? {
        let found = find(change.order)
        if let refusal = found.refusal { return refusal }
        guard let row = found.row else { return nil }
        switch row.order.state {
        case .reserved:
            enter(row, .confirmed, asking: orders.others(of: row.order.lines))
            return done(change.order)
        case .expired: return reclaim(row, change)
        case .confirmed: return CommandResult(.unchanged, .order(row.order))
        case .cancelled, .rejected, .reserving, .reclaiming:
            return CommandResult(.refused(.wrongState), .order(row.order))
        }
    }

    /// Cancels an order, or some of its lines: units are free again, also when they were sold.
    mutating func cancel(_ change: OrderChange) -> CommandResult? {
        let found = find(change.order)
        // What is being gathered may be given up; what is being claimed again was paid a moment ago.
        let isGathered = found.row?.order.state == .reserving && change.lines.isEmpty
        if let refusal = found.refusal, !isGathered { return refusal }
        guard var row = found.row else { return nil }
        guard change.lines.allSatisfy({ row.order.lines.indices.contains($0 - 1) }) else {
            return CommandResult(.refused(.unknownLine), .order(row.order))
        }
        switch row.order.state {
        case .reserving, .reserved, .confirmed:
            let kept = row.order.lines.indices.filter { !row.order.lines[$0].isGivenUp }
            let givenUp = change.lines.map { $0 - 1 }.filter(kept.contains)
            if change.lines.isEmpty || givenUp.count == kept.count {
                enter(row, .cancelled, asking: orders.others(of: row.order.lines))
                return done(change.order)
            }
            if givenUp.isEmpty { return CommandResult(.unchanged, .order(row.order)) }
            let others = orders.others(of: givenUp.map { row.order.lines[$0] })
            for position in givenUp { row.order.lines[position].isGivenUp = true }
            // Who has not answered the version before is asked for this one instead.
            enter(row, row.order.state, asking: others.union(row.awaited))
            return done(change.order)
        case .cancelled: return CommandResult(.unchanged, .order(row.order))
        case .expired, .rejected, .reclaiming:
            return CommandResult(.refused(.wrongState), .order(row.order))
        }
    }

    /// Gives an order's hold a later deadline, up to what the policies of its lines permit from its beginning on.
    mutating func extend(_ wish: OrderExtension) -> CommandResult? {
        let found = find(wish.order)
        if let refusal = found.refusal { return refusal }
        guard var row = found.row else { return nil }
        guard row.order.state == .reserved, let deadline = row.order.holdUntil,
            let beginning = row.order.decidedAt
        else { return CommandResult(.refused(.wrongState), .order(row.order)) }
        guard wish.holdUntil > deadline else { return CommandResult(.unchanged, .order(row.order)) }
        guard wish.holdUntil > now else { return CommandResult(.refused(.deadlinePassed), .order(row.order)) }
        guard wish.holdUntil <= beginning.adding(seconds: row.maxHoldSeconds) else {
            return CommandResult(.refused(.holdLimit), .order(row.order))
        }
        row.order.holdUntil = wish.holdUntil
        // The parts need not know: they ask when they would have to.
        enter(row, .reserved, asking: row.awaited)
        return done(wish.order)
    }

    /// A payment came after the hold expired: every line is taken again, or none.
    private mutating func reclaim(_ known: OrderRow, _ change: OrderChange) -> CommandResult? {
        var row = known
        guard reserveLines(of: row.order).isComplete else {
            send(.shortfall(row.order), to: [], isOutcome: true)
            return CommandResult(.refused(.shortfall), .order(row.order))
        }
        let others = orders.others(of: row.order.lines.filter { !$0.isGivenUp })
        guard !others.isEmpty else {
            enter(row, .confirmed, asking: [])
            return done(change.order)
        }
        row.sender = change.sender
        row.confirmID = change.id
        enter(row, .reclaiming, asking: others)
        return nil
    }

    /// Some line could not be taken again, or somebody has not answered in time: the money must go back.
    mutating func giveUpReclaiming(_ known: OrderRow) {
        var row = known
        let (sender, id) = (row.sender, row.confirmID)
        row.sender = nil
        row.confirmID = nil
        enter(row, .expired, asking: orders.others(of: row.order.lines))
        guard let order = orders.row(row.order.token)?.order else { return }
        if let id { keep(id, CommandResult(.refused(.shortfall), .order(order)), of: order.token) }
        send(.shortfall(order), to: [], answering: sender)
    }

    /// Every line was taken again.
    mutating func endReclaiming(_ known: OrderRow) {
        var row = known
        let id = row.confirmID
        row.confirmID = nil
        enter(row, .confirmed, asking: orders.others(of: row.order.lines))
        if let id { keep(id, done(row.order.token), of: row.order.token) }
    }

    private mutating func keep(_ id: CommandID, _ result: CommandResult, of order: Token) {
        let confirm = OrderCommand.confirm(OrderChange(id: id, order: order))
        keep(StoredResult(id: id, payload: confirm.payload, result: result))
    }

    private func done(_ order: Token) -> CommandResult {
        CommandResult(.done, orders.row(order).map { .order($0.order) } ?? .nothing)
    }
}
