/// A message that asks a partition for a change.
public enum Command: Hashable, Sendable {
    case submit(Submit)
    /// A wish that could not be decided and that a person gave up: it is rejected, so that nobody waits for ever.
    case discard(Submit)
    case confirm(IntentChange)
    case cancel(IntentChange)
    case define(Definition)
    case adjust(Adjustment)

    /// The SKU whose partition decides this command.
    public var sku: SKU {
        switch self {
        case .submit(let submit), .discard(let submit): submit.sku
        case .confirm(let change), .cancel(let change): change.sku
        case .define(let definition): definition.sku
        case .adjust(let adjustment): adjustment.sku
        }
    }

    /// The intent that the command is about, if it is about one.
    public var token: Token? {
        switch self {
        case .submit(let submit), .discard(let submit): submit.token
        case .confirm(let change), .cancel(let change): change.token
        case .define, .adjust: nil
        }
    }

    /// The id under which the result is kept; nil for a submit or a discard, where the token serves.
    public var id: CommandID? {
        switch self {
        case .submit, .discard: nil
        case .confirm(let change), .cancel(let change): change.id
        case .define(let definition): definition.id
        case .adjust(let adjustment): adjustment.id
        }
    }

    /// What kind of change is asked for.
    public var kind: CommandKind {
        switch self {
        case .submit: .submit
        case .discard: .discard
        case .confirm: .confirm
        case .cancel: .cancel
        case .define: .define
        case .adjust: .adjust
        }
    }

    /// All that the sender submitted, as one text: a known id with another payload is a conflict.
    ///
    /// The parts are joined by a line feed, which none of them can contain.
    public var payload: String {
        switch self {
        case .submit(let submit), .discard(let submit):
            "\(kind.rawValue)\n\(submit.token)\n\(submit.sku)\n\(submit.quantity)\n\(submit.buyer)"
                + "\n\(submit.onShortage.rawValue)"
        case .confirm(let change), .cancel(let change):
            "\(kind.rawValue)\n\(change.sku)\n\(change.token)"
        case .define(let definition):
            "\(kind.rawValue)\n\(definition.sku)\n\(definition.stocked)\n\(definition.policy.holdSeconds)"
                + "\n\(definition.policy.maxPerIntent.map(String.init) ?? "unlimited")"
        case .adjust(let adjustment):
            "\(kind.rawValue)\n\(adjustment.sku)\n\(adjustment.delta)\n\(adjustment.reason)"
        }
    }
}

/// The kinds of commands; the raw value is the message's AMQP `type`.
public enum CommandKind: String, Sendable, CaseIterable {
    case submit = "weir.intent.submit.v1"
    case discard = "weir.intent.discard.v1"
    case confirm = "weir.intent.confirm.v1"
    case cancel = "weir.intent.cancel.v1"
    case define = "weir.sku.define.v1"
    case adjust = "weir.sku.adjust.v1"
}

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
    /// What to do when there are too few.
    public let onShortage: ShortageRule

    /// A wish to buy.
    public init(token: Token, sku: SKU, quantity: Quantity, buyer: Buyer, onShortage: ShortageRule = .reject)
    {
        self.token = token
        self.sku = sku
        self.quantity = quantity
        self.buyer = buyer
        self.onShortage = onShortage
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

    /// A change of the intent `token`.
    public init(id: CommandID, token: Token, sku: SKU) {
        self.id = id
        self.token = token
        self.sku = sku
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

    /// A definition of `sku`.
    public init(id: CommandID, sku: SKU, stocked: Int64, policy: SKUPolicy) {
        self.id = id
        self.sku = sku
        self.stocked = stocked
        self.policy = policy
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
