import WeirCore

/// Follows one order through its coordinator's log.
public struct OrderTrail: Sendable {
    /// The order after the last event; nil before the first one.
    public private(set) var image: Order?

    /// An order before its first event, or as a checkpoint shows it.
    public init(from image: Order? = nil) { self.image = image }

    /// Checks the next event about the order; returns what is wrong with it, or nil.
    public mutating func follow(_ happening: OrderHappening) -> String? {
        switch happening {
        case .part, .inquired, .conflict, .answered: return nil
        case .told(let order): return order == image ? nil : "it was told otherwise than it stands"
        case .shortfall(let order):
            return order == image && order.state == .expired
                ? nil : "a shortfall shows another order than the event before it"
        case .state(let order, let from):
            defer { image = order }
            guard let before = image else { return Self.problem(ofFirst: order, from) }
            guard let from else { return "it was recorded a second time" }
            guard from == before.state, Self.exits(of: from).contains(order.state) else {
                return "it went from \(before.state.rawValue) (\(from.rawValue)) to \(order.state.rawValue)"
            }
            guard order.version == before.version + 1 else {
                return "version \(order.version) follows version \(before.version)"
            }
            let isSame =
                before.token == order.token && before.buyer == order.buyer
                && before.coordinator == order.coordinator
                && (before.decidedAt == nil || before.decidedAt == order.decidedAt)
                && before.lines.elementsEqual(order.lines) { $0.sku == $1.sku && $0.quantity == $1.quantity }
            return isSame ? nil : "its payload or the time of its decision changed"
        }
    }

    /// Checks the row of the table against the last image.
    public func finish(_ row: Order?) -> String? {
        guard row != image else { return nil }
        guard let row else { return "the log records the order, but it has no row" }
        guard let image else { return "the order has a row, but the log does not record it" }
        return
            "the row is \(row.state.rawValue) in version \(row.version), but the log ends with"
            + " \(image.state.rawValue) in version \(image.version)"
    }

    private static func problem(ofFirst order: Order, _ from: OrderState?) -> String? {
        if let from { return "its first event says that it was \(from.rawValue)" }
        // An order that was asked about and not known takes the version behind the one that was asked with.
        if order.lines.isEmpty { return order.state == .cancelled ? nil : "it has no lines" }
        guard order.version == 1 else { return "its first version is \(order.version)" }
        return [.reserving, .reserved, .confirmed, .rejected].contains(order.state)
            ? nil : "it began as \(order.state.rawValue)"
    }

    /// The exits of the picture in docs/orders.md; into the same state where lines are given up or a hold is extended.
    private static func exits(of state: OrderState) -> [OrderState] {
        switch state {
        case .reserving: [.reserved, .confirmed, .rejected, .cancelled]
        case .reserved: [.reserved, .confirmed, .cancelled, .expired]
        case .confirmed: [.confirmed, .cancelled]
        case .expired: [.reclaiming, .confirmed]
        case .reclaiming: [.confirmed, .expired]
        case .cancelled, .rejected: []
        }
    }
}

/// Promise 8, all or nothing: compares the lines of an order with the order.
public struct LineAudit: Sendable {
    private let order: Order
    private let awaited: PartitionSet
    private let partitioning: Partitioning

    /// An audit of an order; lines in `awaited` partitions are still on their way to where it stands.
    public init(_ order: Order, awaited: PartitionSet, partitioning: Partitioning) {
        self.order = order
        self.awaited = awaited
        self.partitioning = partitioning
    }

    /// What is wrong with a line, or nil.
    ///
    /// - Parameters:
    ///   - number: the line's number.
    ///   - intent: the line as its partition has it; nil when it has none.
    ///   - isGuarded: whether that partition will ask how the order stands.
    public func problem(of number: Int, _ intent: Intent?, isGuarded: Bool) -> String? {
        let line = order.lines[number - 1]
        let home = partitioning.partition(of: line.sku)
        let name = "line \(order.lineToken(number)) of an order that is \(order.state.rawValue)"
        if let intent {
            guard intent.sku == line.sku, intent.quantity == line.quantity, intent.buyer == order.buyer else {
                return "\(name) is about something else"
            }
            if intent.state == .reserved, home != order.coordinator, !isGuarded {
                return "\(name) is held, and nobody will ever ask for it"
            }
        }
        guard !awaited.contains(home) else { return nil }
        let wanted: IntentState?
        switch order.state {
        case .reserving, .reclaiming: wanted = line.isGivenUp ? .cancelled : .reserved
        case .reserved, .confirmed: wanted = order.state(of: line)
        case .cancelled, .expired, .rejected: wanted = nil
        }
        guard let wanted else {
            return intent?.state.isClaim ?? false ? "\(name) is still \(intent?.state.rawValue ?? "")" : nil
        }
        return intent?.state == wanted ? nil : "\(name) is \(intent?.state.rawValue ?? "not known")"
    }
}
