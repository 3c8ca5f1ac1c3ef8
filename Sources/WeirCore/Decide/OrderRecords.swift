/// What an event of an order tells.
public enum OrderHappening: Hashable, Sendable {
    /// An order came into a state, or one of its lines was given up. `from` is nil when it was queued.
    case state(Order, from: OrderState?)
    /// A payment came after the hold expired and not every line could be taken again: the money must go back.
    case shortfall(Order)
    /// A participant answers an order's image.
    case part(PartAnswer)
    /// A participant asks how an order stands.
    case inquired(PartInquiry)
    /// The coordinator tells a participant once more how an order stands.
    case told(Order)
    /// A known token came with another payload; nothing changed.
    case conflict(Token)
    /// A command changed nothing, or a known one came again: this is its result.
    case answered(kind: CommandKind, id: String, order: Token, result: CommandResult)

    /// The order that the event is about.
    public var order: Token {
        switch self {
        case .state(let order, _), .shortfall(let order), .told(let order): order.token
        case .part(let answer): answer.order
        case .inquired(let inquiry): inquiry.order
        case .conflict(let token), .answered(_, _, let token, _): token
        }
    }
}

/// What a partition read of orders to decide a batch; empty in a batch without any.
public struct OrderSnapshot: Sendable {
    /// The partition that decides.
    public var partition: Int
    /// How SKUs and orders find their partitions.
    public var partitioning: Partitioning
    /// The orders that the batch names, whoever coordinates them.
    public var rows: [Token: OrderRow] = [:]
    /// This partition's parts of the orders that the batch names. The intents of their lines, and of the lines of orders
    /// that this partition coordinates, stand in ``Snapshot/intents``.
    public var parts: [Token: OrderPart] = [:]
    /// What other partitions keep of them, by partition and without the lines: whoever says something of a part is
    /// believed only when it is there.
    public var otherParts: [Token: [Int: OrderPart]] = [:]
    /// The orders of which something here has come due, the oldest first.
    public var due: [Token] = []

    /// A snapshot without orders.
    public init(partition: Int = 0, partitioning: Partitioning = .one) {
        self.partition = partition
        self.partitioning = partitioning
    }

    /// Whether a SKU lives here.
    public func isHome(of sku: SKU) -> Bool { partitioning.partition(of: sku) == partition }

    /// The participants of an order apart from this partition.
    public func others(of lines: some Sequence<OrderLine>) -> PartitionSet {
        var others = partitioning.participants(lines)
        others.remove(partition)
        return others
    }
}

extension Partitioning {
    /// The partitioning in which everything lives together.
    public static let one = Partitioning(unchecked: 1)
}

/// What a batch writes about orders; empty in a batch without any.
public struct OrderDecision: Hashable, Sendable {
    /// Orders that changed, in order of their token, so that two partitions that insert the same tokens cannot deadlock.
    public var rows: [OrderRowChange] = []
    /// Parts that changed, in order of their order's token.
    public var parts: [OrderPartChange] = []
    /// Where the events go that are messages, in order of their number.
    public var addresses: [EventAddress] = []
    /// Who has waited for an event since an earlier batch, in order of their number.
    public var answers: [LateAnswer] = []

    /// Nothing.
    public init() {}

    /// Whether there is nothing to write.
    public var isEmpty: Bool { rows.isEmpty && parts.isEmpty && addresses.isEmpty && answers.isEmpty }
}

/// An order's row before and after a batch.
public struct OrderRowChange: Hashable, Sendable {
    /// The version that the row must still have; nil for an order that is recorded.
    public let versionBefore: Int64?
    /// The row to write.
    public let after: OrderRow

    /// A change from `versionBefore` to `after`.
    public init(versionBefore: Int64?, after: OrderRow) {
        self.versionBefore = versionBefore
        self.after = after
    }
}

/// A part before and after a batch.
public struct OrderPartChange: Hashable, Sendable {
    /// Whether the part was not known before.
    public let isNew: Bool
    /// The part to write.
    public let after: OrderPart

    /// A change that leads to `after`.
    public init(isNew: Bool, after: OrderPart) {
        self.isNew = isNew
        self.after = after
    }
}

/// The partitions that an event is sent to.
public struct EventAddress: Hashable, Sendable {
    /// The event's number in the sender's log.
    public let seq: Int64
    /// Where it goes.
    public let to: PartitionSet

    /// An address of the event `seq`.
    public init(seq: Int64, to: PartitionSet) {
        self.seq = seq
        self.to = to
    }
}

/// An event that answers a sender whose command came in an earlier batch.
public struct LateAnswer: Hashable, Sendable {
    /// The event's number in the log.
    public let seq: Int64
    /// Who waits for it.
    public let sender: Sender

    /// The answer `seq` to `sender`.
    public init(seq: Int64, sender: Sender) {
        self.seq = seq
        self.sender = sender
    }
}
