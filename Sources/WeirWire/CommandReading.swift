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
        guard let kind = CommandKind(rawValue: type), kind != .orderMessage else {
            if type == Bundle.submits { throw Bundle.refusal }
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
        if kind == .submit, let submit = Submit(plain: body) { return .submit(submit) }
        var fields = try JSONFields(body)
        if kind == .submit || kind == .discard {
            let submit = try Submit(from: &fields)
            return kind == .submit ? .submit(submit) : .discard(submit)
        }
        if kind == .submitOrder || kind == .discardOrder {
            let submit = try OrderSubmit(from: &fields)
            return .order(kind == .submitOrder ? .submit(submit) : .discard(submit))
        }
        let id = try Self.id(messageID)
        if let command = try OrderCommand(kind, id, from: &fields) { return .order(command) }
        var flaws = Flaws()
        let named = flaws.read { () throws(WireRefusal) in try fields.identifier("sku", as: SKU.self) }
        switch kind {
        case .define:
            let match = flaws.read { () throws(WireRefusal) in try VersionMatch(from: &fields) }
            let definition = flaws.read { () throws(WireRefusal) in
                try Definition(
                    id: id, sku: named ?? SKU(unchecked: ""), ifVersion: match ?? nil, from: &fields)
            }
            guard let definition else { throw flaws.refusal }
            try flaws.check()
            return .define(definition)
        case .adjust:
            let adjustment = flaws.read { () throws(WireRefusal) in
                try Adjustment(id: id, sku: named ?? SKU(unchecked: ""), from: &fields)
            }
            guard let adjustment else { throw flaws.refusal }
            try flaws.check()
            return .adjust(adjustment)
        default: return try changing(kind, id, named, &fields, flaws)
        }
    }

    /// Reads a change of an intent. Names every field that is wrong.
    private static func changing(
        _ kind: CommandKind, _ id: CommandID, _ sku: SKU?, _ fields: inout JSONFields, _ before: Flaws
    ) throws(WireRefusal) -> Command {
        var flaws = before
        let token = flaws.read { () throws(WireRefusal) in try fields.identifier("token", as: Token.self) }
        var quantity: Quantity?
        var holdUntil: Timestamp?
        switch kind {
        case .cancel:
            let read = flaws.read { () throws(WireRefusal) in
                try IntentChange.readQuantity(from: &fields)
            }
            quantity = read ?? nil
        case .extend:
            holdUntil = flaws.read { () throws(WireRefusal) in
                try Extension.readHoldUntil(from: &fields)
            }
        default:
            flaws.read { () throws(WireRefusal) in try fields.end(knowing: "token, sku") }
        }
        try flaws.check()
        guard let sku, let token else { throw flaws.refusal }
        if let holdUntil { return .extend(Extension(id: id, token: token, sku: sku, holdUntil: holdUntil)) }
        let change = IntentChange(id: id, token: token, sku: sku, quantity: quantity)
        return kind == .cancel ? .cancel(change) : .confirm(change)
    }

    private static func id(_ messageID: String?) throws(WireRefusal) -> CommandID {
        guard let messageID else {
            throw WireRefusal(
                .missingProperty, at: "message_id",
                "the property 'message_id' is missing; it names the command, so that it takes effect once")
        }
        guard let id = CommandID(messageID) else {
            throw WireRefusal(
                .invalidProperty, at: "message_id", "the property 'message_id' must have \(CommandID.form)")
        }
        return id
    }

    private static func isJSON(_ contentType: String) -> Bool {
        if contentType == "application/json" { return true }
        let media = contentType.prefix { $0 != ";" }
        return media.trimmedASCII.lowercased() == "application/json"
    }
}

extension Submit {
    /// Reads a wish to buy that names its own token, as in a message. Names every field that is wrong.
    public init(from fields: inout JSONFields) throws(WireRefusal) {
        var flaws = Flaws()
        let token = flaws.read { () throws(WireRefusal) in try fields.identifier("token", as: Token.self) }
        try self.init(
            token: token, from: &fields, flaws,
            knowing: "token, sku, quantity, buyer, on_shortage, replaces")
    }

    /// Reads a wish to buy whose token stands elsewhere, as in an HTTP request. Names every field that is wrong.
    public init(token: Token, body: [UInt8]) throws(WireRefusal) {
        if let submit = body.withUnsafeBytes({ Submit(token: token, plain: $0) }) {
            self = submit
            return
        }
        var fields = try JSONFields(body)
        try self.init(token: token, from: &fields)
    }

    /// Reads a wish to buy whose token stands elsewhere. Names every field that is wrong.
    public init(token: Token, from fields: inout JSONFields) throws(WireRefusal) {
        try self.init(
            token: token, from: &fields, Flaws(), knowing: "sku, quantity, buyer, on_shortage, replaces")
    }

    private init(
        token: Token?, from fields: inout JSONFields, _ before: Flaws, knowing known: String
    ) throws(WireRefusal) {
        var flaws = before
        let sku = flaws.read { () throws(WireRefusal) in try fields.identifier("sku", as: SKU.self) }
        let units = flaws.read { () throws(WireRefusal) in
            try fields.integer("quantity", in: Quantity.range)
        }
        let buyer = flaws.read { () throws(WireRefusal) in try fields.buyer("buyer") }
        let rule = flaws.read { () throws(WireRefusal) in
            try fields.optionalWord("on_shortage", as: ShortageRule.self)
        }
        let replaces = flaws.read { () throws(WireRefusal) in
            try fields.optionalIdentifier("replaces", as: Token.self)
        }
        flaws.read { () throws(WireRefusal) in try fields.end(knowing: known) }
        try flaws.check()
        guard let token, let sku, let units, let buyer, let rule, let replaces else { throw flaws.refusal }
        self.init(
            token: token, sku: sku, quantity: Quantity(unchecked: units), buyer: buyer, onShortage: rule,
            replaces: replaces)
    }
}

extension IntentChange {
    /// Reads how many units a cancel gives back, as in the body of an HTTP request; nil is all of them.
    public static func readQuantity(from fields: inout JSONFields) throws(WireRefusal) -> Quantity? {
        var flaws = Flaws()
        let units = flaws.read { () throws(WireRefusal) in
            try fields.optionalInteger("quantity", in: Quantity.range)
        }
        flaws.read { () throws(WireRefusal) in try fields.end(knowing: "quantity") }
        try flaws.check()
        return (units ?? nil).map(Quantity.init(unchecked:))
    }
}

extension Extension {
    /// Reads until when a hold shall last, as in the body of an HTTP request.
    public static func readHoldUntil(from fields: inout JSONFields) throws(WireRefusal) -> Timestamp {
        var flaws = Flaws()
        let holdUntil = flaws.read { () throws(WireRefusal) in
            guard let holdUntil = try fields.optionalTimestamp("hold_until") else {
                throw WireRefusal(
                    .missingField, at: "hold_until",
                    "the field 'hold_until' is missing; send a time as RFC 3339 in UTC, such as"
                        + " 2026-11-21T09:30:00Z")
            }
            return holdUntil
        }
        flaws.read { () throws(WireRefusal) in try fields.end(knowing: "hold_until") }
        guard let holdUntil else { throw flaws.refusal }
        try flaws.check()
        return holdUntil
    }
}

extension Adjustment {
    /// Reads an adjustment whose id and SKU stand elsewhere, as in an HTTP request.
    public init(id: CommandID, sku: SKU, from fields: inout JSONFields) throws(WireRefusal) {
        var flaws = Flaws()
        let delta = flaws.read { () throws(WireRefusal) in
            let delta = try fields.integer("delta", in: StockLimit.delta)
            guard delta != 0 else {
                throw fields.invalid("delta", "is 0; send how many units to add, or below zero to take")
            }
            return delta
        }
        let reason = flaws.read { () throws(WireRefusal) in try fields.reason("reason") }
        flaws.read { () throws(WireRefusal) in try fields.end(knowing: "delta, reason") }
        try flaws.check()
        guard let delta, let reason else { throw flaws.refusal }
        self.init(id: id, sku: sku, delta: delta, reason: reason)
    }
}

extension JSONFields {
    /// A reason in the shop's words: a buyer's text has the same form, apart from its length.
    fileprivate mutating func reason(_ name: String) throws(WireRefusal) -> String {
        let reason = try text(name)
        let isFit = reason.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        guard isFit, (1...Adjustment.longestReason).contains(reason.utf8.count) else {
            throw invalid(
                name, "must have 1 to \(Adjustment.longestReason) bytes without control characters")
        }
        return reason
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
