import WeirCore

extension Command {
    /// The largest body of a command, in bytes.
    public static let largestBody = 65_536

    /// Reads a command from a message.
    ///
    /// - Parameters:
    ///   - type: the AMQP property `type`, one of ``CommandKind``.
    ///   - messageID: the AMQP property `message_id`: the command's id; not needed for a submit or a discard.
    ///   - contentType: the AMQP property `content_type`; absent or `application/json`.
    ///   - body: a JSON object.
    public static func read(
        type: String?, messageID: String?, contentType: String?, body: [UInt8]
    ) throws(WireRefusal) -> Command {
        guard let type else {
            throw WireRefusal(
                .missingProperty, at: "type",
                "the property 'type' is missing; send one of \(listed(CommandKind.self))")
        }
        guard let kind = CommandKind(rawValue: type) else {
            throw WireRefusal(
                .unknownType, at: "type",
                "the type '\(printable(type))' is unknown; send one of \(listed(CommandKind.self))")
        }
        if let contentType, !isJSON(contentType) {
            throw WireRefusal(
                .invalidProperty, at: "content_type",
                "the content type is '\(printable(contentType))'; send application/json")
        }
        guard body.count <= largestBody else {
            throw WireRefusal(
                .tooLarge, at: nil, "the body has \(body.count) bytes; at most \(largestBody) are read")
        }
        var fields = try JSONFields(body)
        if kind == .submit || kind == .discard {
            let submit = try Submit(token: try fields.identifier("token", as: Token.self), from: &fields)
            return kind == .submit ? .submit(submit) : .discard(submit)
        }
        guard let messageID else {
            throw WireRefusal(
                .missingProperty, at: "message_id",
                "the property 'message_id' is missing; it names the command, so that it takes effect once")
        }
        guard let id = CommandID(messageID) else {
            throw WireRefusal(
                .invalidProperty, at: "message_id", "the property 'message_id' must have \(CommandID.form)")
        }
        switch kind {
        case .submit, .discard, .confirm, .cancel:
            let change = IntentChange(
                id: id, token: try fields.identifier("token", as: Token.self),
                sku: try fields.identifier("sku", as: SKU.self))
            try fields.end(knowing: "token, sku")
            return kind == .confirm ? .confirm(change) : .cancel(change)
        case .define:
            let sku = try fields.identifier("sku", as: SKU.self)
            return .define(try Definition(id: id, sku: sku, from: &fields))
        case .adjust:
            let sku = try fields.identifier("sku", as: SKU.self)
            return .adjust(try Adjustment(id: id, sku: sku, from: &fields))
        }
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let media = contentType.prefix { $0 != ";" }
        return media.trimmedASCII.lowercased() == "application/json"
    }
}

extension Submit {
    /// Reads a wish to buy whose token stands elsewhere, as in an HTTP request.
    public init(token: Token, from fields: inout JSONFields) throws(WireRefusal) {
        let sku = try fields.identifier("sku", as: SKU.self)
        let units = try fields.integer("quantity", in: Quantity.range)
        let buyer = try fields.buyer("buyer")
        var rule = ShortageRule.reject
        if let value = fields.take("on_shortage") {
            guard case .text(let text) = value, let known = ShortageRule(rawValue: text) else {
                throw fields.invalid("on_shortage", "must be \(listed(ShortageRule.self))")
            }
            rule = known
        }
        try fields.end(knowing: "sku, quantity, buyer, on_shortage")
        self.init(
            token: token, sku: sku, quantity: Quantity(unchecked: units), buyer: buyer, onShortage: rule)
    }
}

extension Definition {
    /// Reads a definition whose id and SKU stand elsewhere, as in an HTTP request.
    public init(id: CommandID, sku: SKU, from fields: inout JSONFields) throws(WireRefusal) {
        let stocked = try fields.optionalInteger("stocked", in: StockLimit.stocked) ?? 0
        let holdSeconds =
            try fields.optionalInteger("hold_seconds", in: SKUPolicy.holdSecondsRange)
            ?? SKUPolicy.defaultHoldSeconds
        let maxPerIntent = try fields.optionalInteger("max_per_intent", in: Quantity.range)
        try fields.end(knowing: "stocked, hold_seconds, max_per_intent")
        self.init(
            id: id, sku: sku, stocked: stocked,
            policy: SKUPolicy(holdSeconds: holdSeconds, maxPerIntent: maxPerIntent))
    }
}

extension Adjustment {
    /// Reads an adjustment whose id and SKU stand elsewhere, as in an HTTP request.
    public init(id: CommandID, sku: SKU, from fields: inout JSONFields) throws(WireRefusal) {
        let delta = try fields.integer("delta", in: StockLimit.delta)
        guard delta != 0 else {
            throw fields.invalid("delta", "is 0; send how many units to add, or below zero to take")
        }
        let reason = try fields.text("reason")
        // A buyer's text has the same form, apart from its length.
        let isFit = reason.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        guard isFit, (1...Adjustment.longestReason).contains(reason.utf8.count) else {
            throw fields.invalid(
                "reason", "must have 1 to \(Adjustment.longestReason) bytes without control characters")
        }
        try fields.end(knowing: "delta, reason")
        self.init(id: id, sku: sku, delta: delta, reason: reason)
    }
}

extension Substring {
    fileprivate var trimmedASCII: Substring {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
