/// One SKU of an order.
public struct OrderLine: Hashable, Sendable {
    /// What is wanted.
    public let sku: SKU
    /// How many of it.
    public let quantity: Quantity
    /// Why it could not be reserved, as far as its partition has said so.
    public var shortage: RejectionReason?
    /// Whether a cancel of its own gave it up while others were kept.
    public var isGivenUp: Bool

    /// A line.
    public init(
        sku: SKU, quantity: Quantity, shortage: RejectionReason? = nil, isGivenUp: Bool = false
    ) {
        self.sku = sku
        self.quantity = quantity
        self.shortage = shortage
        self.isGivenUp = isGivenUp
    }
}

/// Several SKUs under one token, all or nothing: the image that the events of an order carry.
public struct Order: Hashable, Sendable {
    /// Names the order for ever.
    public let token: Token
    /// By whom.
    public let buyer: Buyer
    /// The partition that decides the order.
    public let coordinator: Int
    /// The lines, each SKU once; line n stands at n - 1. Empty in an order that was asked about and never known.
    public var lines: [OrderLine]
    /// Where it stands.
    public var state: OrderState
    /// Why it was rejected; nil in every other state.
    public var reason: RejectionReason?
    /// Counts every change, from 1.
    public var version: Int64
    /// When the hold ends; nil unless ``state`` is `reserved`.
    public var holdUntil: Timestamp?
    /// When it was first known whether its lines could be reserved; nil until then.
    public var decidedAt: Timestamp?

    /// An order as it was stored.
    public init(
        token: Token, buyer: Buyer, coordinator: Int, lines: [OrderLine], state: OrderState,
        reason: RejectionReason? = nil, version: Int64, holdUntil: Timestamp? = nil,
        decidedAt: Timestamp? = nil
    ) {
        self.token = token
        self.buyer = buyer
        self.coordinator = coordinator
        self.lines = lines
        self.state = state
        self.reason = reason
        self.version = version
        self.holdUntil = holdUntil
        self.decidedAt = decidedAt
    }

    /// Whether a submit repeats the one that this order was decided from. An order that was recorded as cancelled
    /// before anybody submitted it is the outcome of whatever comes under its token.
    public func repeats(_ submit: OrderSubmit) -> Bool {
        guard token == submit.token else { return false }
        guard !lines.isEmpty else { return true }
        return buyer == submit.buyer
            && lines.elementsEqual(submit.lines) { $0.sku == $1.sku && $0.quantity == $1.quantity }
    }

    /// Whether `image` shows this order, as it stands or as it stood, and not one of before its token was forgotten. Of
    /// what is undecided only the present version counts: nobody waits for the answer to an older one.
    public func isShown(by image: Order) -> Bool {
        guard token == image.token, coordinator == image.coordinator, buyer == image.buyer,
            image.version <= version,
            lines.elementsEqual(image.lines, by: { $0.sku == $1.sku && $0.quantity == $1.quantity })
        else { return false }
        if image.state.isUndecided { return image.version == version && image.state == state }
        return image.decidedAt == decidedAt
    }

    /// The intent that stands for line `number`.
    public func lineToken(_ number: Int) -> Token { .line(number, of: token) }

    /// Where a line stands when it has followed the order; nil while it is not decided.
    public func state(of line: OrderLine) -> IntentState? {
        if line.isGivenUp { return .cancelled }
        switch state {
        case .reserving: return nil
        case .reserved: return .reserved
        case .confirmed: return .confirmed
        case .cancelled: return .cancelled
        case .expired, .reclaiming: return .expired
        case .rejected: return line.shortage == nil ? .cancelled : .rejected
        }
    }
}

/// An order as its coordinator keeps it: a row of the table `orders`.
public struct OrderRow: Hashable, Sendable {
    /// What events show.
    public var order: Order
    /// The participants that have not answered the order's present version yet.
    public var awaited: PartitionSet
    /// When the coordinator looks at the order by itself: the end of the hold or of the gathering, or the time to send
    /// again what was not answered; nil when nothing is left to do.
    public var dueAt: Timestamp?
    /// When the version was counted up last.
    public var changedAt: Timestamp
    /// The shortest hold that the lines have allowed so far, in seconds.
    public var holdSeconds: Int64
    /// The longest that the hold may last when it is extended, in seconds; 0 when some line permits no extension.
    public var maxHoldSeconds: Int64
    /// Who waits for the end of `reserving` or `reclaiming`.
    public var sender: Sender?
    /// The confirm whose result the end of `reclaiming` is.
    public var confirmID: CommandID?
    /// The last event of the coordinator's log that shows the order: as long as that is there, so is the row.
    public var lastSeq: Int64

    /// A row as it was stored.
    public init(
        order: Order, awaited: PartitionSet = [], dueAt: Timestamp? = nil, changedAt: Timestamp,
        holdSeconds: Int64 = SKUPolicy.holdSecondsRange.upperBound,
        maxHoldSeconds: Int64 = SKUPolicy.holdSecondsRange.upperBound, sender: Sender? = nil,
        confirmID: CommandID? = nil, lastSeq: Int64 = 0
    ) {
        self.order = order
        self.awaited = awaited
        self.dueAt = dueAt
        self.changedAt = changedAt
        self.holdSeconds = holdSeconds
        self.maxHoldSeconds = maxHoldSeconds
        self.sender = sender
        self.confirmID = confirmID
        self.lastSeq = lastSeq
    }
}

/// Where an answer goes that comes in a later batch than the question.
public struct Sender: Hashable, Sendable {
    /// The sender's queue.
    public let replyTo: String
    /// What the sender recognizes the answer by.
    public let correlationID: String?

    /// A sender who waits at this queue.
    public init(replyTo: String, correlationID: String?) {
        self.replyTo = replyTo
        self.correlationID = correlationID
    }
}

/// What a participant keeps of an order beside the intents of its lines: a row of the table `order_part`.
public struct OrderPart: Hashable, Sendable {
    /// The order.
    public let order: Token
    /// The partition that decides it.
    public let coordinator: Int
    /// The lines that live here, in order of their number.
    public var lines: [Int]
    /// The version of the order that these lines have followed.
    public var version: Int64
    /// When the part asks the coordinator how the order stands; nil when it holds nothing.
    public var guardAt: Timestamp?
    /// How often it has asked since it last heard of the order.
    public var asked: Int
    /// The last event of the participant's log that answers or asks for the order: as long as that is there, so is the
    /// row.
    public var lastSeq: Int64

    /// A part as it was stored.
    public init(
        order: Token, coordinator: Int, lines: [Int], version: Int64, guardAt: Timestamp? = nil,
        asked: Int = 0, lastSeq: Int64 = 0
    ) {
        self.order = order
        self.coordinator = coordinator
        self.lines = lines
        self.version = version
        self.guardAt = guardAt
        self.asked = asked
        self.lastSeq = lastSeq
    }
}

/// Times that bound how long an order can stay unfinished. All in seconds.
public enum OrderPatience {
    /// How long participants may take to answer before the order is rejected.
    public static let gathering: Int64 = 60
    /// How long a question or an image may stay unanswered before it is sent again, the first time; doubled each time.
    public static let answer: Int64 = 60
    /// The longest time between two questions.
    public static let longest: Int64 = 3_600
}
