import WeirCore

extension Order {
    /// Writes the members of an order's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("token", token.text)
        json.member("buyer", buyer.text)
        json.member("status", state.rawValue)
        if let reason { json.member("reason", reason.rawValue) }
        if let holdUntil { json.member("hold_until", holdUntil.rfc3339) }
        if let decidedAt { json.member("decided_at", decidedAt.rfc3339) }
        json.member("version", version)
        json.member("partition", Int64(coordinator))
        writeLines(to: &json)
    }

    /// Writes the member `lines`, each with where it stands.
    private func writeLines(to json: inout JSONWriter) {
        json.member("lines", array: lines.enumerated()) { json, element in
            let line = element.element
            json.member("line", Int64(element.offset + 1))
            json.member("sku", line.sku.text)
            json.member("quantity", line.quantity.units)
            json.member("status", self.state(of: line)?.rawValue ?? "queued")
            if let shortage = line.shortage { json.member("reason", shortage.rawValue) }
        }
    }

    /// The lines as a text that is stored; ``storedLines(_:_:)`` reads it.
    public var storedLines: String {
        String(decoding: JSONWriter.object { self.writeLines(to: &$0) }, as: UTF8.self)
    }

    /// Reads the lines that ``storedLines`` wrote for an order in this state.
    public static func storedLines(_ text: String, _ state: OrderState) throws(WireRefusal) -> [OrderLine] {
        var fields = try JSONFields(text.utf8)
        return try fields.orderLines(state)
    }

    /// Reads an order that ``write(to:)`` wrote.
    public init(from fields: inout JSONFields) throws(WireRefusal) {
        let token = try fields.identifier("token", as: Token.self)
        let buyer = try fields.buyer("buyer")
        guard let state = try fields.optionalWord("status", as: OrderState.self) else {
            throw WireRefusal(.missingField, at: "status", "the field 'status' is missing")
        }
        self.init(
            token: token, buyer: buyer,
            coordinator: Int(try fields.integer("partition", in: 0...63)),
            lines: try fields.orderLines(state), state: state,
            reason: try fields.optionalWord("reason", as: RejectionReason.self),
            version: try fields.integer("version", in: WireRange.positive),
            holdUntil: try fields.optionalTimestamp("hold_until"),
            decidedAt: try fields.optionalTimestamp("decided_at"))
    }
}

extension JSONFields {
    /// The objects in an array.
    mutating func objects(_ name: String) throws(WireRefusal) -> [JSONFields] {
        guard let value = take(name) else {
            throw WireRefusal(.missingField, at: name, "the field '\(name)' is missing; send an array")
        }
        guard case .array(let elements) = value else {
            throw invalid(name, "must be an array of objects, not \(value.kind)")
        }
        var objects: [JSONFields] = []
        objects.reserveCapacity(elements.count)
        for (position, element) in elements.enumerated() {
            guard case .object(let fields) = element else {
                throw WireRefusal(
                    .invalidField, at: name, element: position,
                    "the field '\(name)' must hold objects, but element \(position + 1) is \(element.kind)")
            }
            objects.append(fields)
        }
        return objects
    }

    /// The lines of an image; each says where it stands, from which follows whether it was given up.
    fileprivate mutating func orderLines(_ state: OrderState) throws(WireRefusal) -> [OrderLine] {
        var lines: [OrderLine] = []
        for var line in try objects("lines") {
            let status = try line.text("status")
            let saysItAll = state == .cancelled || state == .rejected
            lines.append(
                OrderLine(
                    sku: try line.identifier("sku", as: SKU.self),
                    quantity: Quantity(unchecked: try line.integer("quantity", in: Quantity.range)),
                    shortage: try line.optionalWord("reason", as: RejectionReason.self),
                    isGivenUp: !saysItAll && status == IntentState.cancelled.rawValue))
        }
        return lines
    }
}
