extension Desk {
    /// Decides a wish that takes the place of an older intent: that one is released in the same commit and can never
    /// be confirmed afterwards, whatever becomes of the new one.
    ///
    /// What the older one held is the new one's own: it came before everybody who stands in line.
    mutating func replace(_ older: Token, by submit: Submit, _ stock: Stock) {
        guard let old = intent(older), old.sku == submit.sku, old.buyer == submit.buyer,
            old.state != .confirmed
        else { return reject(submit, .notReplaceable, stock: stock) }
        // The two are one step: units that only pass from one to the other go through no threshold.
        isReplacing = true
        if old.state.isInLine || old.state == .reserved || old.state == .expired { release(old, stock) }
        settle(submit, self.stock(of: submit.sku) ?? stock, own: old.state == .reserved ? old.units : 0)
        isReplacing = false
        tellCrossings(from: stock, to: self.stock(of: submit.sku) ?? stock)
        serveLine(of: submit.sku)
    }

    private mutating func release(_ old: Intent, _ stock: Stock) {
        var released = old
        released.state = .cancelled
        released.holdUntil = nil
        guard old.state == .expired else { return enter(released, from: old.state, stock, unasked: true) }
        // It has no unit any more: only its way back is closed.
        put(released)
        tellEverybody(.intent(released, from: .expired, stock: stock))
    }
}
