/// What a shop decided about a SKU. It may change at any time; promises already given stay as they were.
///
/// Every limit counts units, and one that is nil is no limit.
public struct SKUPolicy: Hashable, Sendable {
    /// How long units are set aside before the hold expires, in seconds; 0 makes every sale final at once.
    public var holdSeconds: Int64
    /// The longest that a hold may last when it is extended, in seconds from its beginning; nil permits no extension.
    public var maxHoldSeconds: Int64?
    /// The most units that one intent may ask for.
    public var maxPerIntent: Int64?
    /// The most units that one buyer may have a claim on, over the lifetime of the SKU; what is cancelled or expires
    /// is given back.
    public var maxPerBuyer: Int64?
    /// Units that are never offered.
    public var safetyStock: Int64
    /// With this many units on offer or fewer the SKU is low; nil never says so.
    public var lowStockAt: Int64?
    /// When the sale begins; nil has begun.
    public var onSaleFrom: Timestamp?
    /// When the sale ends; nil never does.
    public var onSaleUntil: Timestamp?
    /// What becomes of an intent for which there are too few units.
    public var onShortage: ShortageRule
    /// The most units that may be waited for.
    public var waitlistLimit: Int64?
    /// The most units that may be promised out of stock to come; needed for ``ShortageRule/backorder``.
    public var backorderLimit: Int64?
    /// When stock is expected, shown to buyers who are promised some of it: a preorder's date.
    public var availableFrom: Timestamp?

    /// What ``holdSeconds`` and ``maxHoldSeconds`` may be: up to 366 days.
    public static let holdSecondsRange: ClosedRange<Int64> = 0...31_622_400
    /// How long a hold lasts when nothing is said: 15 minutes.
    public static let defaultHoldSeconds: Int64 = 900

    /// A policy; what is not said takes its default.
    public init(
        holdSeconds: Int64 = SKUPolicy.defaultHoldSeconds, maxHoldSeconds: Int64? = nil,
        maxPerIntent: Int64? = nil, maxPerBuyer: Int64? = nil, safetyStock: Int64 = 0,
        lowStockAt: Int64? = nil, onSaleFrom: Timestamp? = nil, onSaleUntil: Timestamp? = nil,
        onShortage: ShortageRule = .reject, waitlistLimit: Int64? = nil, backorderLimit: Int64? = nil,
        availableFrom: Timestamp? = nil
    ) {
        self.holdSeconds = holdSeconds
        self.maxHoldSeconds = maxHoldSeconds
        self.maxPerIntent = maxPerIntent
        self.maxPerBuyer = maxPerBuyer
        self.safetyStock = safetyStock
        self.lowStockAt = lowStockAt
        self.onSaleFrom = onSaleFrom
        self.onSaleUntil = onSaleUntil
        self.onShortage = onShortage
        self.waitlistLimit = waitlistLimit
        self.backorderLimit = backorderLimit
        self.availableFrom = availableFrom
    }

    /// Whether the SKU is on sale at this moment.
    public func isOnSale(at moment: Timestamp) -> Bool {
        if let onSaleFrom, moment < onSaleFrom { return false }
        if let onSaleUntil, moment >= onSaleUntil { return false }
        return true
    }

    /// The fields that contradict each other: the one to correct, and how; nil when they go together.
    public var contradiction: (field: String, remedy: String)? {
        if let longest = maxHoldSeconds, longest < holdSeconds {
            return ("max_hold_seconds", "is less than 'hold_seconds'; send at least \(holdSeconds)")
        }
        if let onSaleFrom, let onSaleUntil, onSaleUntil <= onSaleFrom {
            return ("on_sale_until", "is not after 'on_sale_from'; send a later time")
        }
        if onShortage == .backorder, backorderLimit == nil {
            return ("backorder_limit", "is missing; say how many units may be promised")
        }
        return nil
    }
}
