import WeirCore

extension OrderSubmit {
    /// Reads an order that names its own token, as in a message. Names every field that is wrong.
    public init(from fields: inout JSONFields) throws(WireRefusal) {
        var flaws = Flaws()
        let token = flaws.read { () throws(WireRefusal) in try fields.identifier("token", as: Token.self) }
        try self.init(token: token, from: &fields, flaws, knowing: "token, buyer, lines")
    }

    /// Reads an order whose token stands elsewhere, as in an HTTP request. Names every field that is wrong.
    public init(token: Token, from fields: inout JSONFields) throws(WireRefusal) {
        try self.init(token: token, from: &fields, Flaws(), knowing: "buyer, lines")
    }

    private init(
        token: Token?, from fields: inout JSONFields, _ before: Flaws, knowing known: String
    ) throws(WireRefusal) {
        var flaws = before
        let buyer = flaws.read { () throws(WireRefusal) in try fields.buyer("buyer") }
        let lines = flaws.read { () throws(WireRefusal) in try fields.wishes("lines") }
        flaws.read { () throws(WireRefusal) in try fields.end(knowing: known) }
        try flaws.check()
        guard let token, let buyer, let lines else { throw flaws.refusal }
        guard let submit = OrderSubmit(token: token, buyer: buyer, lines: lines) else {
            throw fields.invalid(
                "lines",
                "has lines of one SKU that make more than \(Quantity.range.upperBound) units together; send fewer"
            )
        }
        self = submit
    }
}

extension JSONFields {
    /// The lines of an order as a client sends them. The refusal names every field that is wrong, with its line.
    fileprivate mutating func wishes(_ name: String) throws(WireRefusal) -> [(sku: SKU, quantity: Quantity)] {
        let elements = try objects(name)
        let limit = OrderSubmit.lineLimit
        guard limit.contains(elements.count) else {
            throw invalid(
                name, "has \(elements.count) lines; send \(limit.lowerBound) to \(limit.upperBound)")
        }
        var flaws = Flaws()
        var lines: [(sku: SKU, quantity: Quantity)] = []
        for (position, element) in elements.enumerated() {
            do throws(WireRefusal) {
                lines.append(try element.wish())
            } catch {
                flaws.note(WireRefusal(error, in: name, at: position))
            }
        }
        try flaws.check()
        return lines
    }

    /// One line of an order.
    private func wish() throws(WireRefusal) -> (sku: SKU, quantity: Quantity) {
        var line = self
        var flaws = Flaws()
        let sku = flaws.read { () throws(WireRefusal) in try line.identifier("sku", as: SKU.self) }
        let units = flaws.read { () throws(WireRefusal) in
            try line.integer("quantity", in: Quantity.range)
        }
        flaws.read { () throws(WireRefusal) in try line.end(knowing: "sku, quantity") }
        try flaws.check()
        guard let sku, let units else { throw flaws.refusal }
        return (sku, Quantity(unchecked: units))
    }
}

extension OrderCommand {
    /// Reads a client's command about an order that was submitted; nil when its kind is another.
    init?(_ kind: CommandKind, _ id: CommandID, from fields: inout JSONFields) throws(WireRefusal) {
        guard [.confirmOrder, .cancelOrder, .extendOrder].contains(kind) else { return nil }
        var flaws = Flaws()
        let order = flaws.read { () throws(WireRefusal) in try fields.identifier("token", as: Token.self) }
        var lines: [Int]?
        var holdUntil: Timestamp?
        switch kind {
        case .cancelOrder:
            lines = flaws.read { () throws(WireRefusal) in try OrderChange.lines(from: &fields) }
        case .extendOrder:
            holdUntil = flaws.read { () throws(WireRefusal) in try Extension.readHoldUntil(from: &fields) }
        default: flaws.read { () throws(WireRefusal) in try fields.end(knowing: "token") }
        }
        try flaws.check()
        guard let order else { throw flaws.refusal }
        if let holdUntil {
            self = .extend(OrderExtension(id: id, order: order, holdUntil: holdUntil))
        } else if let lines {
            self = .cancel(OrderChange(id: id, order: order, lines: lines))
        } else {
            self = .confirm(OrderChange(id: id, order: order))
        }
    }
}

extension OrderChange {
    /// Reads which lines a cancel gives up; none when it gives up the whole order.
    public static func lines(from fields: inout JSONFields) throws(WireRefusal) -> [Int] {
        var flaws = Flaws()
        var lines: [Int] = []
        let remedy =
            "must be an array of line numbers from 1 to \(OrderSubmit.lineLimit.upperBound), such as [2]; leave it"
            + " out to cancel the whole order"
        switch fields.take("lines") {
        case nil: break
        case .array(let elements) where !elements.isEmpty:
            for (position, element) in elements.enumerated() {
                if case .integer(let number) = element, let line = Int(exactly: number),
                    OrderSubmit.lineLimit.contains(line)
                {
                    lines.append(line)
                } else {
                    flaws.note(
                        WireRefusal(
                            .invalidField, at: "lines", element: position, "the field 'lines' \(remedy)"))
                }
            }
        case .some: flaws.note(fields.invalid("lines", remedy))
        }
        flaws.read { () throws(WireRefusal) in try fields.end(knowing: "lines") }
        try flaws.check()
        return lines
    }
}

extension OrderExtension {
    /// Reads an extension whose id and order stand elsewhere, as in an HTTP request.
    public init(id: CommandID, order: Token, from fields: inout JSONFields) throws(WireRefusal) {
        self.init(id: id, order: order, holdUntil: try Extension.readHoldUntil(from: &fields))
    }
}

extension OrderCommand {
    /// Writes the body of the message that carries this command.
    func write(to json: inout JSONWriter) {
        switch self {
        case .submit(let submit), .discard(let submit):
            json.member("token", submit.token.text)
            json.member("buyer", submit.buyer.text)
            json.member("lines", array: submit.lines) { json, line in
                json.member("sku", line.sku.text)
                json.member("quantity", line.quantity.units)
            }
        case .confirm(let change), .cancel(let change):
            json.member("token", change.order.text)
            if !change.lines.isEmpty {
                json.member(named: "lines", .array(change.lines.map { .integer(Int64($0)) }))
            }
        case .extend(let wish):
            json.member("token", wish.order.text)
            json.member("hold_until", wish.holdUntil.rfc3339)
        case .message: break
        }
    }
}
