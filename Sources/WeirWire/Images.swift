import WeirCore

// The same thing looks the same wherever it appears: in the API, in events, in stored results.

extension Intent {
    /// Writes the members of an intent's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("token", token.text)
        json.member("sku", sku.text)
        json.member("quantity", quantity.units)
        json.member("buyer", buyer.text)
        if let onShortage { json.member("on_shortage", onShortage.rawValue) }
        if let replaces { json.member("replaces", replaces.text) }
        json.member("status", state.rawValue)
        if let reason { json.member("reason", reason.rawValue) }
        if returned > 0 { json.member("returned", returned) }
        if let holdUntil { json.member("hold_until", holdUntil.rfc3339) }
        if let place { json.member("place", place) }
        if let availableFrom { json.member("available_from", availableFrom.rfc3339) }
        if let grantedAt { json.member("granted_at", grantedAt.rfc3339) }
        json.member("decided_at", decidedAt.rfc3339)
    }

    /// Reads an intent that ``write(to:)`` wrote.
    public init(from fields: inout JSONFields) throws(WireRefusal) {
        let token = try fields.imageToken()
        let sku = try fields.identifier("sku", as: SKU.self)
        let units = try fields.integer("quantity", in: Quantity.range)
        let buyer = try fields.buyer("buyer")
        let status = try fields.text("status")
        guard let state = IntentState(rawValue: status) else {
            throw fields.invalid("status", "must be one of \(listed(IntentState.self))")
        }
        let reason = try fields.optionalWord("reason", as: RejectionReason.self)
        let holdUntil = try fields.optionalTimestamp("hold_until")
        guard let decidedAt = try fields.optionalTimestamp("decided_at") else {
            throw WireRefusal(.missingField, at: "decided_at", "the field 'decided_at' is missing")
        }
        let any = WireRange.notNegative
        self.init(
            token: token, sku: sku, quantity: Quantity(unchecked: units), buyer: buyer,
            onShortage: try fields.optionalWord("on_shortage", as: ShortageRule.self),
            replaces: try fields.optionalIdentifier("replaces", as: Token.self), state: state,
            reason: reason, holdUntil: holdUntil, decidedAt: decidedAt,
            place: try fields.optionalInteger("place", in: any),
            grantedAt: try fields.optionalTimestamp("granted_at"),
            availableFrom: try fields.optionalTimestamp("available_from"),
            returned: try fields.optionalInteger("returned", in: any) ?? 0)
    }
}

extension Stock {
    /// Writes the members of a SKU's JSON. `partition` is left out where the reader knows it.
    public func write(to json: inout JSONWriter, partition: Int?) {
        json.member("sku", sku.text)
        if let partition { json.member("partition", Int64(partition)) }
        json.member("stocked", stocked)
        json.member("held", held)
        json.member("sold", sold)
        json.member("available", available)
        json.member("waitlisted", waitlisted)
        json.member("backordered", backordered)
        json.member("version", version)
        policy.write(to: &json)
    }

    /// Reads a SKU that ``write(to:partition:)`` wrote. It does not say which place in line was the last one.
    public init(from fields: inout JSONFields) throws(WireRefusal) {
        let sku = try fields.identifier("sku", as: SKU.self)
        let policy = try SKUPolicy(from: &fields)
        try self.init(sku: sku, counters: &fields, policy: policy)
    }

    /// Reads the counters of a SKU whose policy is known or does not matter.
    init(sku: SKU, counters fields: inout JSONFields, policy: SKUPolicy) throws(WireRefusal) {
        let any = WireRange.any
        self.init(
            sku: sku, stocked: try fields.integer("stocked", in: any),
            available: try fields.integer("available", in: any), held: try fields.integer("held", in: any),
            sold: try fields.integer("sold", in: any),
            waitlisted: try fields.optionalInteger("waitlisted", in: any) ?? 0,
            backordered: try fields.optionalInteger("backordered", in: any) ?? 0,
            version: try fields.integer("version", in: any), countsBuyers: policy.maxPerBuyer != nil,
            policy: policy)
    }
}

extension JSONFields {
    /// The token of an intent as an image of ours shows it: a client's, or one of an order's line.
    fileprivate mutating func imageToken() throws(WireRefusal) -> Token {
        if case .text(let text)? = take("token"), let line = Token(unchecked: text).line,
            Token(line.order.text) != nil
        {
            return .line(line.number, of: line.order)
        }
        return try identifier("token", as: Token.self)
    }

    mutating func optionalTimestamp(_ name: String) throws(WireRefusal) -> Timestamp? {
        switch take(name) {
        case nil: return nil
        case .text(let text):
            guard let moment = Timestamp(rfc3339: text) else { fallthrough }
            return moment
        default:
            throw invalid(name, "must be a time as RFC 3339 in UTC, such as 2026-11-21T09:30:00Z")
        }
    }

    mutating func optionalIdentifier<ID: Identifier>(
        _ name: String, as type: ID.Type
    ) throws(WireRefusal) -> ID? {
        guard let value = take(name) else { return nil }
        guard case .text(let text) = value, let identifier = ID(text) else {
            throw invalid(name, "must be a string of \(ID.form)")
        }
        return identifier
    }

    mutating func optionalWord<Word: CaseIterable & RawRepresentable<String>>(
        _ name: String, as type: Word.Type
    ) throws(WireRefusal) -> Word? {
        guard let value = take(name) else { return nil }
        guard case .text(let text) = value, let word = Word(rawValue: text) else {
            throw invalid(name, "must be one of \(listed(type))")
        }
        return word
    }

    mutating func object(_ name: String) throws(WireRefusal) -> JSONFields? {
        switch take(name) {
        case nil: return nil
        case .object(let fields): return fields
        case .some(let value): throw invalid(name, "must be an object, not \(value.kind)")
        }
    }
}

func listed<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type) -> String {
    Word.allCases.map(\.rawValue).joined(separator: ", ")
}
