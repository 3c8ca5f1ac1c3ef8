import WeirCore

extension Definition {
    /// Reads a definition whose id and SKU stand elsewhere, as in an HTTP request.
    public init(
        id: CommandID, sku: SKU, ifVersion: VersionMatch? = nil, from fields: inout JSONFields
    ) throws(WireRefusal) {
        var flaws = Flaws()
        let stocked = flaws.read { () throws(WireRefusal) in try Self.readStocked(from: &fields) }
        let policy = SKUPolicy(from: &fields, noting: &flaws)
        flaws.read { () throws(WireRefusal) in
            try fields.end(knowing: "stocked, \(SKUPolicy.fieldNames)")
        }
        try flaws.check()
        // What is wrong by itself says nothing about the others.
        if let (field, remedy) = policy.contradiction { throw fields.invalid(field, remedy) }
        self.init(id: id, sku: sku, stocked: (stocked ?? nil) ?? 0, policy: policy, ifVersion: ifVersion)
    }

    /// Reads the initial stock of a definition; nil when it says none.
    public static func readStocked(from fields: inout JSONFields) throws(WireRefusal) -> Int64? {
        try fields.optionalInteger("stocked", in: StockLimit.stocked)
    }
}

extension VersionMatch {
    /// Reads the member `if_version`: a version, or "any"; nil when there is none.
    init?(from fields: inout JSONFields) throws(WireRefusal) {
        switch fields.take("if_version") {
        case nil: return nil
        case .text("any"): self = .any
        case .integer(let version) where version > 0: self = .exactly(version)
        default:
            throw fields.invalid("if_version", "must be a SKU's version, a whole number from 1, or \"any\"")
        }
    }
}

extension SKUPolicy {
    /// The members of a policy, for messages.
    public static let fieldNames =
        "hold_seconds, max_hold_seconds, max_per_intent, max_per_buyer, safety_stock, low_stock_at,"
        + " on_sale_from, on_sale_until, on_shortage, waitlist_limit, backorder_limit, available_from"

    /// Reads the members of a policy; what is not there takes its default. Names every field that is wrong.
    public init(from fields: inout JSONFields) throws(WireRefusal) {
        var flaws = Flaws()
        self.init(from: &fields, noting: &flaws)
        try flaws.check()
    }

    /// Reads the members of a policy; one that is wrong is noted, and counts as not there.
    init(from fields: inout JSONFields, noting flaws: inout Flaws) {
        func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
            flaws.read { () throws(WireRefusal) in try fields.optionalInteger(name, in: range) } ?? nil
        }
        func timestamp(_ name: String) -> Timestamp? {
            flaws.read { () throws(WireRefusal) in try fields.optionalTimestamp(name) } ?? nil
        }
        let units = StockLimit.stocked
        self.init(
            holdSeconds: integer("hold_seconds", in: Self.holdSecondsRange) ?? Self.defaultHoldSeconds,
            maxHoldSeconds: integer("max_hold_seconds", in: Self.holdSecondsRange),
            maxPerIntent: integer("max_per_intent", in: Quantity.range),
            maxPerBuyer: integer("max_per_buyer", in: 1...units.upperBound),
            safetyStock: integer("safety_stock", in: units) ?? 0,
            lowStockAt: integer("low_stock_at", in: units),
            onSaleFrom: timestamp("on_sale_from"), onSaleUntil: timestamp("on_sale_until"))
        let rule = flaws.read { () throws(WireRefusal) in
            try fields.optionalWord("on_shortage", as: ShortageRule.self)
        }
        onShortage = (rule ?? nil) ?? .reject
        waitlistLimit = integer("waitlist_limit", in: units)
        backorderLimit = integer("backorder_limit", in: units)
        availableFrom = timestamp("available_from")
    }

    /// Writes the members of a policy; limits and times that are not set are left out.
    public func write(to json: inout JSONWriter) {
        json.member("hold_seconds", holdSeconds)
        if let maxHoldSeconds { json.member("max_hold_seconds", maxHoldSeconds) }
        if let maxPerIntent { json.member("max_per_intent", maxPerIntent) }
        if let maxPerBuyer { json.member("max_per_buyer", maxPerBuyer) }
        if safetyStock > 0 { json.member("safety_stock", safetyStock) }
        if let lowStockAt { json.member("low_stock_at", lowStockAt) }
        if let onSaleFrom { json.member("on_sale_from", onSaleFrom.rfc3339) }
        if let onSaleUntil { json.member("on_sale_until", onSaleUntil.rfc3339) }
        if onShortage != .reject { json.member("on_shortage", onShortage.rawValue) }
        if let waitlistLimit { json.member("waitlist_limit", waitlistLimit) }
        if let backorderLimit { json.member("backorder_limit", backorderLimit) }
        if let availableFrom { json.member("available_from", availableFrom.rfc3339) }
    }
}
