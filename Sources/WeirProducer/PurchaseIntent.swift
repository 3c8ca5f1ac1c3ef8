import WeirCore
import WeirWire

/// One buyer's wish for some units of one SKU, as it is submitted. What is wrong with it is said when it is submitted,
/// before anything is sent.
public struct PurchaseIntent: Sendable, Hashable {
    /// Your idempotency key, `[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}`: it names the intent for ever. Submit the same again
    /// under the same token whenever you are in doubt, and a new intent under a new one.
    public var token: String
    /// What is wanted, `[A-Za-z0-9][A-Za-z0-9._:-]{0,63}`.
    public var sku: String
    /// How many units of it: 1 to 2,147,483,647, and not more than the SKU's policy permits.
    public var quantity: Int
    /// By whom: 1 to 128 bytes of text without control characters.
    public var buyer: String
    /// What to do when there are too few, as far as the SKU's policy promises it; nil is as that says.
    public var onShortage: ShortageRule?
    /// The token of an older intent of the same buyer and SKU that this one takes the place of.
    public var replaces: String?

    /// A wish to buy.
    public init(
        token: String, sku: String, quantity: Int = 1, buyer: String, onShortage: ShortageRule? = nil,
        replaces: String? = nil
    ) {
        self.token = token
        self.sku = sku
        self.quantity = quantity
        self.buyer = buyer
        self.onShortage = onShortage
        self.replaces = replaces
    }

    /// The wish with every part checked; names all that are wrong.
    func checked() throws(ProducerError) -> Submit {
        var form = Form()
        let token = form.identifier("token", token, as: Token.self)
        let sku = form.identifier("sku", sku, as: SKU.self)
        let quantity = form.quantity("quantity", quantity)
        let buyer = form.take("buyer", Buyer(buyer), "must have \(Buyer.form)")
        let replaces = replaces.map { form.identifier("replaces", $0, as: Token.self) }
        guard let token, let sku, let quantity, let buyer, form.isFit else { throw form.error }
        return Submit(
            token: token, sku: sku, quantity: quantity, buyer: buyer, onShortage: onShortage,
            replaces: replaces ?? nil)
    }
}

/// Reads what a caller gave, field after field, and keeps what is wrong.
struct Form {
    private var flaws: [FieldFlaw] = []

    var isFit: Bool { flaws.isEmpty }
    var error: ProducerError { .invalid(flaws) }

    mutating func identifier<Name: Identifier>(_ field: String, _ text: String, as: Name.Type) -> Name? {
        take(field, Name(text), "is '\(printable(text))'; it must have \(Name.form)")
    }

    mutating func quantity(_ field: String, _ units: Int) -> Quantity? {
        take(
            field, Quantity(Int64(units)),
            "is \(units); it must be \(Quantity.range.lowerBound) to \(Quantity.range.upperBound)")
    }

    mutating func take<Value>(_ field: String, _ value: Value?, _ flaw: @autoclosure () -> String) -> Value? {
        if value == nil { flaws.append(FieldFlaw(field: field, detail: "'\(field)' \(flaw())")) }
        return value
    }
}
