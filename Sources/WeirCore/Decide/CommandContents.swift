/// One client's wish to buy.
public struct Submit: Hashable, Sendable {
    /// The client's idempotency key.
    public let token: Token
    /// What is wanted.
    public let sku: SKU
    /// How many of it.
    public let quantity: Quantity
    /// By whom.
    public let buyer: Buyer
    /// What to do when there are too few, and not more than the SKU's policy promises; nil is as that says.
    public let onShortage: ShortageRule?
    /// The older intent of the same buyer and SKU that this one takes the place of.
    public let replaces: Token?

    /// A wish to buy.
    public init(
        token: Token, sku: SKU, quantity: Quantity, buyer: Buyer, onShortage: ShortageRule? = nil,
        replaces: Token? = nil
    ) {
        self.token = token
        self.sku = sku
        self.quantity = quantity
        self.buyer = buyer
        self.onShortage = onShortage
        self.replaces = replaces
    }
}

/// A confirm or a cancel of a decided intent.
public struct IntentChange: Hashable, Sendable {
    /// The command's own name.
    public let id: CommandID
    /// The intent to change.
    public let token: Token
    /// The SKU of that intent, which finds the partition.
    public let sku: SKU
    /// For a cancel: how many of the units that were sold are given back; nil gives the whole intent up.
    public let quantity: Quantity?

    /// A change of the intent `token`.
    public init(id: CommandID, token: Token, sku: SKU, quantity: Quantity? = nil) {
        self.id = id
        self.token = token
        self.sku = sku
        self.quantity = quantity
    }
}

/// Asks for a later deadline of a hold.
public struct Extension: Hashable, Sendable {
    /// The command's own name.
    public let id: CommandID
    /// The intent whose hold shall last longer.
    public let token: Token
    /// The SKU of that intent, which finds the partition.
    public let sku: SKU
    /// Until when.
    public let holdUntil: Timestamp

    /// An extension of the hold of the intent `token`.
    public init(id: CommandID, token: Token, sku: SKU, holdUntil: Timestamp) {
        self.id = id
        self.token = token
        self.sku = sku
        self.holdUntil = holdUntil
    }
}

/// Creates a SKU, or changes the policy of a known one.
public struct Definition: Hashable, Sendable {
    /// The command's own name.
    public let id: CommandID
    /// The SKU to define.
    public let sku: SKU
    /// The initial stock, in ``StockLimit/stocked``; it counts on creation only.
    public let stocked: Int64
    /// The whole policy.
    public let policy: SKUPolicy
    /// Which version the SKU must have, so that nobody's update is lost; nil takes whatever is there, or nothing.
    public let ifVersion: VersionMatch?

    /// A definition of `sku`.
    public init(
        id: CommandID, sku: SKU, stocked: Int64, policy: SKUPolicy, ifVersion: VersionMatch? = nil
    ) {
        self.id = id
        self.sku = sku
        self.stocked = stocked
        self.policy = policy
        self.ifVersion = ifVersion
    }
}

/// Which version a SKU must have.
public enum VersionMatch: Hashable, Sendable {
    /// This one.
    case exactly(Int64)
    /// Any: the SKU must be there.
    case any

    /// Whether a SKU, or none, has such a version.
    public func matches(_ stock: Stock?) -> Bool {
        guard let stock else { return false }
        switch self {
        case .exactly(let version): return stock.version == version
        case .any: return true
        }
    }
}

/// Adds units to a SKU, or takes some that nobody has a claim on.
public struct Adjustment: Hashable, Sendable {
    /// The command's own name.
    public let id: CommandID
    /// The SKU to adjust.
    public let sku: SKU
    /// Units to add, or to take when negative; not 0, in ``StockLimit/delta``.
    public let delta: Int64
    /// Why, in the shop's words: 1 to ``longestReason`` bytes without control characters.
    public let reason: String
    /// The greatest length of ``reason`` in bytes.
    public static let longestReason = 256

    /// An adjustment of `sku`.
    public init(id: CommandID, sku: SKU, delta: Int64, reason: String) {
        self.id = id
        self.sku = sku
        self.delta = delta
        self.reason = reason
    }
}
