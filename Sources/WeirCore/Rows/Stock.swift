/// The stock of one SKU: a row of the table `sku`, and the image that every event about it carries.
public struct Stock: Hashable, Sendable {
    /// The item.
    public let sku: SKU
    /// Units that the shop has or has sold; changed by adjustments only.
    public var stocked: Int64
    /// Units that nobody has a claim on.
    public var available: Int64
    /// Units set aside by holds.
    public var held: Int64
    /// Units sold.
    public var sold: Int64
    /// Units that the intents in the waitlist wait for.
    public var waitlisted: Int64
    /// Units that are promised out of stock to come.
    public var backordered: Int64
    /// Counts every change of this row, from 1.
    public var version: Int64
    /// The place in line that was given out last, from 1; 0 before the first.
    public var lastPlace: Int64
    /// Whether the units of each buyer are counted: from the first ``SKUPolicy/maxPerBuyer`` on, for ever.
    public var countsBuyers: Bool
    /// What the shop decided about the SKU.
    public var policy: SKUPolicy

    /// A row as it was stored.
    public init(
        sku: SKU, stocked: Int64, available: Int64, held: Int64, sold: Int64, waitlisted: Int64 = 0,
        backordered: Int64 = 0, version: Int64, lastPlace: Int64 = 0, countsBuyers: Bool = false,
        policy: SKUPolicy
    ) {
        self.sku = sku
        self.stocked = stocked
        self.available = available
        self.held = held
        self.sold = sold
        self.waitlisted = waitlisted
        self.backordered = backordered
        self.version = version
        self.lastPlace = lastPlace
        self.countsBuyers = countsBuyers
        self.policy = policy
    }

    /// A SKU that was just defined: all of its units are available.
    public init(defining sku: SKU, stocked: Int64, policy: SKUPolicy) {
        self.init(
            sku: sku, stocked: stocked, available: stocked, held: 0, sold: 0, version: 1,
            countsBuyers: policy.maxPerBuyer != nil, policy: policy)
    }

    /// Promise 1: nothing is oversold, and every unit is in exactly one place.
    public var isBalanced: Bool {
        stocked == available + held + sold && available >= 0 && held >= 0 && sold >= 0 && waitlisted >= 0
            && backordered >= 0
    }

    /// Whether somebody stands in line for units.
    public var hasLine: Bool { waitlisted > 0 || backordered > 0 }

    /// Units that may be given to somebody: those available without the safety stock.
    public var grantable: Int64 { max(0, available - policy.safetyStock) }

    /// Units that a newcomer can have: none while anyone stands in line.
    public var offered: Int64 { hasLine ? 0 : grantable }

    /// The thresholds that a change from `before` to this row went through.
    public func crossings(from before: Stock) -> [Crossing] {
        let (old, new) = (before.offered, offered)
        if old == new, before.policy.lowStockAt == policy.lowStockAt { return [] }
        var crossings: [Crossing] = []
        if let threshold = policy.lowStockAt, new <= threshold {
            let wasLow = before.policy.lowStockAt.map { old <= $0 } ?? false
            if !wasLow { crossings.append(.lowStock) }
        }
        if old > 0, new == 0 { crossings.append(.soldOut) }
        if old == 0, new > 0 { crossings.append(.backInStock) }
        return crossings
    }

    /// Moves the units of an intent from one state to another: the only way in which intents touch stock.
    public mutating func move(_ units: Int64, from before: IntentState?, to after: IntentState) {
        let claimed = (before?.isClaim ?? false, after.isClaim)
        put(-units, before)
        put(units, after)
        if claimed.0 != claimed.1 { available += claimed.0 ? units : -units }
        version += 1
    }

    private mutating func put(_ units: Int64, _ state: IntentState?) {
        switch state {
        case .reserved: held += units
        case .confirmed: sold += units
        case .waitlisted: waitlisted += units
        case .backordered: backordered += units
        case nil, .cancelled, .expired, .rejected: break
        }
    }
}
