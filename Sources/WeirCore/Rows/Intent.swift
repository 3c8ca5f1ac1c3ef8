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
    /// What the sender wanted to happen if there are too few; part of the payload that a retry must repeat.
    public let onShortage: ShortageRule
    /// Where it stands.
    public var state: IntentState
    /// Why it was rejected; nil in every other state.
    public var reason: RejectionReason?
    /// When the hold ends; nil unless ``state`` is `reserved`.
    public var holdUntil: Timestamp?
    /// When its token was first decided.
    public let decidedAt: Timestamp

    /// A row as it was stored.
    public init(
        token: Token, sku: SKU, quantity: Quantity, buyer: Buyer, onShortage: ShortageRule = .reject,
        state: IntentState, reason: RejectionReason? = nil, holdUntil: Timestamp? = nil, decidedAt: Timestamp
    ) {
        self.token = token
        self.sku = sku
        self.quantity = quantity
        self.buyer = buyer
        self.onShortage = onShortage
        self.state = state
        self.reason = reason
        self.holdUntil = holdUntil
        self.decidedAt = decidedAt
    }

    /// Whether a submit repeats the one that this intent was decided from.
    public func repeats(_ submit: Submit) -> Bool {
        token == submit.token && sku == submit.sku && quantity == submit.quantity && buyer == submit.buyer
            && onShortage == submit.onShortage
    }
}
