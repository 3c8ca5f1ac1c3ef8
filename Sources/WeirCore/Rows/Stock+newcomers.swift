extension Stock {
    /// Whether some intent that replaces no older one could get units or a place in line.
    ///
    /// When it is false every such intent would be rejected, whatever its quantity, its buyer and its `on_shortage`:
    /// there is no unit on offer, and no line that it may join has room for one unit. Time alone never changes that,
    /// only a change of the row does. The other way round it promises nothing: an intent may want more than there is.
    public var canServeNewcomers: Bool {
        if offered > 0 { return true }
        let isRoomInWaitlist = policy.waitlistLimit.map { waitlisted < $0 } ?? true
        switch policy.onShortage {
        case .reject: return false
        case .waitlist: return isRoomInWaitlist
        // An intent may ask for less than the policy promises, and wait in the other line.
        case .backorder: return isRoomInWaitlist || policy.backorderLimit.map { backordered < $0 } ?? true
        }
    }
}
