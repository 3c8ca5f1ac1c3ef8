/// A message that asks a partition for a change.
public enum Command: Hashable, Sendable {
    case submit(Submit)
    /// A wish that could not be decided and that a person gave up: it is rejected, so that nobody waits for ever.
    case discard(Submit)
    case confirm(IntentChange)
    case cancel(IntentChange)
    case extend(Extension)
    case define(Definition)
    case adjust(Adjustment)
    case order(OrderCommand)

    /// The SKU whose partition decides this command; nil for a command about an order.
    public var sku: SKU? {
        switch self {
        case .submit(let submit), .discard(let submit): submit.sku
        case .confirm(let change), .cancel(let change): change.sku
        case .extend(let wish): wish.sku
        case .define(let definition): definition.sku
        case .adjust(let adjustment): adjustment.sku
        case .order: nil
        }
    }

    /// The intent that the command is about, if it is about one.
    public var token: Token? {
        switch self {
        case .submit(let submit), .discard(let submit): submit.token
        case .confirm(let change), .cancel(let change): change.token
        case .extend(let wish): wish.token
        case .define, .adjust, .order: nil
        }
    }

    /// The order that the command is about, if it is about one.
    public var order: Token? {
        if case .order(let command) = self { command.order } else { nil }
    }

    /// The id under which the result is kept; nil for a submit or a discard, where the token serves.
    public var id: CommandID? {
        switch self {
        case .submit, .discard: nil
        case .confirm(let change), .cancel(let change): change.id
        case .extend(let wish): wish.id
        case .define(let definition): definition.id
        case .adjust(let adjustment): adjustment.id
        case .order(let command): command.id
        }
    }

    /// What kind of change is asked for.
    public var kind: CommandKind {
        switch self {
        case .submit: .submit
        case .discard: .discard
        case .confirm: .confirm
        case .cancel: .cancel
        case .extend: .extend
        case .define: .define
        case .adjust: .adjust
        case .order(let command): command.kind
        }
    }

    /// All that the sender submitted, as one text: a known id with another payload is a conflict.
    ///
    /// The parts are joined by a line feed, which none of them can contain. Payloads are stored for ever: what was
    /// added later is a part only where it says something.
    public var payload: String {
        switch self {
        case .submit(let submit), .discard(let submit):
            "\(kind.rawValue)\n\(submit.token)\n\(submit.sku)\n\(submit.quantity)\n\(submit.buyer)"
                + "\n\(submit.onShortage?.rawValue ?? "policy")\n\(submit.replaces?.text ?? "nothing")"
        case .confirm(let change), .cancel(let change):
            "\(kind.rawValue)\n\(change.sku)\n\(change.token)"
                + (change.quantity.map { "\nquantity \($0)" } ?? "")
        case .extend(let wish):
            "\(kind.rawValue)\n\(wish.sku)\n\(wish.token)\n\(wish.holdUntil.microseconds)"
        case .define(let definition):
            "\(kind.rawValue)\n\(definition.sku)\n\(definition.stocked)\n\(definition.policy.holdSeconds)"
                + "\n\(definition.policy.maxPerIntent.map(String.init) ?? "unlimited")"
                + definition.laterPayload
        case .adjust(let adjustment):
            "\(kind.rawValue)\n\(adjustment.sku)\n\(adjustment.delta)\n\(adjustment.reason)"
        case .order(let command): command.payload
        }
    }
}

/// The kinds of commands; the raw value is the message's AMQP `type`.
public enum CommandKind: String, Sendable, CaseIterable {
    case submit = "weir.intent.submit.v1"
    case discard = "weir.intent.discard.v1"
    case confirm = "weir.intent.confirm.v1"
    case cancel = "weir.intent.cancel.v1"
    case extend = "weir.intent.extend.v1"
    case define = "weir.sku.define.v1"
    case adjust = "weir.sku.adjust.v1"
    case submitOrder = "weir.order.submit.v1"
    case discardOrder = "weir.order.discard.v1"
    case confirmOrder = "weir.order.confirm.v1"
    case cancelOrder = "weir.order.cancel.v1"
    case extendOrder = "weir.order.extend.v1"
    /// Stands for whatever one partition tells another; no message has this type.
    case orderMessage = "weir.order.message"

    /// The kinds that a client may send.
    public static let allCases: [CommandKind] = [
        .submit, .discard, .confirm, .cancel, .extend, .define, .adjust, .submitOrder, .discardOrder,
        .confirmOrder, .cancelOrder, .extendOrder,
    ]
}

extension Definition {
    /// The parts of the payload that say something beyond hold and limit of an intent.
    fileprivate var laterPayload: String {
        var text = ""
        func say(_ name: String, _ number: Int64?) {
            if let number { text += "\n\(name) \(number)" }
        }
        say("max_hold_seconds", policy.maxHoldSeconds)
        say("max_per_buyer", policy.maxPerBuyer)
        say("safety_stock", policy.safetyStock == 0 ? nil : policy.safetyStock)
        say("low_stock_at", policy.lowStockAt)
        say("on_sale_from", policy.onSaleFrom?.microseconds)
        say("on_sale_until", policy.onSaleUntil?.microseconds)
        if policy.onShortage != .reject { text += "\non_shortage \(policy.onShortage.rawValue)" }
        say("waitlist_limit", policy.waitlistLimit)
        say("backorder_limit", policy.backorderLimit)
        say("available_from", policy.availableFrom?.microseconds)
        switch ifVersion {
        case .exactly(let version): say("if_version", version)
        case .any: text += "\nif_version any"
        case nil: break
        }
        return text
    }
}
