import WeirCore

/// The types of events: the CloudEvents attribute `type` and the beginning of the routing key.
public enum EventType {
    /// An intent came into a state.
    public static func intent(_ state: IntentState) -> String { "weir.intent.\(state.rawValue).v1" }
    public static let shortfall = "weir.intent.shortfall.v1"
    public static let extended = "weir.intent.extended.v1"
    public static let returned = "weir.intent.returned.v1"
    public static let conflict = "weir.token.conflict.v1"
    public static let answered = "weir.command.answered.v1"
    public static let defined = "weir.sku.defined.v1"
    public static let adjusted = "weir.sku.adjusted.v1"
    /// The units on offer went through a threshold.
    public static func crossed(_ crossing: Crossing) -> String { "weir.sku.\(crossing.rawValue).v1" }
}

/// The CloudEvents attribute `subject`, the same on the broker and in a stream.
public enum EventSubject {
    /// The SKU that an event is about, or else its order; nil when it is about neither, because CloudEvents 1.0 leaves
    /// the attribute out rather than empty.
    public static func text(sku: String, token: String?) -> String? {
        let text = sku.isEmpty ? token ?? "" : sku
        return text.isEmpty ? nil : text
    }
}

extension Happening {
    /// The event's type.
    public var type: String {
        switch self {
        case .intent(let intent, _, _): EventType.intent(intent.state)
        case .shortfall: EventType.shortfall
        case .extended: EventType.extended
        case .returned: EventType.returned
        case .conflict: EventType.conflict
        case .answered: EventType.answered
        case .defined: EventType.defined
        case .adjusted: EventType.adjusted
        case .crossed(let crossing, _): EventType.crossed(crossing)
        case .order(let happening): happening.type
        }
    }

    /// The event's body: what changed, and the images after it. Written once and published as it was stored.
    public func body(partition: Int) -> [UInt8] {
        JSONWriter.object(capacity: 320) { json in
            switch self {
            case .intent(let intent, let from, let stock):
                intent.write(to: &json)
                if let from { json.member("previous_status", from.rawValue) }
                if let stock { Self.write(stock, to: &json) }
            case .shortfall(let intent, let stock), .extended(let intent, let stock):
                intent.write(to: &json)
                Self.write(stock, to: &json)
            case .returned(let intent, let units, let stock):
                intent.write(to: &json)
                json.member("units", units)
                Self.write(stock, to: &json)
            case .conflict(let token, let sku):
                json.member("token", token.text)
                json.member("sku", sku.text)
                json.member("detail", "the token is known with another payload; nothing changed")
            case .answered(let kind, let id, let sku, let result):
                json.member("command", kind.rawValue)
                json.member("id", id)
                json.member("sku", sku.text)
                result.write(to: &json, partition: partition)
            case .defined(let stock), .crossed(_, let stock):
                stock.write(to: &json, partition: partition)
            case .adjusted(let stock, let delta, let reason):
                stock.write(to: &json, partition: partition)
                json.member("delta", delta)
                json.member("reason", reason)
            case .order(let happening): happening.write(to: &json)
            }
        }
    }

    /// An intent's event says how many units are `available` after it, and the other counters beside it; those of
    /// a line only where somebody stands in it.
    private static func write(_ stock: Stock, to json: inout JSONWriter) {
        json.member("available", stock.available)
        json.member("stock") {
            $0.member("stocked", stock.stocked)
            $0.member("held", stock.held)
            $0.member("sold", stock.sold)
            if stock.hasLine {
                $0.member("waitlisted", stock.waitlisted)
                $0.member("backordered", stock.backordered)
            }
            $0.member("version", stock.version)
        }
    }

    /// Reads an event back, as the audit and a waiting request do.
    ///
    /// An intent's event carries counters without a policy: its stock is read with the default policy.
    public init(type: String, body: [UInt8]) throws(WireRefusal) {
        var fields = try JSONFields(body)
        if let happening = try OrderHappening(type: type, from: &fields) {
            self = .order(happening)
            return
        }
        switch type {
        case EventType.conflict:
            let token = try fields.identifier("token", as: Token.self)
            self = .conflict(token, sku: try fields.identifier("sku", as: SKU.self))
        case EventType.answered:
            let command = try fields.text("command")
            guard let kind = CommandKind(rawValue: command) else {
                throw fields.invalid("command", "must be one of \(listed(CommandKind.self))")
            }
            let id = try fields.text("id")
            let sku = try fields.identifier("sku", as: SKU.self)
            self = .answered(kind: kind, id: id, sku: sku, result: try CommandResult(from: &fields))
        case EventType.defined:
            self = .defined(try Stock(from: &fields))
        case EventType.adjusted:
            let stock = try Stock(from: &fields)
            let delta = try fields.integer("delta", in: StockLimit.delta)
            self = .adjusted(stock, delta: delta, reason: try fields.text("reason"))
        default:
            if type.hasPrefix("weir.sku."),
                let crossing = Crossing.allCases.first(where: { EventType.crossed($0) == type })
            {
                self = .crossed(crossing, try Stock(from: &fields))
                return
            }
            let intent = try Intent(from: &fields)
            let stock = try Self.stock(of: intent.sku, from: &fields)
            if let stock {
                switch type {
                case EventType.shortfall:
                    self = .shortfall(intent, stock: stock)
                    return
                case EventType.extended:
                    self = .extended(intent, stock: stock)
                    return
                case EventType.returned:
                    let units = try fields.integer("units", in: Quantity.range)
                    self = .returned(intent, units: units, stock: stock)
                    return
                default: break
                }
            }
            guard type == EventType.intent(intent.state) else {
                throw WireRefusal(.unknownType, at: "type", "the event type '\(printable(type))' is unknown")
            }
            let from = try fields.optionalWord("previous_status", as: IntentState.self)
            self = .intent(intent, from: from, stock: stock)
        }
    }

    private static func stock(of sku: SKU, from fields: inout JSONFields) throws(WireRefusal) -> Stock? {
        guard var counters = try fields.object("stock") else { return nil }
        let any = WireRange.any
        return Stock(
            sku: sku, stocked: try counters.integer("stocked", in: any),
            available: try fields.integer("available", in: any), held: try counters.integer("held", in: any),
            sold: try counters.integer("sold", in: any),
            waitlisted: try counters.optionalInteger("waitlisted", in: any) ?? 0,
            backordered: try counters.optionalInteger("backordered", in: any) ?? 0,
            version: try counters.integer("version", in: any), policy: SKUPolicy())
    }
}
