/// What a shop decided about a SKU. It may change at any time; promises already given stay as they were.
public struct SKUPolicy: Hashable, Sendable {
    /// How long units are set aside before the hold expires, in seconds; 0 makes every sale final at once.
    public var holdSeconds: Int64
    /// The most units that one intent may ask for; nil is no limit.
    public var maxPerIntent: Int64?

    /// What ``holdSeconds`` may be: up to 366 days.
    public static let holdSecondsRange: ClosedRange<Int64> = 0...31_622_400
    /// How long a hold lasts when nothing is said: 15 minutes.
    public static let defaultHoldSeconds: Int64 = 900

    /// A policy; what is not said takes its default.
    public init(holdSeconds: Int64 = SKUPolicy.defaultHoldSeconds, maxPerIntent: Int64? = nil) {
        self.holdSeconds = holdSeconds
        self.maxPerIntent = maxPerIntent
    }
}

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
    /// Counts every change of this row, from 1.
    public var version: Int64
    /// What the shop decided about the SKU.
    public var policy: SKUPolicy

    /// A row as it was stored.
    public init(
        sku: SKU, stocked: Int64, available: Int64, held: Int64, sold: Int64, version: Int64,
        policy: SKUPolicy
    ) {
        self.sku = sku
        self.stocked = stocked
        self.available = available
        self.held = held
        self.sold = sold
        self.version = version
        self.policy = policy
    }

    /// A SKU that was just defined: all of its units are available.
    public init(defining sku: SKU, stocked: Int64, policy: SKUPolicy) {
        self.init(
            sku: sku, stocked: stocked, available: stocked, held: 0, sold: 0, version: 1, policy: policy)
    }

    /// Promise 1: nothing is oversold, and every unit is in exactly one place.
    public var isBalanced: Bool {
        stocked == available + held + sold && available >= 0 && held >= 0 && sold >= 0
    }
}
