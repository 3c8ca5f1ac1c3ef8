/// A command about an order, or a message that one partition sends another about it.
public enum OrderCommand: Hashable, Sendable {
    case submit(OrderSubmit)
    /// An order that could not be decided and that a person gave up: it is rejected, so that nobody waits for ever.
    case discard(OrderSubmit)
    case confirm(OrderChange)
    case cancel(OrderChange)
    case extend(OrderExtension)
    /// From another partition; never from a client.
    case message(OrderMessage)

    /// The order that the command is about.
    public var order: Token {
        switch self {
        case .submit(let submit), .discard(let submit): submit.token
        case .confirm(let change), .cancel(let change): change.order
        case .extend(let wish): wish.order
        case .message(let message): message.order
        }
    }

    /// The id under which the result is kept; nil for a submit or a discard, where the token serves, and for a message.
    public var id: CommandID? {
        switch self {
        case .submit, .discard, .message: nil
        case .confirm(let change), .cancel(let change): change.id
        case .extend(let wish): wish.id
        }
    }

    /// What kind of change is asked for.
    public var kind: CommandKind {
        switch self {
        case .submit: .submitOrder
        case .discard: .discardOrder
        case .confirm: .confirmOrder
        case .cancel: .cancelOrder
        case .extend: .extendOrder
        case .message: .orderMessage
        }
    }

    /// All that the sender submitted, as one text: a known id with another payload is a conflict.
    public var payload: String {
        let kind = kind.rawValue
        switch self {
        case .submit(let submit), .discard(let submit):
            return submit.lines.reduce("\(kind)\n\(submit.token)\n\(submit.buyer)") {
                $0 + "\n\($1.sku)\n\($1.quantity)"
            }
        case .confirm(let change), .cancel(let change):
            return change.lines.reduce("\(kind)\n\(change.order)") { $0 + "\n\($1)" }
        case .extend(let wish): return "\(kind)\n\(wish.order)\n\(wish.holdUntil.microseconds)"
        case .message: return ""
        }
    }
}

/// One client's wish to buy several SKUs, all or nothing.
public struct OrderSubmit: Hashable, Sendable {
    /// The client's idempotency key.
    public let token: Token
    /// By whom.
    public let buyer: Buyer
    /// What is wanted, each SKU once.
    public let lines: [OrderLine]
    /// Where the outcome goes if it comes in a later batch; no part of the payload.
    public var sender: Sender?
    /// How many lines an order may have.
    public static let lineLimit = 1...500

    /// A wish to buy `lines`; those of the same SKU are merged into the first one.
    ///
    /// Nil when there are none or more than ``lineLimit``, or when the merged quantity is out of its range.
    public init?(token: Token, buyer: Buyer, lines: [(sku: SKU, quantity: Quantity)], sender: Sender? = nil) {
        guard Self.lineLimit.contains(lines.count) else { return nil }
        var merged: [OrderLine] = []
        var places: [SKU: Int] = [:]
        for line in lines {
            guard let place = places[line.sku] else {
                places[line.sku] = merged.count
                merged.append(OrderLine(sku: line.sku, quantity: line.quantity))
                continue
            }
            guard let sum = Quantity(merged[place].quantity.units + line.quantity.units) else { return nil }
            merged[place] = OrderLine(sku: line.sku, quantity: sum)
        }
        self.token = token
        self.buyer = buyer
        self.lines = merged
        self.sender = sender
    }
}

/// A confirm or a cancel of an order.
public struct OrderChange: Hashable, Sendable {
    /// The command's own name.
    public let id: CommandID
    /// The order to change.
    public let order: Token
    /// For a cancel: the lines to give up, ascending; none is the whole order.
    public let lines: [Int]
    /// Where the result goes if it comes in a later batch; no part of the payload.
    public var sender: Sender?

    /// A change of the order `order`.
    public init(id: CommandID, order: Token, lines: [Int] = [], sender: Sender? = nil) {
        self.id = id
        self.order = order
        self.lines = Set(lines).sorted()
        self.sender = sender
    }
}

/// Asks for a later deadline of an order's hold.
public struct OrderExtension: Hashable, Sendable {
    /// The command's own name.
    public let id: CommandID
    /// The order whose hold shall last longer.
    public let order: Token
    /// Until when.
    public let holdUntil: Timestamp

    /// An extension of the hold of the order `order`.
    public init(id: CommandID, order: Token, holdUntil: Timestamp) {
        self.id = id
        self.order = order
        self.holdUntil = holdUntil
    }
}

/// What one partition tells another about an order.
public enum OrderMessage: Hashable, Sendable {
    /// The coordinator: so the order stands.
    case image(Order)
    /// A participant: so my lines stand.
    case answer(PartAnswer)
    /// A participant: how does the order stand?
    case inquiry(PartInquiry)

    /// The order that the message is about.
    public var order: Token {
        switch self {
        case .image(let order): order.token
        case .answer(let answer): answer.order
        case .inquiry(let inquiry): inquiry.order
        }
    }
}

/// A participant's answer to an order's image.
public struct PartAnswer: Hashable, Sendable {
    /// The order.
    public let order: Token
    /// The participant.
    public let partition: Int
    /// The version of the order that it answers.
    public let version: Int64
    /// Whether every line of the part is as the image wants it.
    public let isComplete: Bool
    /// The lines that are short, and why.
    public let shortages: [LineShortage]
    /// The shortest hold of its lines, in seconds.
    public let holdSeconds: Int64
    /// The longest that the hold may last when it is extended, in seconds; 0 when some line permits no extension.
    public let maxHoldSeconds: Int64

    /// An answer.
    public init(
        order: Token, partition: Int, version: Int64, isComplete: Bool, shortages: [LineShortage],
        holdSeconds: Int64, maxHoldSeconds: Int64
    ) {
        self.order = order
        self.partition = partition
        self.version = version
        self.isComplete = isComplete
        self.shortages = shortages
        self.holdSeconds = holdSeconds
        self.maxHoldSeconds = maxHoldSeconds
    }
}

/// A line that could not be reserved.
public struct LineShortage: Hashable, Sendable {
    /// Its number.
    public let line: Int
    /// Why.
    public let reason: RejectionReason

    /// A shortage of this line.
    public init(line: Int, reason: RejectionReason) {
        self.line = line
        self.reason = reason
    }
}

/// A participant's question how an order stands.
public struct PartInquiry: Hashable, Sendable {
    /// The order.
    public let order: Token
    /// By whom the order was submitted.
    public let buyer: Buyer
    /// The participant.
    public let partition: Int
    /// The version of the order that the part has followed.
    public let version: Int64
    /// When the part asks next if it hears nothing.
    public let guardAt: Timestamp

    /// A question.
    public init(order: Token, buyer: Buyer, partition: Int, version: Int64, guardAt: Timestamp) {
        self.order = order
        self.buyer = buyer
        self.partition = partition
        self.version = version
        self.guardAt = guardAt
    }
}
