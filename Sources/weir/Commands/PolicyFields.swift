import ArgumentParser
import WeirCore
import WeirWire

/// The fields of a definition as a person writes them, on the command line or in a file.
struct PolicyFields: Sendable {
    private(set) var members: [(name: String, value: JSONValue)] = []

    /// The fields that are numbers.
    static let numbers = [
        "stocked", "hold_seconds", "max_hold_seconds", "max_per_intent", "max_per_buyer", "safety_stock",
        "low_stock_at", "waitlist_limit", "backorder_limit",
    ]
    /// The fields that are words or times.
    static let texts = ["on_sale_from", "on_sale_until", "on_shortage", "available_from"]

    /// The fields of a policy, which may be cleared.
    static var ofPolicy: [String] { numbers.filter { $0 != "stocked" } + texts }

    mutating func set(_ name: String, _ number: Int64?) {
        if let number { members.append((name, .integer(number))) }
    }

    mutating func set(_ name: String, _ text: String?) {
        if let text, !text.isEmpty { members.append((name, .text(text))) }
    }

    /// These fields, and for the others what `policy` says, apart from those that are cleared.
    func over(_ policy: SKUPolicy, clearing cleared: [String]) -> PolicyFields {
        var merged = PolicyFields()
        let kept = (try? JSONFields(JSONWriter.object { policy.write(to: &$0) }))?.pairs ?? []
        merged.members = members
        merged.members += kept.filter { field in
            !cleared.contains(field.name) && !members.contains { $0.name == field.name }
        }
        return merged
    }

    /// Looks at the fields as the server will; throws what it would refuse them for.
    func check(_ sku: String) throws(WireRefusal) {
        let name = try Self.name(sku)
        var fields = JSONFields(members.map { ($0.name, $0.value) })
        _ = try Definition(id: CommandID(unchecked: "check"), sku: name, from: &fields)
    }

    /// Looks at each field for itself: what it goes together with is not known yet.
    func checkEach(_ sku: String) throws(WireRefusal) {
        _ = try Self.name(sku)
        var fields = JSONFields(members.map { ($0.name, $0.value) })
        var flaws = Flaws()
        flaws.read { () throws(WireRefusal) in try Definition.readStocked(from: &fields) }
        flaws.read { () throws(WireRefusal) in try SKUPolicy(from: &fields) }
        try flaws.check()
    }

    private static func name(_ sku: String) throws(WireRefusal) -> SKU {
        guard let name = SKU(sku) else {
            throw WireRefusal(.invalidField, at: "sku", "the SKU '\(printable(sku))' must have \(SKU.form)")
        }
        return name
    }
}

/// The options of `weir sku put`.
struct PolicyOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "The initial stock; of a known SKU it is changed by adjust.")
    var stocked: Int64?
    @Option(
        parsing: .unconditional,
        help: "How long units are held, in seconds; 0 makes every sale final at once. Default: 900.")
    var holdSeconds: Int64?
    @Option(
        parsing: .unconditional,
        help: "The longest that a hold may last when it is extended, in seconds; otherwise none is.")
    var maxHoldSeconds: Int64?
    @Option(parsing: .unconditional, help: "The most units of one intent.") var maxPerIntent: Int64?
    @Option(parsing: .unconditional, help: "The most units of one buyer, over the lifetime of the SKU.")
    var maxPerBuyer: Int64?
    @Option(parsing: .unconditional, help: "Units that are never offered.") var safetyStock: Int64?
    @Option(
        parsing: .unconditional, help: "With so many units on offer or fewer the event low_stock is told.")
    var lowStockAt: Int64?
    @Option(help: "When the sale begins, such as 2026-11-21T09:30:00Z.") var onSaleFrom: String?
    @Option(help: "When the sale ends.") var onSaleUntil: String?
    @Option(help: "When there are too few units: reject, waitlist or backorder. Default: reject.")
    var onShortage: String?
    @Option(parsing: .unconditional, help: "The most units that may be waited for.") var waitlistLimit: Int64?
    @Option(parsing: .unconditional, help: "The most units that may be promised; needed for backorder.")
    var backorderLimit: Int64?
    @Option(help: "When stock is expected; shown to those who are promised some.") var availableFrom: String?

    /// What was said, as fields.
    var fields: PolicyFields {
        var fields = PolicyFields()
        fields.set("stocked", stocked)
        fields.set("hold_seconds", holdSeconds)
        fields.set("max_hold_seconds", maxHoldSeconds)
        fields.set("max_per_intent", maxPerIntent)
        fields.set("max_per_buyer", maxPerBuyer)
        fields.set("safety_stock", safetyStock)
        fields.set("low_stock_at", lowStockAt)
        fields.set("on_sale_from", onSaleFrom)
        fields.set("on_sale_until", onSaleUntil)
        fields.set("on_shortage", onShortage)
        fields.set("waitlist_limit", waitlistLimit)
        fields.set("backorder_limit", backorderLimit)
        fields.set("available_from", availableFrom)
        return fields
    }
}
