/// One client's wish to buy, decided: a row of the table `intent`, and the image that its events carry.
public struct Intent: Hashable, Sendable {
    /// Names the intent for ever.
    public let token: Token
    /// What is wanted.
    public let sku: SKU
    /// How many of it.
    public let quantity: Quantity
    /// By whom.
    public let buyer: Buyer
    /// What the sender wanted to happen if there are too few, nil as the SKU's policy says; part of the payload that a
    /// retry must repeat.
    public let onShortage: ShortageRule?
    /// The older intent of the same buyer that this one takes the place of; part of the payload, too.
    public let replaces: Token?
    /// Where it stands.
    public var state: IntentState
    /// Why it was rejected; nil in every other state.
    public var reason: RejectionReason?
    /// When the hold ends; nil unless ``state`` is `reserved`.
    public var holdUntil: Timestamp?
    /// When its token was first decided.
    public let decidedAt: Timestamp
    /// Its place in line, counted up for each SKU; kept when its turn has come, nil if it never stood in line.
    public var place: Int64?
    /// When its turn came; nil if it never stood in line or still does.
    public var grantedAt: Timestamp?
    /// The date that was shown when units were promised to it.
    public var availableFrom: Timestamp?
    /// Units that were given back after the sale, while others stayed sold.
    public var returned: Int64

    /// A row as it was stored.
    public init(
        token: Token, sku: SKU, quantity: Quantity, buyer: Buyer, onShortage: ShortageRule? = nil,
        replaces: Token? = nil, state: IntentState, reason: RejectionReason? = nil,
        holdUntil: Timestamp? = nil, decidedAt: Timestamp, place: Int64? = nil, grantedAt: Timestamp? = nil,
        availableFrom: Timestamp? = nil, returned: Int64 = 0
    ) {
        self.token = token
        self.sku = sku
        self.quantity = quantity
        self.buyer = buyer
        self.onShortage = onShortage
        self.replaces = replaces
        self.state = state
        self.reason = reason
        self.holdUntil = holdUntil
        self.decidedAt = decidedAt
        self.place = place
        self.grantedAt = grantedAt
        self.availableFrom = availableFrom
        self.returned = returned
    }

    /// The units that it has, waits for or is promised, as its state says.
    public var units: Int64 { quantity.units - returned }

    /// Whether a submit repeats the one that this intent was decided from.
    public func repeats(_ submit: Submit) -> Bool {
        token == submit.token && sku == submit.sku && quantity == submit.quantity && buyer == submit.buyer
            && onShortage == submit.onShortage && replaces == submit.replaces
    }
}
