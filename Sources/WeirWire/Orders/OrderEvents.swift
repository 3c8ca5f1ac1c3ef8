import WeirCore

extension EventType {
    /// What the types of events begin with that can only be about an order.
    static let orderPrefix = "weir.order."
    /// An order came into a state.
    public static func order(_ state: OrderState) -> String { "weir.order.\(state.rawValue).v1" }
    public static let orderShortfall = "weir.order.shortfall.v1"
    public static let orderPart = "weir.order.part.v1"
    public static let orderInquired = "weir.order.inquired.v1"
    public static let orderTold = "weir.order.told.v1"
}

extension OrderHappening {
    /// The event's type.
    var type: String {
        switch self {
        case .state(let order, _): EventType.order(order.state)
        case .shortfall: EventType.orderShortfall
        case .part: EventType.orderPart
        case .inquired: EventType.orderInquired
        case .told: EventType.orderTold
        case .conflict: EventType.conflict
        case .answered: EventType.answered
        }
    }

    /// Writes the event's body.
    func write(to json: inout JSONWriter) {
        switch self {
        case .state(let order, let from):
            order.write(to: &json)
            if let from { json.member("previous_status", from.rawValue) }
        case .shortfall(let order), .told(let order): order.write(to: &json)
        case .part(let answer):
            json.member("token", answer.order.text)
            json.member("partition", Int64(answer.partition))
            json.member("version", answer.version)
            json.member("complete", answer.isComplete)
            json.member("hold_seconds", answer.holdSeconds)
            json.member("max_hold_seconds", answer.maxHoldSeconds)
            json.member("short", array: answer.shortages) { json, shortage in
                json.member("line", Int64(shortage.line))
                json.member("reason", shortage.reason.rawValue)
            }
        case .inquired(let inquiry):
            json.member("token", inquiry.order.text)
            json.member("buyer", inquiry.buyer.text)
            json.member("partition", Int64(inquiry.partition))
            json.member("version", inquiry.version)
            json.member("guard_at", inquiry.guardAt.rfc3339)
        case .conflict(let token):
            json.member("token", token.text)
            json.member("detail", "the token is known with another payload; nothing changed")
        case .answered(let kind, let id, let order, let result):
            json.member("command", kind.rawValue)
            json.member("id", id)
            json.member("token", order.text)
            result.write(to: &json, partition: nil)
        }
    }

    /// Reads an event about an order back; nil when the type is none of an order's.
    init?(type: String, from fields: inout JSONFields) throws(WireRefusal) {
        if type == EventType.conflict {
            guard fields.take("sku") == nil else { return nil }
            self = .conflict(try fields.identifier("token", as: Token.self))
            return
        }
        if type == EventType.answered {
            guard let answer = try Self(answered: &fields) else { return nil }
            self = answer
            return
        }
        guard type.hasPrefix(EventType.orderPrefix) else { return nil }
        switch type {
        case EventType.orderShortfall: self = .shortfall(try Order(from: &fields))
        case EventType.orderTold: self = .told(try Order(from: &fields))
        case EventType.orderPart: self = .part(try PartAnswer(from: &fields))
        case EventType.orderInquired: self = .inquired(try PartInquiry(from: &fields))
        default:
            let order = try Order(from: &fields)
            guard type == EventType.order(order.state) else { return nil }
            self = .state(order, from: try fields.optionalWord("previous_status", as: OrderState.self))
        }
    }
}

extension OrderHappening {
    /// Reads the answer to a command; nil when the command was not about an order.
    private init?(answered fields: inout JSONFields) throws(WireRefusal) {
        guard case .text(let command)? = fields.take("command"), command.hasPrefix(EventType.orderPrefix),
            let kind = CommandKind(rawValue: command)
        else { return nil }
        let id = try fields.text("id")
        let order = try fields.identifier("token", as: Token.self)
        self = .answered(kind: kind, id: id, order: order, result: try CommandResult(from: &fields))
    }
}

extension PartAnswer {
    init(from fields: inout JSONFields) throws(WireRefusal) {
        var shortages: [LineShortage] = []
        let order = try fields.identifier("token", as: Token.self)
        guard case .flag(let isComplete)? = fields.take("complete") else {
            throw fields.invalid("complete", "must be true or false")
        }
        for var shortage in try fields.objects("short") {
            guard let reason = try shortage.optionalWord("reason", as: RejectionReason.self) else {
                throw fields.invalid("short", "must say a reason for each line")
            }
            let line = try shortage.integer("line", in: 1...Int64(OrderSubmit.lineLimit.upperBound))
            shortages.append(LineShortage(line: Int(line), reason: reason))
        }
        self.init(
            order: order, partition: Int(try fields.integer("partition", in: 0...63)),
            version: try fields.integer("version", in: WireRange.positive), isComplete: isComplete,
            shortages: shortages,
            holdSeconds: try fields.integer("hold_seconds", in: SKUPolicy.holdSecondsRange),
            maxHoldSeconds: try fields.integer("max_hold_seconds", in: SKUPolicy.holdSecondsRange))
    }
}

extension PartInquiry {
    init(from fields: inout JSONFields) throws(WireRefusal) {
        guard let guardAt = try fields.optionalTimestamp("guard_at") else {
            throw WireRefusal(.missingField, at: "guard_at", "the field 'guard_at' is missing")
        }
        self.init(
            order: try fields.identifier("token", as: Token.self), buyer: try fields.buyer("buyer"),
            partition: Int(try fields.integer("partition", in: 0...63)),
            version: try fields.integer("version", in: WireRange.positive), guardAt: guardAt)
    }
}

extension OrderMessage {
    /// The largest body of a message between partitions, in bytes: an order of 500 lines fits with room to spare.
    public static let largestBody = 1 << 20

    /// Reads a message that came from another partition.
    public static func read(type: String?, body: [UInt8]) throws(WireRefusal) -> OrderMessage {
        guard let type else {
            throw WireRefusal(.missingProperty, at: "type", "the property 'type' is missing")
        }
        guard body.count <= largestBody else {
            throw WireRefusal(
                .tooLarge, at: nil, "the body has \(body.count) bytes; at most \(largestBody) are read")
        }
        var fields = try JSONFields(body)
        switch try OrderHappening(type: type, from: &fields) {
        case .state(let order, _), .told(let order): return .image(order)
        case .part(let answer): return .answer(answer)
        case .inquired(let inquiry): return .inquiry(inquiry)
        case nil, .shortfall, .conflict, .answered:
            throw WireRefusal(
                .unknownType, at: "type", "'\(printable(type))' is no message between partitions")
        }
    }

    /// Whether a type is one that only another partition may send.
    public static func isType(_ type: String) -> Bool {
        type == EventType.orderTold || type == EventType.orderPart || type == EventType.orderInquired
            || OrderState.allCases.contains { EventType.order($0) == type }
    }
}
