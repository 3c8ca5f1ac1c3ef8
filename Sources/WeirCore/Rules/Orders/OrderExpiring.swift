extension Desk {
    /// Looks at an order of which something here has come due, unless a command of the same batch was faster.
    mutating func look(at order: Token) {
        if let row = orders.row(order), row.order.coordinator == orders.partition,
            let dueAt = row.dueAt, dueAt <= now
        {
            look(at: row)
        }
        if let part = orders.part(order) { inquire(part) }
    }

    private mutating func look(at known: OrderRow) {
        var row = known
        switch row.order.state {
        case .reserving: return reject(row)
        case .reclaiming: return giveUpReclaiming(row)
        case .reserved:
            if let end = row.order.holdUntil, end <= now {
                return enter(row, .expired, asking: orders.others(of: row.order.lines))
            }
        case .confirmed, .cancelled, .expired, .rejected: break
        }
        row.dueAt = row.nextLook(at: now)
        orders.put(row)
        if !row.awaited.isEmpty { send(.told(row.order), to: row.awaited) }
    }
}
